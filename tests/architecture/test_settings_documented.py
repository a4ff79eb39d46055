"""Every setting is in `.env.example` and in the README, as `app.config` describes it."""

import re

from tests.architecture.settings_text import (
    ENV_EXAMPLE,
    README,
    documented,
    env_example,
    with_table,
)
from tests.architecture.source import ROOT, modules, report

HOW = "Run: .venv/bin/python -m tests.architecture.settings_text"


def test_every_setting_has_a_description() -> None:
    silent = [name for name, field in documented().items() if not field.description]

    assert not silent, f"Describe the setting in app/config.py: {silent}"


def test_env_example_is_current() -> None:
    assert ENV_EXAMPLE.read_text() == env_example(), HOW


def test_readme_is_current() -> None:
    readme = README.read_text()

    assert readme == with_table(readme), HOW


def test_setting_that_nobody_reads_promises_nothing() -> None:
    readers = [*modules().values(), ROOT / "main.py", ROOT / "worker.py"]
    code = "\n".join(path.read_text() for path in readers)

    wrong = [
        name
        for name, field in documented().items()
        if bool(re.search(rf"\.{name.lower()}\b", code))
        == (field.description or "").startswith("not used yet")
    ]

    assert not wrong, report('"not used yet" stands where it is true, and only there.', wrong)

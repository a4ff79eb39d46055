"""The settings as text, from `app.config`: `.env.example` and the table of the README.

`python -m tests.architecture.settings_text` writes both; a test keeps them current.
"""

import sys
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from app.config import Settings
from tests.architecture.source import ROOT

ENV_EXAMPLE = ROOT / ".env.example"
README = ROOT / "README.md"
BEGIN, END = "<!-- settings: begin -->", "<!-- settings: end -->"
HEADER = """\
# Every setting, as an environment variable or as a line of `.env`. Empty means the default.
# In development nothing has to be set.
"""


def documented() -> dict[str, FieldInfo]:
    """Return the settings that an operator may set, by their variables."""
    return {
        name.upper(): field
        for name, field in Settings.model_fields.items()
        if not (field.description or "").startswith("tests only")
    }


def default_of(field: FieldInfo) -> str:
    """Return a default as one would write it into `.env`; "" where empty is the default."""
    value: Any = field.default
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Path):
        return f"./{value}"
    return str(value) if value not in (None, "", ()) else ""


def env_example() -> str:
    lines = [HEADER]
    for name, field in documented().items():
        default = default_of(field)
        hint = f" (default: {default})" if default else ""
        lines.append(f"# {field.description}{hint}\n{name}=\n")
    return "\n".join(lines)


def table() -> str:
    rows = [
        f"| `{name}` | {f'`{default_of(field)}`' if default_of(field) else 'empty'} "
        f"| {field.description} |"
        for name, field in documented().items()
    ]
    return "\n".join(["| variable | default | meaning |", "| --- | --- | --- |", *rows])


def with_table(readme: str) -> str:
    """Return the README with the table between its markers."""
    before, rest = readme.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def main() -> None:
    ENV_EXAMPLE.write_text(env_example())
    README.write_text(with_table(README.read_text()))
    sys.stdout.write("Wrote .env.example and the settings of README.md.\n")


if __name__ == "__main__":
    main()

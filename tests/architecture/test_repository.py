"""What is committed works on any machine: no index address, no path of one machine, sound docs."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, report, tracked_files

INDEXES = re.compile(
    r"py"
    r"pi\.org|python"
    r"hosted\.org|--(extra-)?index"
    r"-url|--find"
    r"-links|index"
    r"-url\s*="
)
MACHINE_PATHS = re.compile(r"(?<![\w.{}])/(?:ho" r"me|Use" r"rs|ro" r"ot|wo" r"rk|op" r"t)/[\w.-]+")
# Documents from elsewhere by their names, sections of one, decisions, and any page of Markdown.
CITATIONS = re.compile(
    r"\b(?:INTER" r"FACE|DES" r"IGN|STY" r"LE)\b|(?<![\w./-])refer" r"ence/[\w./-]+"
    r"|\bdecision \d{4}\b|(?<![\w./-])[\w./-]+\.md\b"
)  # fmt: skip
BINARY = {".woff2", ".png", ".jpg", ".ico", ".gif", ".pdf", ".webp", ".mp4", ".ogg"}
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
SECTIONS = ["Context", "Decision", "Consequences", "Alternatives", "References"]
HOOKS = ("make check", "make test")


def texts() -> dict[str, str]:
    return {
        str(path.relative_to(ROOT)): path.read_text(errors="replace")
        for path in tracked_files()
        if path.suffix not in BINARY
    }


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{number} {match[0]}"
        for name, text in texts().items()
        if pattern.search(text)
        for number, line in enumerate(text.splitlines(), 1)
        for match in pattern.finditer(line)
    ]


def test_no_package_index_is_named() -> None:
    found = lines_with(INDEXES)

    assert not found, report("Who installs decides from where: name no index.", found)


def test_no_path_of_one_machine() -> None:
    found = lines_with(MACHINE_PATHS)

    assert not found, report("Paths are relative, or come from the settings.", found)


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_lock_file_pins_everything_by_hash(name: str) -> None:
    text = (ROOT / name).read_text()
    entries = re.split(r"\n(?=[a-z0-9])", text)

    loose = [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry]

    assert not loose, f"{name}: run make lock. Without hash: {loose}"


def test_continuous_integration_runs_what_people_run() -> None:
    script = (ROOT / ".ci" / "run").read_text()

    assert all(command in script for command in HOOKS)


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem[:4])
def test_decision_is_one_page_with_true_references(path: Path) -> None:
    text = path.read_text()
    references = text.split("## References")[-1]

    missing = [
        name
        for name in re.findall(r"`([\w./-]+)`", references)
        if not (ROOT / name.rstrip("/")).exists()
    ]

    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    assert len(text.splitlines()) <= 60, "A decision is one page."
    assert not missing, f"These do not exist: {missing}"


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(path.stem[:4]) for path in DECISIONS]

    assert numbers == list(range(1, len(numbers) + 1))


def test_sources_cite_only_what_is_here() -> None:
    here = {path.name for path in tracked_files()}
    here |= {f"decision {path.stem[:4]}" for path in DECISIONS}

    found = [
        line
        for line in lines_with(CITATIONS)
        if line.startswith(("app/", "tests/", "migrations/", "main.py", "worker.py"))
        and line.split(" ", 1)[1].split("/")[-1] not in here
    ]

    assert not found, report("Say the fact, or cite docs/architecture.md or a decision.", found)


def test_tree_of_the_architecture_is_complete() -> None:
    document = (ROOT / "docs" / "architecture.md").read_text()
    names = {path.name for path in (ROOT / "app").iterdir() if path.suffix in {"", ".py"}}

    absent = [
        name
        for name in names - {"__pycache__", "__init__.py", "__main__.py"}
        if f"`{name.removesuffix('.py')}`" not in document
        and f"`{name}/`" not in document
        and f"`{name}`" not in document
    ]

    assert not absent, f"docs/architecture.md does not mention: {absent}"


def test_every_rule_of_the_architecture_names_its_tests() -> None:
    document = (ROOT / "docs" / "architecture.md").read_text()
    section = document.split("## Rules that hold everywhere")[1].split("\n## ")[0]
    rules = re.split(r"\n(?=\d+\. )", section)[1:]
    named = [re.findall(r"`(tests/[\w/]+\.py)`", rule) for rule in rules]

    assert rules
    assert all(named), report(
        "A rule is a test.", [r for r, n in zip(rules, named, strict=True) if not n]
    )
    absent = [name for names in named for name in names if not (ROOT / name).is_file()]
    assert not absent, report("These tests do not exist.", absent)


def test_lock_files_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = {
        "requirements.lock": project["project"]["dependencies"],
        "requirements-dev.lock": project["dependency-groups"]["dev"],
    }

    missing = [
        f"{lock}: {requirement}"
        for lock, requirements in wanted.items()
        for requirement in requirements
        if not re.search(
            rf"^{re.split('[^a-z0-9-]', requirement)[0]}(\[|==)",
            (ROOT / lock).read_text(),
            re.MULTILINE,
        )
    ]

    assert not missing, report("Run make lock KEEP=1.", missing)

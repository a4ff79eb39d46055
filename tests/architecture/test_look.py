"""Raw colours and sizes stand in `app/static/app.css` only (decision 0010)."""

import re
from pathlib import Path

from tests.architecture.source import APP, ROOT, SCREENS, python_files, report

CSS = (APP / "static" / "app.css").read_text()
SHEETS = [path for path in APP.rglob("*.css") if path.name != "app.css"]
COLOUR = re.compile(
    r"#(?:[0-9a-f]{3}|[0-9a-f]{4}|[0-9a-f]{6}|[0-9a-f]{8})\b|\b(?:rgb|hsl|hwb|lab|lch|oklch)a?\(",
    re.IGNORECASE,
)
SIZE = re.compile(r"\b\d+(?:\.\d+)?(?:px|rem|em|vh|vw)\b")
FRAMEWORK = re.compile(
    r"\b(?:text|bg|border)-(?:red|green|blue|gr[ae]y|yellow|white|black)(?:-\d+)?\b"
)
TEMPLATES = list(APP.glob("**/templates/**/*.html"))


def lines_with(paths: list[Path], *patterns: re.Pattern[str]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number} {match[0]}"
        for path in paths
        for number, line in enumerate(path.read_text().splitlines(), 1)
        for pattern in patterns
        if (match := pattern.search(line))
    ]


def test_python_names_classes_and_no_looks() -> None:
    found = lines_with(python_files(*SCREENS), COLOUR, SIZE, FRAMEWORK)

    assert not found, report("Give it a class of app.css (decision 0010).", found)


def test_templates_carry_no_styles() -> None:
    # Mail readers know no stylesheet of ours: the letter carries its own.
    pages = [path for path in TEMPLATES if path.parent.name != "mail"]
    found = lines_with(pages, COLOUR, re.compile(r"\sstyle=|<style"))

    assert not found, report("Give it a class of app.css (decision 0010).", found)


def test_other_stylesheets_use_the_tokens() -> None:
    found = lines_with(SHEETS, COLOUR)
    declared = set(re.findall(r"(--[\w-]+):", CSS))
    unknown = [
        f"{path.relative_to(ROOT)} {name}"
        for path in SHEETS
        for name in set(re.findall(r"var\((--[\w-]+)", path.read_text())) - declared
    ]

    assert not found + unknown, report("Use a token of app.css (decision 0010).", found + unknown)

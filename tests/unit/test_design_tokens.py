"""Tokens of `app.css` keep their contrast, raw colours stay among them, every icon exists."""

import re
from itertools import product
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "app"
STATIC = ROOT / "static"
CSS = (STATIC / "app.css").read_text()
BEGIN, END = "/* ==== tokens: begin ==== */", "/* ==== tokens: end ==== */"
TOKEN_SECTION = CSS[CSS.index(BEGIN) : CSS.index(END)]
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
RAW_COLOUR = re.compile(
    r"#[0-9a-f]{3,8}\b(?=[;\s\"',)])|\b(?:rgb|hsl)a?\(|\b(?:hwb|lab|lch|oklab|oklch)\(",
    re.IGNORECASE,
)
NAMED_COLOUR = re.compile(r":[^;{}]*\b(?:white|black|red|green|blue|gr[ae]y|orange|yellow)\b")

SOFT_PAIRS = [(name, f"{name}-soft") for name in ("info", "warn", "danger", "violet")]
TEXT_PAIRS = [
    *product(("ink", "ink-2", "ink-3"), ("bg", "surface", "sunken", "hover", "brand-soft")),
    *product(("ink", "ink-2"), ("active", "thread")),
    ("on-brand", "brand"),
    ("on-brand", "brand-hover"),
    *product(("brand-ink",), ("bg", "surface", "brand-soft", "bubble-out", "thread")),
    *SOFT_PAIRS,
    *product(("info", "warn", "danger", "violet"), ("surface",)),
    *product(("warn", "danger"), ("thread", "hover")),
    *product(("danger",), ("brand-soft",)),
    ("ink", "bubble-in"),
    ("ink-3", "bubble-in"),
    ("info", "bubble-in"),
    ("ink", "bubble-out"),
    ("meta-out", "bubble-out"),
    ("note-ink", "note"),
    ("toast-ink", "toast"),
    ("toast-action", "toast"),
    ("panel-ink", "panel"),
    ("panel-ink-2", "panel"),
    *((f"h{hue}-ink", f"h{hue}") for hue in range(7)),
]
GRAPHIC_PAIRS = [
    ("ctl", "surface"),
    ("tick-read", "bubble-out"),
    ("tick-read", "surface"),
    ("danger", "bubble-out"),
    ("warn", "bubble-out"),
    ("brand", "surface"),
    ("c1", "surface"),
    ("c3", "surface"),
    ("c4", "surface"),
    ("c5", "surface"),
    ("presence", "bg"),
]


def read_tokens(theme: str) -> dict[str, str]:
    light, dark = TOKEN_SECTION.split(":root[data-theme=dark]", maxsplit=1)
    pattern = re.compile(r"--([\w-]+):\s*(#[0-9A-Fa-f]{6})\s*;")
    tokens = dict(pattern.findall(light))
    return tokens | dict(pattern.findall(dark)) if theme == "dark" else tokens


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("least", "pairs"), [(4.5, TEXT_PAIRS), (3.0, GRAPHIC_PAIRS)])
def test_every_pair_of_colours_can_be_read(
    theme: str, least: float, pairs: list[tuple[str, str]]
) -> None:
    tokens = read_tokens(theme)

    weak = {
        f"{front} on {back}": round(ratio, 2)
        for front, back in pairs
        if (ratio := contrast(tokens[front], tokens[back])) < least
    }

    assert not weak, f"{theme}: contrast below {least}: {weak}"


def test_contrast_is_the_wcag_ratio() -> None:
    assert round(contrast("#FFFFFF", "#000000"), 1) == 21.0
    assert round(contrast("#121A17", "#FFFFFF"), 1) == 17.7


def test_dark_theme_overrides_every_colour_that_is_not_shared() -> None:
    light, dark = TOKEN_SECTION.split(":root[data-theme=dark]", maxsplit=1)
    names = re.compile(r"--([\w-]+):\s*#")

    missing = set(names.findall(light)) - set(names.findall(dark))

    assert {name for name in missing if not name.startswith("panel")} == set()


def test_raw_colours_stand_only_in_the_token_section() -> None:
    rules = COMMENT.sub("", CSS.replace(TOKEN_SECTION, "")).replace("white-space", "")
    scripts = [*STATIC.glob("*.js"), *STATIC.glob("components/*.js")]
    pages = (ROOT / "templates").glob("*.html")  # mails know no tokens, so they are not among them
    texts = {path.name: path.read_text() for path in [*scripts, *pages]} | {"app.css": rules}

    found = {name: match[0] for name, text in texts.items() if (match := RAW_COLOUR.search(text))}

    assert found == {}, "Use a token of app.css instead of a colour value."
    assert NAMED_COLOUR.findall(rules) == []


def test_every_property_used_is_declared() -> None:
    declared = set(re.findall(r"(--[\w-]+):", CSS)) | {"--value"}

    assert set(re.findall(r"var\((--[\w-]+)", CSS)) - declared == set()


def icons_in(text: str) -> set[str]:
    """Names in `icon("x")`, `icon(a ? "x" : "y")`, `icons.svg#x`, `icon: "x"`, tick tables."""
    names = set(re.findall(r"icons\.svg#([\w-]+)", text))
    names |= set(re.findall(r"sprite \+ '#([\w-]+)'", text))
    names |= set(re.findall(r'icon: "([\w-]+)"', text))
    for table in re.findall(r"const TICKS = \{(.*?)\}", text, re.DOTALL):
        names |= set(re.findall(r'"([\w-]+)"', table))
    for argument in re.findall(r"\bicon\(([^),]*)", text):
        chosen = argument.split("?", 1)[-1]
        names |= set(re.findall(r"[\"']([\w-]+)[\"']", chosen))
    return names


def test_every_icon_in_use_is_in_the_sprite() -> None:
    sprite = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text()))
    files = [*STATIC.glob("**/*.js"), *(ROOT / "templates").rglob("*.html")]
    used = {path.name: icons_in(path.read_text()) for path in files}

    unknown = {name: icons - sprite for name, icons in used.items() if icons - sprite}

    assert unknown == {}
    assert {"search", "check-check", "clock-question", "arrow-down", "mark"} <= set().union(
        *used.values()
    )


def test_theme_is_set_by_the_same_script_on_every_kind_of_page() -> None:
    script = (STATIC / "theme-boot.js").read_text().split()
    page = (ROOT / "templates" / "base.html").read_text().split()

    assert " ".join(script) in " ".join(page)

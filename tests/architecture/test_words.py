"""Words of the interface go through gettext (decision 0019), and Babel finds all of them."""

import ast
import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg

from tests.architecture.source import (
    APP,
    ROOT,
    SCREENS,
    calls,
    name_of,
    place,
    python_files,
    report,
    text_of,
    tree_of,
)

RULE = "Wrap words of the interface in _() (decision 0019)."
# Functions whose given argument people read.
SPOKEN = {
    "ui.label": (0,), "ui.button": (0,), "ui.page_title": (0,), "ui.notify": (0,),
    "ui.checkbox": (0,), "ui.switch": (0,), "ui.tooltip": (0,), "ui.link": (0,),
    "toast": (0,), "feedback.toast": (0,), "button": (0,), "link_button": (0,),
    "page_bar": (0,), "empty_state": (1, 2), "feedback.empty_state": (1, 2),
    "_text": (1,), "error_page": (1, 2), "Entry": (1, 4),
}  # fmt: skip
SPOKEN_KEYWORDS = {"label", "title", "text", "placeholder", "tooltip", "short_label"}
SPOKEN_PROPS = {"aria-label", "title", "placeholder", "alt", "label"}
LETTERS = re.compile(r"[^\W\d_]{2,}")
ENTITY = re.compile(r"&#?\w+;")
ATTRIBUTE = re.compile(r'\s(?:aria-label|title|placeholder|alt)="([^"]*)"')
TEMPLATES = [*APP.glob("templates/**/*.html"), *APP.glob("sandbox/templates/**/*.html")]


def is_bare(node: ast.expr | None) -> bool:
    """Tell whether an expression is a literal that people would read in English for ever."""
    if isinstance(node, ast.JoinedStr):
        return any(LETTERS.search(text_of(part) or "") for part in node.values)
    if isinstance(node, ast.IfExp):
        return is_bare(node.body) or is_bare(node.orelse)
    return bool(LETTERS.search(text_of(node) or ""))


def bare_words(path: Path) -> list[str]:
    found: list[str] = []
    for call in calls(tree_of(path)):
        name = name_of(call.func)
        spoken = [call.args[index] for index in SPOKEN.get(name, ()) if index < len(call.args)]
        if name in SPOKEN:
            spoken += [word.value for word in call.keywords if word.arg in SPOKEN_KEYWORDS]
        found += [place(path, node.lineno) for node in spoken if is_bare(node)]
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Assign) and is_bare(node.value):
            found += [
                place(path, node.lineno)
                for target in node.targets
                if isinstance(target, ast.Subscript) and text_of(target.slice) in SPOKEN_PROPS
            ]
    return found


def without_code(template: str) -> str:
    """Return a template without comments, scripts and what Jinja computes."""
    template = re.sub(r"\{% block \w*class %\}.*?\{% endblock %\}", " ", template)
    template = re.sub(
        r"\{#.*?#\}|<!--.*?-->|<script.*?</script>|<style.*?</style>",
        " ",
        template,
        flags=re.DOTALL,
    )
    return re.sub(r"\{\{.*?\}\}|\{%.*?%\}", " ", template, flags=re.DOTALL)


def test_words_in_python_are_wrapped() -> None:
    found = [entry for path in python_files(*SCREENS) for entry in bare_words(path)]

    assert not found, report(RULE, found)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_words_in_templates_are_wrapped(path: Path) -> None:
    html = without_code(path.read_text())

    texts = [ENTITY.sub("", text).strip() for text in re.split(r"<[^>]*>", html)]
    texts += ATTRIBUTE.findall(html)

    assert not [text for text in texts if LETTERS.search(text)], RULE


def test_icons_named_in_python_are_in_the_sprite() -> None:
    sprite = (APP / "static" / "icons.svg").read_text()
    symbols = set(re.findall(r'<symbol id="([\w-]+)"', sprite))

    used = {icon: where for path in python_files(*SCREENS) for icon, where in icons(path)}
    unknown = [f"{where} {icon}" for icon, where in used.items() if icon not in symbols]

    assert {"phone", "inbox", "moon"} <= set(used), "The search for icons finds nothing any more."
    assert not unknown, report("Add the icon to app/static/icons.svg (decision 0010).", unknown)


def icons(path: Path) -> list[tuple[str, str]]:
    """Return the icons that a file names, each with its place."""
    nodes: list[ast.expr | None] = []
    for call in calls(tree_of(path)):
        last = name_of(call.func).rpartition(".")[2]
        if last in {"icon", "draw", "_Svg", "empty_state"}:
            nodes += call.args[:1]
        elif last == "Entry":
            nodes += call.args[2:3]
        nodes += [word.value for word in call.keywords if word.arg in {"icon", "icon_name"}]
    for node in ast.walk(tree_of(path)):
        is_table = isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)
        if is_table and any("ICON" in name_of(target) for target in node.targets):
            nodes += node.value.values
    chosen = [part for node in nodes if node is not None for part in ast.walk(node)]
    return [
        (icon, place(path, part.lineno))
        for part in chosen
        if isinstance(part, ast.Constant) and (icon := text_of(part))
    ]


def test_babel_finds_marked_wrapped_and_template_words() -> None:
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    keywords = {"_": None, "gettext": None, "mark": None, "ngettext": (1, 2)}

    found = extract_from_dir(APP, methods, options, keywords=keywords)  # type: ignore[arg-type]
    words = {(Path(name).suffix, word) for name, _, word, *_ in found if isinstance(word, str)}

    assert (".py", "Please sign in.") in words, "An error's sentence is missing."
    assert (".py", "Inbox") in words, "A page's word is missing."
    assert (".html", "Skip to content") in words, "A template's word is missing."
    assert (".html", "Customer phone") in words, "A word of the sandbox is missing."

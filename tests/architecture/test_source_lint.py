"""Foreign text is text: what would let it become markup or script is refused (decision 0018)."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

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

RULE = "Foreign text goes to ui.label, an input's value or a component's props (decision 0018)."
PAGES = python_files(*SCREENS, APP / "gate", APP / "server.py", APP / "web.py")
HEAD = APP / "components" / "theme.py"

RAW_ELEMENTS = {
    "html", "markdown", "restructured_text", "editor", "mermaid", "interactive_image", "add_css",
    "add_scss", "add_sass", "add_body_html", "chat_message", "log", "xterm", "codemirror",
}  # fmt: skip
REMOTE_MEDIA = {"image", "video", "audio", "download"}
# What may stand in the gaps of a class's name: words of a Literal, numbers, constants of a table.
OWN_CLASSES = re.compile(r"look|kind|hue\(.*\)|[A-Z_]+\[.*\]")
SCRIPT_TRICKS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|v-html"
    r"|setTimeout\(\s*[\"'`]"
)
TEMPLATE_TRICKS = re.compile(r"\|\s*safe\b|autoescape\s+false|v-html|\son[a-z]+\s*=|javascript:")
PYTHON_TRICKS = re.compile(r"\bMarkup\(|v-html|autoescape=False|select_autoescape\(\[\]\)")


def screen_calls() -> Iterator[tuple[Path, ast.Call, str, str]]:
    """Yield every call in page code with the name it is called by and its last part."""
    for path in PAGES:
        for call in calls(tree_of(path)):
            name = name_of(call.func)
            last = call.func.attr if isinstance(call.func, ast.Attribute) else name
            yield path, call, name, last


def is_constant(call: ast.Call) -> bool:
    return all(text_of(argument) is not None for argument in call.args) and not call.keywords


def has_own_classes(call: ast.Call) -> bool:
    """Tell whether classes are constants, or f-strings whose gaps hold names of our own."""
    if [ast.unparse(word.value) for word in call.keywords] == ["name"]:  # a constant's parameter
        return not call.args
    parts = [part for value in call.args for part in getattr(value, "values", [value])]
    return not call.keywords and all(
        text_of(part) is not None
        or (
            isinstance(part, ast.FormattedValue)
            and OWN_CLASSES.fullmatch(ast.unparse(part.value)) is not None
        )
        for part in parts
    )


def test_no_element_that_renders_markup() -> None:
    found = [
        f"{place(path, call.lineno)} {name}"
        for path, call, name, last in screen_calls()
        if name == f"ui.{last}" and last in RAW_ELEMENTS
    ]

    assert not found, report(RULE, found)


def test_head_is_written_by_the_theme_only_and_is_constant() -> None:
    found = [
        place(path, call.lineno)
        for path, call, _, last in screen_calls()
        if last == "add_head_html" and path != HEAD
    ]

    assert not found, report("The head is registered once at start (decision 0018).", found)


@pytest.mark.parametrize("method", ["props", "style", "run_javascript", "add_slot", "on_js"])
def test_props_styles_scripts_and_slots_are_constants(method: str) -> None:
    found = [
        f"{place(path, call.lineno)} {ast.unparse(call)[-60:]}"
        for path, call, _, last in screen_calls()
        if last == method and not is_constant(call)
    ]

    assert not found, report(f"{method}() takes a constant. {RULE}", found)


def test_props_are_set_by_constant_names() -> None:
    found = [
        place(path, node.lineno)
        for path in PAGES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Subscript)
        and name_of(node.value).rpartition(".")[2] in {"props", "_props"}
        and (text_of(node.slice) or ":").startswith(":")
    ]
    found += [
        place(path, call.lineno)
        for path, call, name, _ in screen_calls()
        if name.endswith("props.update")
    ]

    assert not found, report(f"props[…] takes a constant name without a colon. {RULE}", found)


def test_classes_are_names_of_our_own() -> None:
    found = [
        f"{place(path, call.lineno)} {ast.unparse(call)[-60:]}"
        for path, call, _, last in screen_calls()
        if last == "classes" and not has_own_classes(call)
    ]

    assert not found, report(f"classes() takes names of app.css. {RULE}", found)


def test_messages_at_the_edge_go_through_toast() -> None:
    found = [
        place(path, call.lineno)
        for path, call, name, _ in screen_calls()
        if (name == "ui.notify" and path != APP / "components" / "feedback.py")
        or any(keyword.arg in {"html", "html_columns"} for keyword in call.keywords)
    ]

    assert not found, report("Use feedback.toast; never html=True (decision 0018).", found)


def test_media_and_links_are_our_own() -> None:
    found = [
        f"{place(path, call.lineno)} {name}"
        for path, call, name, last in screen_calls()
        if name == f"ui.{last}" and last in REMOTE_MEDIA
    ]

    assert not found, report("Media come from our own origin through app/api only.", found)


@pytest.mark.parametrize(
    ("pattern", "tricks"),
    [("**/*.js", SCRIPT_TRICKS), ("**/*.html", TEMPLATE_TRICKS), ("**/*.py", PYTHON_TRICKS)],
)
def test_scripts_and_templates_insert_text_only(pattern: str, tricks: re.Pattern[str]) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number} {match[0].strip()}"
        for path in APP.glob(pattern)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if (match := tricks.search(line))
    ]

    assert not found, report(RULE, found)

"""The rules of decision 0018, each a function from a syntax tree to the lines that break it."""

import ast
import re
from collections.abc import Callable, Iterator
from typing import TypeGuard

from tests.architecture.source import calls, imports, name_of, text_of

Found = Iterator[tuple[int, str]]
Rule = Callable[[ast.Module], Found]

# What renders markup, and charts: a key of their options that begins with a colon is evaluated.
RAW_ELEMENTS = {
    "html", "markdown", "restructured_text", "editor", "mermaid", "interactive_image", "add_css",
    "add_scss", "add_sass", "add_body_html", "chat_message", "log", "xterm", "codemirror",
    "echart", "highchart", "plotly", "aggrid", "altair", "json_editor", "matplotlib", "scene",
}  # fmt: skip
REMOTE_MEDIA = {"image", "video", "audio", "download", "parallax"}
FILES_BY_PATH = {"add_static_file", "add_static_files", "add_media_file", "add_media_files"}
CONSTANTS_ONLY = {
    "props", "style", "run_javascript", "add_slot", "on_js", "default_props", "default_style",
    "default_classes", "add_resource",
}  # fmt: skip
NICEGUI = re.compile(r"nicegui\.(ui|app|core|context|events|background_tasks|element|Client)\b")
NICEGUI_MIXINS = "nicegui.elements.mixins."
# What may stand in the gaps of a class's name: words of a Literal, numbers, constants of a table.
OWN_CLASSES = re.compile(r"look|kind|hue\(.*\)|[A-Z_]+\[.*\]")
ADDRESSES = {"href", "src", "action", "formaction", "srcdoc"}
OPENERS = {"ui.navigate.to", "ui.link", "ui.open", "client.open"}
# Addresses that are no constants: entries of the shell's own menus, pictures that we keep.
REVIEWED_ADDRESSES = {"href", "entry.path", "image", "setup.qr_svg"}


def raw_elements(tree: ast.Module) -> Found:
    """No element that renders markup or evaluates its options."""
    yield from _elements(tree, RAW_ELEMENTS)


def remote_media(tree: ast.Module) -> Found:
    """Media come from our own origin through app/api; a path becomes a public address."""
    yield from _elements(tree, REMOTE_MEDIA)
    for call in calls(tree):
        if name_of(call.func).rpartition(".")[2] in FILES_BY_PATH:
            yield call.lineno, name_of(call.func)


def other_imports(tree: ast.Module) -> Found:
    """Elements are reached as `ui.…`, where the other rules see them."""
    for name, line in imports(tree):
        is_known = NICEGUI.match(name) or name.startswith(NICEGUI_MIXINS)
        if name.partition(".")[0] == "nicegui" and not is_known:
            yield line, name
    for node in ast.walk(tree):
        if isinstance(node, ast.alias) and node.name == "ui" and node.asname not in {None, "ui"}:
            yield node.lineno, f"ui as {node.asname}"


def head_outside_theme(tree: ast.Module) -> Found:
    """The head is registered once at start, by the theme, from constants and our own files."""
    for call in calls(tree):
        if name_of(call.func).rpartition(".")[2] == "add_head_html":
            yield call.lineno, "add_head_html"


def computed_scripts(tree: ast.Module) -> Found:
    """Props, styles, scripts and slots are constants."""
    for call in calls(tree):
        last = call.func.attr if isinstance(call.func, ast.Attribute) else name_of(call.func)
        if last in CONSTANTS_ONLY and not _is_constant(call):
            yield call.lineno, ast.unparse(call)[-60:]


def computed_prop_names(tree: ast.Module) -> Found:
    """props[…] takes a constant name without a colon, one at a time."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and _is_props(node.value):
            if (text_of(node.slice) or ":").startswith(":"):
                yield node.lineno, ast.unparse(node)
        elif _changes_props(node):
            yield node.lineno, ast.unparse(node)


def foreign_classes(tree: ast.Module) -> Found:
    """classes() takes names of app.css."""
    for call in calls(tree):
        is_classes = isinstance(call.func, ast.Attribute) and call.func.attr == "classes"
        if is_classes and not _has_own_classes(call):
            yield call.lineno, ast.unparse(call)[-60:]


def markup_arguments(tree: ast.Module) -> Found:
    """Nothing is told to take its text for markup."""
    for call in calls(tree):
        for keyword in call.keywords:
            if keyword.arg in {"html", "html_columns", "text_html", "sanitize"}:
                yield call.lineno, f"{keyword.arg}="


def bare_notify(tree: ast.Module) -> Found:
    """Messages at the edge of the screen go through feedback.toast."""
    for call in calls(tree):
        if name_of(call.func) == "ui.notify":
            yield call.lineno, "ui.notify"


def foreign_addresses(tree: ast.Module) -> Found:
    """A link leads to a path of ours: `javascript:` in an address is a script."""
    for call in calls(tree):
        if name_of(call.func) in OPENERS:
            given = [*call.args[-1:], *(word.value for word in call.keywords if word.arg != "text")]
            for value in given:
                if not _is_own_address(value):
                    yield call.lineno, ast.unparse(call)[-60:]
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
            target = node.targets[0]
            is_address = _is_props(target.value) and text_of(target.slice) in ADDRESSES
            if is_address and not _is_own_address(node.value):
                yield node.lineno, ast.unparse(node)[-60:]


def _elements(tree: ast.Module, refused: set[str]) -> Found:
    for call in calls(tree):
        parts = name_of(call.func).split(".")
        if parts[0] == "ui" and refused.intersection(parts[1:2]):
            yield call.lineno, ".".join(parts)


def _is_constant(call: ast.Call) -> bool:
    return all(text_of(argument) is not None for argument in call.args) and not call.keywords


def _is_props(node: ast.expr) -> bool:
    last = node.attr if isinstance(node, ast.Attribute) else name_of(node)
    return last in {"props", "_props"}


def _changes_props(node: ast.AST) -> TypeGuard[ast.AugAssign | ast.Call]:
    """Tell whether many props are set at once, by names that come from elsewhere."""
    if isinstance(node, ast.AugAssign):
        return _is_props(node.target)
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    return _is_props(node.func.value) and node.func.attr not in {"pop", "get"}


def _has_own_classes(call: ast.Call) -> bool:
    """Tell whether classes are constants, or f-strings whose gaps hold names of our own."""
    given = [*call.args, *(word.value for word in call.keywords)]
    parts = [part for value in given for part in getattr(value, "values", [value])]
    return all(
        text_of(part) is not None
        or (
            isinstance(part, ast.FormattedValue)
            and OWN_CLASSES.fullmatch(ast.unparse(part.value)) is not None
        )
        for part in parts
    )


def _is_own_address(node: ast.expr) -> bool:
    """Tell whether an address begins with a path of ours, or with a constant."""
    first = node.values[0] if isinstance(node, ast.JoinedStr) and node.values else node
    if isinstance(first, ast.FormattedValue):
        return name_of(first.value).isupper()
    text = text_of(first)
    if text is not None:
        return text.startswith("/") and not text.startswith("//") and "\\" not in text
    return ast.unparse(node) in REVIEWED_ADDRESSES

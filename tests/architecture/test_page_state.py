"""Nothing of a page outlives the page (decision 0017): no element, no container at module level."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import (
    SCREENS,
    Function,
    calls,
    name_of,
    place,
    python_files,
    report,
    tree_of,
)

RULE = "A module is shared by everybody: keep state in an object of the page (decision 0017)."
CONTAINERS = {"dict", "list", "set", "defaultdict", "deque", "OrderedDict", "Counter"}
LITERALS = ast.Dict | ast.List | ast.Set | ast.DictComp | ast.ListComp | ast.SetComp
CHANGES = {"append", "add", "update", "extend", "insert", "pop", "clear", "setdefault", "remove"}


def executed_on_import(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield every node that runs when the module is imported: all but the bodies of functions."""
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, Function):
            waiting += [*node.decorator_list, *node.args.defaults, *node.args.kw_defaults]
            waiting = [one for one in waiting if one is not None]
        elif not isinstance(node, ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def is_container(value: ast.expr | None) -> bool:
    if isinstance(value, ast.Call):
        return name_of(value.func).rpartition(".")[2] in CONTAINERS
    return isinstance(value, LITERALS)


def changed_names(tree: ast.Module) -> set[str]:
    """Return names that something is put into or taken out of anywhere in the module."""
    by_method = {name_of(call.func).rpartition(".") for call in calls(tree)}
    names = {owner for owner, _, method in by_method if method in CHANGES}
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
            names.add(name_of(node.value))
    return names


def containers(path: Path) -> Iterator[str]:
    tree = tree_of(path)
    for node in tree.body:
        if not isinstance(node, (ast.Assign, ast.AnnAssign)) or not is_container(node.value):
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for name in map(name_of, targets):
            if not name.isupper() or name in changed_names(tree):
                yield f"{place(path, node.lineno)} {name}"


def test_no_element_is_made_when_a_module_is_imported() -> None:
    found = [
        f"{place(path, node.lineno)} {name_of(node.func)}()"
        for path in python_files(*SCREENS)
        for node in executed_on_import(tree_of(path))
        if isinstance(node, ast.Call) and name_of(node.func).startswith("ui.")
    ]

    assert not found, report(RULE, found)


def test_no_refreshable_at_module_level() -> None:
    found = [
        f"{place(path, node.lineno)} {node.name}"
        for path in python_files(*SCREENS)
        for node in tree_of(path).body
        if isinstance(node, Function)
        for decorator in node.decorator_list
        if "refreshable" in ast.unparse(decorator)
    ]

    assert not found, report(
        "A refreshable of a module shows one person's arguments to another: use a method of a"
        " page's object (decision 0017).",
        found,
    )


def test_module_level_containers_are_constants() -> None:
    found = [entry for path in python_files(*SCREENS) for entry in containers(path)]

    assert not found, report(RULE, found)

"""Whoever changes data asks for a permission, or says why nobody has to (decision 0004)."""

import ast
from functools import cache

from tests.architecture.source import (
    Function,
    calls,
    modules,
    name_of,
    place,
    report,
    tree_of,
)

WRITERS = {"insert", "update", "delete"}
SESSION_WRITES = {"add", "add_all", "delete", "merge", "flush"}
SQL = ("INSERT ", "UPDATE ", "DELETE ", "TRUNCATE ", "COPY ")

ASKS = {"actor.require", "actor.require_person"}
Key = tuple[str, str]
SERVICES = {name: path for name, path in modules().items() if name.startswith("app.services")}


@cache
def service_functions() -> dict[Key, Function]:
    return {
        (module, node.name): node
        for module, path in SERVICES.items()
        for node in tree_of(path).body
        if isinstance(node, Function)
    }


def writes_itself(function: Function) -> bool:
    for node in ast.walk(function):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if node.value.lstrip().startswith(SQL):
                return True
        elif isinstance(node, ast.Call):
            owner, _, verb = name_of(node.func).rpartition(".")
            if (not owner and verb in WRITERS) or (owner == "session" and verb in SESSION_WRITES):
                return True
    return False


def callees(key: Key) -> set[Key]:
    """Return the service functions that a service function calls, by their modules' short names."""
    found: set[Key] = set()
    for call in calls(service_functions()[key]):
        owner, _, verb = name_of(call.func).rpartition(".")
        homes = [key[0]] if not owner else [m for m in SERVICES if m.endswith(f".{owner}")]
        found |= {(home, verb) for home in homes if (home, verb) in service_functions()}
    return found


def writers() -> set[Key]:
    """Return every service function that changes data, itself or through another one."""
    found = {key for key, function in service_functions().items() if writes_itself(function)}
    while more := {key for key in service_functions() if callees(key) & found} - found:
        found |= more
    return found


def is_guarded(key: Key) -> bool:
    function = service_functions()[key]
    package = SERVICES[key[0]].with_name("__init__.py")
    trees = (function, tree_of(SERVICES[key[0]]), tree_of(package))
    texts = [ast.get_docstring(tree) for tree in trees]
    if any("System-only" in (text or "") for text in texts):
        return True
    return any(
        name_of(call.func) in {"actor.require", "actor.require_person"}
        or _hands_the_actor_on(key[0], call)
        for call in calls(function)
    )


def _hands_the_actor_on(module: str, call: ast.Call) -> bool:
    """Tell whether a call passes the actor to a function of the same file that asks."""
    key = (module, name_of(call.func))
    is_public = key in service_functions() and not key[1].startswith("_")
    return is_public and "actor" in map(name_of, call.args) and is_guarded(key)


def test_every_function_that_changes_data_asks_for_a_permission() -> None:
    found = [
        f"{place(SERVICES[module], service_functions()[module, name].lineno)} {name}"
        for module, name in writers()
        if not name.startswith("_") and not is_guarded((module, name))
    ]

    assert len(writers()) > 10, "The search for writing functions finds nothing any more."
    assert not found, report(
        "Call actor.require(…) first, or say `System-only` and why in the docstring"
        " (decision 0004).",
        found,
    )


def test_every_function_that_takes_an_actor_asks_for_a_permission() -> None:
    found = [
        f"{place(SERVICES[module], function.lineno)} {name}"
        for (module, name), function in service_functions().items()
        if not name.startswith(("_", "require_"))
        and any(argument.arg == "actor" for argument in function.args.args)
        and not is_guarded((module, name))
    ]

    assert not found, report("An actor is there to be asked: actor.require(…) first.", found)

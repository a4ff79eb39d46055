"""The ids by which tests and tools find things: those with a public pattern match nothing else.

`[data-testid^="message-"]` finds messages, so no other id may begin like this. Python sets ids with
`mark`, templates and Vue components with an attribute.
"""

import ast
import re
from pathlib import Path

from tests.architecture.source import (
    APP,
    ROOT,
    calls,
    name_of,
    place,
    python_files,
    report,
    tree_of,
)

# Every id of these families is the prefix and one id or number.
PREFIXES = ("conversation-", "message-", "phone-message-")
HOLE = "<>"
PAINTED = [path for kind in ("html", "js") for path in APP.rglob(f"*.{kind}")]
LITERAL = re.compile(r"""(?<![:\w])(?:data-)?testid="([^"]*)\"""")
BOUND = re.compile(r""":data-testid="([^"]*)\"""")
ASSIGNED = re.compile(r"""dataset\.testid = ([^;]+);""")


def shape_of(expression: str) -> str:
    """Return an expression of Vue or JavaScript as text with holes: 'a-' + id is a-<>."""
    parts = re.findall(r"'[^']*'|`[^`]*`|[^'`]+", expression)
    return filled("".join(part[1:-1] if part[0] in "'`" else HOLE for part in parts))


def filled(template: str) -> str:
    return re.sub(r"\$\{[^}]*\}", HOLE, template)


def shape_of_node(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(map(shape_of_node, node.values))
    return str(node.value) if isinstance(node, ast.Constant) else HOLE


def painted_ids(path: Path) -> list[tuple[str, str]]:
    """Return the ids that a template or script sets, each with its place."""
    found = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        where = f"{path.relative_to(ROOT)}:{number}"
        found += [(filled(text), where) for text in LITERAL.findall(line) if "{{" not in text]
        dynamic = BOUND.findall(line) + ASSIGNED.findall(line)
        found += [(shape_of(expression), where) for expression in dynamic]
    return found


def marked_ids(path: Path) -> list[tuple[str, str]]:
    """Return the ids that a Python file sets, each with its place."""
    nodes: list[ast.expr] = []
    for call in calls(tree_of(path)):
        last = name_of(call.func).rpartition(".")[2] or getattr(call.func, "attr", "")
        if last in {"mark", "Entry"}:
            nodes += [argument for argument in call.args if not isinstance(argument, ast.Call)]
        nodes += [word.value for word in call.keywords if word.arg == "testid"]
    return [(shape_of_node(node), place(path, node.lineno)) for node in nodes]


def test_no_other_id_begins_like_a_public_pattern() -> None:
    ids = [entry for path in PAINTED for entry in painted_ids(path)]
    ids += [
        entry
        for path in python_files(APP / "components", APP / "pages", APP / "sandbox")
        for entry in marked_ids(path)
    ]

    public = {prefix + HOLE for prefix in PREFIXES}
    colliding = [
        f"{where} {shape}"
        for shape, where in ids
        if shape.startswith(PREFIXES) and shape not in public
    ]
    shapes = {shape for shape, _ in ids}

    expected = public | {"sign-in-email", "workspace-menu", "connect-sandbox", "thread-log"}
    assert expected <= shapes, f"The search does not find {expected - shapes} any more."
    assert not colliding, report(
        f"Ids that begin with {', '.join(PREFIXES)} are of one message or conversation each.",
        colliding,
    )

"""The source as the architecture tests read it: files, syntax trees, and readable places."""

import ast
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "app"
SCREENS = (APP / "components", APP / "pages")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def python_files(*folders: Path) -> list[Path]:
    """Return the Python files of folders (or the files themselves), in order."""
    found = [folder.rglob("*.py") if folder.is_dir() else [folder] for folder in folders]
    return sorted(path for paths in found for path in paths)


def modules() -> dict[str, Path]:
    """Return the product's modules by their dotted names."""
    names = {path: path.relative_to(ROOT).with_suffix("").parts for path in python_files(APP)}
    return {".".join(parts).removesuffix(".__init__"): path for path, parts in names.items()}


def tracked_files() -> list[Path]:
    """Return what is (or would be) committed; without git, all but hidden folders."""
    git = subprocess.run(
        [shutil.which("git") or "git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if git.returncode == 0:
        return [path for name in git.stdout.splitlines() if (path := ROOT / name).is_file()]
    return [
        path
        for path in ROOT.rglob("*")
        if path.is_file() and not any(map(_is_ignored, path.relative_to(ROOT).parts[:-1]))
    ]


def _is_ignored(folder: str) -> bool:
    return folder in {"var", "__pycache__"} or (folder.startswith(".") and folder != ".ci")


def functions(tree: ast.AST) -> Iterator[Function]:
    for node in ast.walk(tree):
        if isinstance(node, Function):
            yield node


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node


def name_of(node: ast.expr) -> str:
    """Return `a.b.c` of a name or attribute, "" of anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value)}.{node.attr}"
    return ""


def imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield every imported name in full (`a`, `a.b`, `a.b.name`) with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def text_of(node: ast.expr | None) -> str | None:
    """Return the string that a constant is, else None."""
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return str(node.value) if is_text else None  # type: ignore[union-attr]  # checked above


def place(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def report(rule: str, found: list[str]) -> str:
    """Return the message of a failed rule: the rule, then where it is broken."""
    return "\n  ".join([f"\n{rule}", *sorted(found)])

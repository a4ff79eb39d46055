"""Files and functions stay small enough for one head; what grows is split by noun."""

from tests.architecture.source import (
    APP,
    ROOT,
    functions,
    place,
    python_files,
    report,
    tree_of,
)

MAX_FILE = 400
MAX_FUNCTION = 60
FILES = python_files(APP, ROOT / "main.py", ROOT / "worker.py", ROOT / "tests")
SCRIPTS = sorted(APP.rglob("*.js"))


def test_no_file_is_longer_than_400_lines() -> None:
    long = [
        f"{path.relative_to(ROOT)} ({count} lines)"
        for path in [*FILES, *SCRIPTS]
        if (count := len(path.read_text().splitlines())) > MAX_FILE
    ]

    assert SCRIPTS, "The search finds no scripts any more."
    assert not long, report(f"Split files over {MAX_FILE} lines by noun (CONTRIBUTING).", long)


def test_no_function_is_longer_than_60_lines() -> None:
    long = [
        f"{place(path, function.lineno)} {function.name} ({count} lines)"
        for path in FILES
        for function in functions(tree_of(path))
        if (count := (function.end_lineno or 0) - function.lineno + 1) > MAX_FUNCTION
    ]

    assert not long, report(f"Split functions over {MAX_FUNCTION} lines (CONTRIBUTING).", long)

"""Every expected failure has a code, a status, and a finished sentence (decision 0009)."""

import ast
import importlib
import re
from collections import Counter

import pytest

from app.errors import AppError
from tests.architecture.source import modules, name_of, place, report, tree_of

for _name in modules():
    if not _name.endswith("__main__"):
        importlib.import_module(_name)


def descendants(error: type[AppError]) -> list[type[AppError]]:
    return [one for child in error.__subclasses__() for one in (child, *descendants(child))]


ERRORS = [one for one in descendants(AppError) if one.__module__.startswith("app.")]


def test_codes_are_unique() -> None:
    counts = Counter(error.code for error in ERRORS)

    twice = [f"{e.__module__}.{e.__name__}: {e.code}" for e in ERRORS if counts[e.code] > 1]

    assert not twice, report("Each error class has a code of its own (decision 0009).", twice)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_error_is_a_fact_with_status_and_sentence(error: type[AppError]) -> None:
    assert "code" in vars(error), f"{error.__name__} has no code of its own (decision 0009)."
    assert re.fullmatch(r"[a-z0-9_]+", error.code), f"{error.code}: codes are snake_case."
    assert 400 <= error.status <= 599
    has_words = {"sentence", "__init__"} & set(vars(error))
    assert has_words, f"{error.__name__} has no sentence of its own (decision 0009)."
    assert error.sentence[0].isupper()
    assert error.sentence.endswith("."), f"{error.__name__}: a sentence ends with a full stop."
    assert error.__doc__, f"{error.__name__} has no docstring."


def test_sentences_are_marked_for_translation() -> None:
    unmarked = [
        place(path, node.lineno)
        for path in modules().values()
        for node in ast.walk(tree_of(path))
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if name_of(target) == "sentence" and not _is_marked(node.value)
    ]

    assert not unmarked, report("Wrap the sentence in mark() (decision 0009).", unmarked)


def _is_marked(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and name_of(value.func) == "mark"

"""Every expected failure and every code of Meta's has one meaning and a finished sentence."""

import importlib
import json
import pkgutil
from collections import Counter

import pytest

import app.services
from app.api.refusals import error_response
from app.errors import AppError, ValidationFailed
from app.services.whatsapp.errors import (
    MEANINGS,
    MISCONFIGURED,
    NEVER_LEFT,
    TOO_MANY,
    UNAVAILABLE,
    Move,
    meaning,
)

RETRYABLE = {
    *(1, 2, 4, 80007, 130429, 131000, 131016, 131056, 131057, 133004, 133016),
    *(NEVER_LEFT, TOO_MANY, UNAVAILABLE),
}
PERMANENT = {
    *(0, 3, 10, 33, 100, 190, 200, 210, 299, 368, 130472, 130497, 131008, 131009, 131021, 131026),
    *(131030, 131031, 131037, 131042, 131044, 131045, 131047, 131048, 131049, 131050, 131051),
    *(131052, 131053, 131062, 131063, 131064, 132000, 132001, 132005, 132007, 132008, 132012),
    *(
        132015,
        132016,
        132018,
        132068,
        132069,
        133005,
        133006,
        133010,
        135000,
        136024,
        136025,
        137000,
    ),
}
BASES = {"internal"}


def subclasses(base: type[AppError]) -> set[type[AppError]]:
    """Every error of the product, wherever it stands."""
    for package in (app.services, importlib.import_module("app.api")):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    found: set[type[AppError]] = set()
    todo = [base]
    while todo:
        for one in todo.pop().__subclasses__():
            if one.__module__.startswith("app."):
                found.add(one)
                todo.append(one)
    return found


ERRORS = sorted(subclasses(AppError), key=lambda one: one.__name__)


@pytest.mark.parametrize("error", ERRORS, ids=lambda one: one.__name__)
def test_error_has_a_status_and_a_finished_sentence(error: type[AppError]):
    made = error({}) if issubclass(error, ValidationFailed) else None

    assert 400 <= error.status <= 503
    assert error.code == error.code.lower()
    assert (made.message if made else error.sentence).endswith(".")
    assert error.__doc__


def test_codes_of_errors_are_unique():
    codes = Counter(error.code for error in {AppError, *ERRORS})

    assert [code for code, count in codes.items() if count > 1] == []


def test_raiser_may_say_it_better():
    assert AppError("Own words.").message == "Own words."
    assert str(AppError()) == AppError.sentence


@pytest.mark.parametrize("code", sorted(RETRYABLE))
def test_code_that_passes_is_tried_again(code: int):
    assert meaning(code).is_retryable
    assert meaning(code).move is Move.WAIT


@pytest.mark.parametrize("code", sorted(PERMANENT))
def test_code_that_stays_is_not_tried_again_and_is_somebodys_move(code: int):
    assert not meaning(code).is_retryable
    assert meaning(code).move is not Move.WAIT


def test_every_known_code_is_tested_here():
    assert set(MEANINGS) - {*RETRYABLE, *PERMANENT, MISCONFIGURED} <= set(range(200, 300))
    assert {*RETRYABLE, *PERMANENT} <= set(MEANINGS)


@pytest.mark.parametrize("code", sorted({*MEANINGS, -7, 999_999}))
def test_meaning_is_a_finished_sentence(code: int):
    sentence = meaning(code).sentence

    assert sentence.endswith(".")
    assert sentence[0].isupper()


def test_unknown_code_is_our_move_and_not_tried_again():
    assert not meaning(424_242).is_retryable
    assert meaning(424_242).move is Move.OPERATOR


def test_api_names_fields_as_it_names_all_members():
    answer = error_response(ValidationFailed({"phone_number": "Write it with +."}))

    assert json.loads(answer.body)["error"]["fields"] == {"phoneNumber": "Write it with +."}

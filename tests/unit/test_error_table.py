"""Every error code of Meta's lists: whose move it is, whether it is tried again, what one reads."""

import pytest

from app.services.whatsapp.errors import MEANINGS, Move, is_specific, meaning

# Tried again by itself, with pauses.
AGAIN = (1, 2, 4, 80007, 130429, 131000, 131016, 131056, 131057, 133004, 133016, 429, 503)
# What a person is told when it is over: a word that must be there, and what they can do.
OVER: dict[int, tuple[Move, str]] = {
    0: (Move.OWNER, "check its permissions"),
    3: (Move.OWNER, "check its permissions"),
    10: (Move.OWNER, "check its permissions"),
    200: (Move.OWNER, "check its permissions"),
    299: (Move.OWNER, "check its permissions"),
    33: (Move.OPERATOR, "We have been told"),
    100: (Move.OPERATOR, "We have been told"),
    190: (Move.OWNER, "renew it"),
    368: (Move.OWNER, "look into it"),
    130472: (Move.PERSON, "experiment"),
    130497: (Move.PERSON, "this country"),
    131008: (Move.OPERATOR, "We have been told"),
    131009: (Move.OPERATOR, "We have been told"),
    131021: (Move.PERSON, "itself"),
    131026: (Move.PERSON, "may not be on WhatsApp"),
    131030: (Move.OWNER, "Add the customer to the list"),
    131031: (Move.OWNER, "look into it"),
    131037: (Move.OWNER, "display name is not approved"),
    131042: (Move.OWNER, "check the payment method"),
    131044: (Move.OWNER, "check the payment method"),
    131045: (Move.OWNER, "look into it"),
    131047: (Move.PERSON, "24-hour window has closed"),
    131048: (Move.OWNER, "reported or blocked"),
    131049: (Move.PERSON, "many marketing messages"),
    131050: (Move.PERSON, "does not want marketing"),
    131051: (Move.OPERATOR, "We have been told"),
    131052: (Move.PERSON, "Try another one"),
    131053: (Move.PERSON, "Try another one"),
    131062: (Move.OPERATOR, "We have been told"),
    131063: (Move.OWNER, "check the payment method"),
    131064: (Move.OWNER, "check the payment method"),
    132000: (Move.OWNER, "look at it"),
    132001: (Move.OWNER, "look at it"),
    132005: (Move.OWNER, "look at it"),
    132007: (Move.OWNER, "look at it"),
    132008: (Move.OWNER, "look at it"),
    132012: (Move.OWNER, "look at it"),
    132015: (Move.OWNER, "look at it"),
    132016: (Move.OWNER, "look at it"),
    132018: (Move.OWNER, "look at it"),
    132068: (Move.OWNER, "look at it"),
    132069: (Move.OWNER, "look at it"),
    133005: (Move.OWNER, "Type that one, or reset it"),
    133006: (Move.OWNER, "Ask for a new code"),
    133010: (Move.OWNER, "register it"),
    135000: (Move.OPERATOR, "We have been told"),
    136024: (Move.OWNER, "choose the other way"),
    136025: (Move.OWNER, "Type the newest one"),
    137000: (Move.OPERATOR, "We have been told"),
}


@pytest.mark.parametrize("code", AGAIN)
def test_code_is_tried_again_and_says_so(code: int):
    known = meaning(code)

    assert known.is_retryable
    assert known.move is Move.WAIT
    assert "by itself" in known.sentence or "wait" in known.sentence


@pytest.mark.parametrize("code", OVER)
def test_code_ends_a_message_and_says_whose_move_it_is(code: int):
    move, words = OVER[code]
    known = meaning(code)

    assert not known.is_retryable
    assert known.move is move
    assert words in known.sentence
    assert known.sentence.endswith(".")


@pytest.mark.parametrize("code", [999_999, -7, 2_388_040])
def test_code_that_nobody_knows_is_not_tried_again_and_metas_words_are_shown(code: int):
    known = meaning(code)

    assert (known.move, known.is_retryable) == (Move.OPERATOR, False)
    assert not is_specific(code)


def test_table_names_every_code_that_we_know():
    ours = {code for code in MEANINGS if code < 0}
    permissions = set(range(200, 300))

    assert set(MEANINGS) - ours - permissions <= {*AGAIN, *OVER}

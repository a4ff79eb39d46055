"""Passwords: a length, a list of common ones, and the same work for people we do not know."""

import threading

import pytest

from app.errors import Unavailable
from app.services import passwords

GOOD = "correct horse battery"


@pytest.mark.parametrize("password", ["", "short", "1234567", "x" * 257, "password", "PASSWORD"])
def test_bad_password_is_told_in_a_sentence(password: str):
    problem = passwords.problem(password)

    assert problem
    assert problem.endswith(".")


@pytest.mark.parametrize(
    "password",
    ["iloveyou1", "letmein123", "michael1", "liverpool", "Summer2024", "Football!!", "qwertyuiop",
     "1q2w3e4r", "trustno1", "dragon12345"],
)  # fmt: skip
def test_common_password_is_refused_with_digits_behind_it_too(password: str):
    assert "most common" in (passwords.problem(password) or "")


def test_list_is_long():
    assert len(passwords.common()) >= 30_000


@pytest.mark.parametrize(
    "password",
    [
        "summer123456",
        "a summer in 2024",
        "2024summer-tide",
        GOOD,
        "x7-k2-q9",
        "пароль из слов",
        "x" * 256,
        "        x",
    ],
)
def test_anything_else_is_a_good_password(password: str):
    assert passwords.problem(password) is None


@pytest.mark.parametrize("password", ["with a \0 inside", "half a \ud800 pair"])
def test_password_with_what_cannot_be_typed_is_refused(password: str):
    assert passwords.problem(password)


def test_hash_is_argon2id_salted_and_right_for_its_password_only():
    first, second = passwords.hash_password(GOOD), passwords.hash_password(GOOD)

    assert first.startswith("$argon2id$")
    assert first != second
    assert passwords.verify(first, GOOD)
    assert not passwords.verify(first, GOOD + " ")
    assert not passwords.needs_rehash(first)


def test_unknown_person_costs_a_real_check_and_never_passes(monkeypatch: pytest.MonkeyPatch):
    checked: list[str] = []

    class Spy:
        def verify(self, stored: str, password: str) -> bool:
            checked.append(stored)
            return passwords_hasher.verify(stored, password)

    passwords_hasher = passwords._hasher
    monkeypatch.setattr(passwords, "_hasher", Spy())

    assert not passwords.verify(None, GOOD)
    assert not passwords.verify(None, "nobody has this password")
    assert checked == [passwords._dummy, passwords._dummy]


@pytest.mark.parametrize("stored", ["", "garbage", "$argon2id$v=19$broken", "$2b$12$abc"])
def test_hash_that_is_none_never_passes(stored: str):
    assert not passwords.verify(stored, GOOD)


@pytest.mark.parametrize("password", ["x" * 257, "x" * 10_000_000, "half a \ud800 pair", "a\0b"])
def test_odd_password_is_wrong_and_no_crash(password: str):
    assert not passwords.verify(passwords._dummy, password)


def test_weaker_hash_asks_to_be_made_anew():
    assert passwords.needs_rehash(
        "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$"
        "OyVvXOcn6QbaYoGRsyT2BeVzmFFD4Wrj3zMn0cUaA4w"
    )


def test_third_check_at_once_is_told_to_come_again(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(passwords, "_slots", threading.BoundedSemaphore(passwords.PARALLEL))
    monkeypatch.setattr(passwords, "QUEUE_TIMEOUT_S", 0.01)
    for _ in range(passwords.PARALLEL):
        passwords._slots.acquire()

    with pytest.raises(Unavailable):
        passwords.verify(passwords._dummy, GOOD)

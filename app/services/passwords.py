"""Passwords: argon2id, at most two at a time, with a dummy check for people we do not know.

Rules: a length and a list of common ones, nothing else: rules of composition make people choose
passwords that are easier to guess (NIST SP 800-63B). Some digits or marks behind a common password
make it no other one: they are what guessers try next.

Hashing takes a while and waits for a slot, so it is refused inside a transaction.
"""

import threading
from dataclasses import dataclass, field
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app import db
from app.errors import Unavailable
from app.i18n import gettext as _
from app.services.text import is_storable

MIN_LENGTH = 8
MAX_LENGTH = 256
PARALLEL = 2
QUEUE_TIMEOUT_S = 10.0

# m=46 MiB, t=1, p=1: OWASP's first choice where memory allows; about 70 ms on the reference.
_hasher = PasswordHasher(time_cost=1, memory_cost=46 * 1024, parallelism=1)
_slots = threading.BoundedSemaphore(PARALLEL)
_dummy = _hasher.hash("nobody has this password")


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A password that somebody has chosen: its hash, or what is wrong with it."""

    hash: str = field(default="", repr=False)
    problem: str | None = None


MOST_BEHIND = 5  # characters, as in `summer2026!`


@cache
def common() -> frozenset[str]:
    """Return the 30,000 most common passwords of known leaks; read when first asked for."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415  # large

    return frozenset(FREQUENCY_LISTS["passwords"])


def is_common(password: str) -> bool:
    """Tell whether it is on the list, perhaps with some digits or marks behind."""
    lowered = password.lower()
    stem = lowered.rstrip("0123456789!?.@#$*-_")
    return lowered in common() or (len(lowered) - len(stem) <= MOST_BEHIND and stem in common())


def problem(password: str) -> str | None:
    """Return what is wrong with a new password in a sentence, or None."""
    if len(password) < MIN_LENGTH:
        return _("Use at least 8 characters.")
    if len(password) > MAX_LENGTH:
        return _("Use at most 256 characters.")
    if not is_storable(password):
        return _("The password contains a character that cannot be typed.")
    if is_common(password):
        return _("This password is one of the most common ones. Choose another.")
    return None


def choose(password: str) -> NewPassword:
    """Check a new password and hash it, before the transaction that keeps it.

    Raises:
        Unavailable: too many people sign in at this moment.
    """
    if said := problem(password):
        return NewPassword(problem=said)
    return NewPassword(hash_password(password))


def hash_password(password: str) -> str:
    """Return the argon2id hash; waits for one of two slots.

    Raises:
        Unavailable: too many people sign in at this moment.
    """
    with _slot():
        return _hasher.hash(password)


def verify(stored: str | None, password: str) -> bool:
    """Tell whether the password is right; takes as long when there is nobody to compare with."""
    if len(password) > MAX_LENGTH or not is_storable(password):
        return False
    with _slot():
        try:
            _hasher.verify(stored or _dummy, password)
        except (VerificationError, InvalidHashError):
            return False
    return stored is not None


def needs_rehash(stored: str) -> bool:
    """Tell whether the hash was made with older parameters."""
    return _hasher.check_needs_rehash(stored)


class _slot:  # noqa: N801  # reads as a verb
    def __enter__(self) -> None:
        db.refuse_inside_transaction()
        if not _slots.acquire(timeout=QUEUE_TIMEOUT_S):
            raise Unavailable

    def __exit__(self, *_args: object) -> None:
        _slots.release()

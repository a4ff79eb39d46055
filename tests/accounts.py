"""People who can sign in, what they are mailed, and many who try the same thing at once."""

import datetime as dt
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

import pyotp

from app import db
from app.actor import Actor, Role
from app.clock import utc_now
from app.services import passwords, second_factor, secrets, sessions
from app.services.mails.post import BODY, bound_to
from tests.factories import PASSWORD, make_membership, make_user
from tests.table_rows import execute, rows, value

THREADS = 8
STEP = dt.timedelta(seconds=second_factor.STEP_S)
# Argon2 is slow on purpose; everybody has the same password, so it is hashed once.
_hashes: dict[str, str] = {}


def make_person(
    workspace_id: UUID, role: Role = Role.AGENT, *, email: str | None = None, verified: bool = True
) -> Actor:
    """Make a member with a password, signed in."""
    hashed = _hash_of(PASSWORD)
    user_id = make_user(email=email, password_hash=hashed, is_verified=verified)
    make_membership(workspace_id, user_id, role)
    return sign_in(Actor(workspace_id=workspace_id, role=role, user_id=user_id))


def _hash_of(password: str) -> str:
    if password not in _hashes:
        _hashes[password] = passwords.hash_password(password)
    return _hashes[password]


def verify(actor: Actor) -> None:
    execute("UPDATE users SET email_verified_at = now() WHERE id = %s", actor.user_id)


def sign_in(actor: Actor) -> Actor:
    """Sign a person in once more, as the doors do; returns who asks from there."""
    _token, session_id = alone(
        sessions.create, person(actor), actor.workspace_id, ip="127.0.0.1", user_agent="Test"
    )
    return replace(actor, session_id=session_id)


def person(actor: Actor) -> UUID:
    assert actor.user_id
    return actor.user_id


def email_of(actor: Actor) -> str:
    return str(value("SELECT email FROM users WHERE id = %s", actor.user_id))


def act(fn: Callable[..., Any], actor: Actor, *args: Any, **kwargs: Any) -> Any:
    """Call a service as a click does: in a transaction of the actor's workspace."""
    with db.transaction(actor.workspace_id) as session:
        return fn(session, actor, *args, **kwargs)


def alone(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a service as a door does: in a transaction of no workspace."""
    with db.transaction() as session:
        return fn(session, *args, **kwargs)


def outcome(fn: Callable[[], Any]) -> Any:
    """Return what a call returns, or the class of what it raises."""
    try:
        return fn()
    except Exception as error:  # noqa: BLE001  # the test compares it
        return type(error)


def race(*calls: Callable[[], Any]) -> list[Any]:
    """Make calls at the same moment; returns each one's outcome, in their order."""
    results: list[Any] = [None] * len(calls)
    start = threading.Barrier(len(calls))

    def run(place: int, call: Callable[[], Any]) -> None:
        start.wait()
        results[place] = outcome(call)

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def letters_to(email: str, kind: str) -> list[str]:
    """Return the secrets in the links of the letters that wait for somebody, oldest first."""
    found = rows(
        "SELECT id, body FROM mails WHERE recipient = %s AND kind = %s ORDER BY created_at, id",
        email,
        kind,
    )
    return [_secret_of(mail_id, body) for mail_id, body in found]


def _secret_of(mail_id: UUID, body: bytes) -> str:
    letter = json.loads(secrets.open_secret(body, bound_to(mail_id), BODY) or "{}")
    link = urlsplit(letter["button"][1])
    return unquote(link.query.partition("=")[2] or link.path.rpartition("/")[2])


def turn_second_factor_on(actor: Actor) -> str:
    """Give somebody who is signed in an authenticator; returns the code that it shows next."""
    totp = pyotp.TOTP(act(second_factor.begin, actor).secret)
    act(second_factor.confirm, actor, totp.at(utc_now()))
    return totp.at(utc_now() + STEP)

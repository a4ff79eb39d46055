"""Repeated requests: the same `Idempotency-Key` gets the first answer again, and no second effect.

The key, the effect and the answer are one transaction. A second request with the key waits at the
unique index until the first has ended: then it finds its answer, or, where that failed, its place.

What asks a provider cannot do so inside a transaction: it takes the key for two minutes, asks, and
keeps the answer afterwards. A second request meanwhile is told to wait.
"""

import datetime as dt
import hashlib
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, delete, select, update

from app.actor import Actor
from app.clock import utc_now
from app.errors import Conflict, ValidationFailed
from app.i18n import gettext as _
from app.i18n import mark
from app.ids import new_id
from app.models import IdempotencyKey

LIFE = dt.timedelta(hours=24)
WHILE_ASKING = dt.timedelta(minutes=2)
MAX_KEY = 255


class IdempotencyKeyReused(Conflict):
    """The key stands for another request already."""

    code = "idempotency_key_reused"
    sentence = mark(
        "This Idempotency-Key was used for another request in the last 24 hours. Use a new key for"
        " a new request."
    )


class RequestInProgress(Conflict):
    """The first request with the key has not ended."""

    code = "request_in_progress"
    sentence = mark("The first request with this Idempotency-Key is still at work. Try again soon.")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered: the status and the JSON."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is repeated: the key, the route it counts for, and all that makes up the request."""

    key: str
    route: str
    fingerprint: bytes


def request_of(key: str, route: str, *parts: bytes) -> Request:
    """Return what a key stands for.

    Raises:
        ValidationFailed: it is empty, too long, or more than plain printable characters.
    """
    if not 0 < len(key) <= MAX_KEY or not (key.isascii() and key.isprintable()):
        raise ValidationFailed(
            {"idempotency_key": _("The Idempotency-Key has 1 to 255 plain characters.")}
        )
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8) + part)
    return Request(key=key, route=route, fingerprint=digest.digest())


def begin(
    session: Session, actor: Actor, request: Request, *, life: dt.timedelta = LIFE
) -> Answer | None:
    """Take the key for a request; returns the answer that it had already. System-only: the edge.

    Raises:
        IdempotencyKeyReused: it stands for another request.
        RequestInProgress: it stands for this one, which has not ended.
    """
    now = utc_now()
    values = {
        "id": new_id(),
        "workspace_id": actor.workspace_id,
        "route": request.route,
        "key": request.key,
        "body_hash": request.fingerprint,
        "status": None,
        "body": None,
        "expires_at": now + life,
    }
    added = session.connection().execute(
        insert(IdempotencyKey)
        .values(values)
        .on_conflict_do_update(  # a key that is over is as good as new
            index_elements=["workspace_id", "route", "key"],
            set_=values,
            where=col(IdempotencyKey.expires_at) <= now,
        )
        .returning(sa.literal(1))
    )
    if added.first() is not None:
        return None
    row = session.exec(select(IdempotencyKey).where(*_is(actor, request))).one()
    if row.body_hash != request.fingerprint:
        raise IdempotencyKeyReused
    if row.status is None or row.body is None:
        raise RequestInProgress
    return Answer(row.status, row.body)


def finish(session: Session, actor: Actor, request: Request, answer: Answer) -> None:
    """Keep what the request was answered. System-only: the edge."""
    session.exec(
        update(IdempotencyKey)
        .where(*_is(actor, request))
        .values(status=answer.status, body=answer.body, expires_at=utc_now() + LIFE)
    )


def release(session: Session, actor: Actor, request: Request) -> None:
    """Give the key back: the request was refused. System-only: the edge."""
    session.exec(delete(IdempotencyKey).where(*_is(actor, request)))


def _is(actor: Actor, request: Request) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        col(IdempotencyKey.workspace_id) == actor.workspace_id,
        col(IdempotencyKey.route) == request.route,
        col(IdempotencyKey.key) == request.key,
    )

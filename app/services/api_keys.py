"""API keys: shown once, stored as a hash, limited to scopes.

`wk_<8 characters>_<32 characters>`: the first part tells keys apart on the screen, the whole is the
secret. Its entropy is high, so one SHA-256 is enough to store it.
"""

import datetime as dt
import secrets
import string
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, or_, select, update

from app.actor import SCOPES, Actor, Permission, Role
from app.clock import utc_now
from app.crypto import hash_token
from app.errors import Conflict, NotFound, ValidationFailed
from app.i18n import gettext as _
from app.i18n import mark
from app.ids import new_id
from app.models import ApiKey, User
from app.services import audit, sessions
from app.services.text import is_name

ALPHABET = string.ascii_letters + string.digits
PREFIX_LENGTH, SECRET_LENGTH = 8, 32
MAX_LENGTH = 100
OVERLAP = dt.timedelta(hours=24)
USED_EVERY = dt.timedelta(minutes=1)
CALLS_WITHOUT_PLAN = 60


class KeyEnds(Conflict):
    """The key was rotated already, or comes to its end."""

    code = "key_ends"
    sentence = mark(
        "This key was rotated already, or it ends within a day. Use its successor, or create a new"
        " key."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyView:
    """A key without its secret."""

    id: UUID
    name: str
    prefix: str
    scopes: tuple[Permission, ...]
    created_at: dt.datetime
    expires_at: dt.datetime | None
    last_used_at: dt.datetime | None
    is_expired: bool
    can_rotate: bool
    maker: str | None = None  # whose membership it ends with


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key and its secret, which nobody can show again."""

    view: ApiKeyView
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The program behind a key, and how often it may call in a minute."""

    actor: Actor
    key_id: UUID
    calls_per_minute: int


def create(
    session: Session,
    actor: Actor,
    *,
    name: str,
    scopes: Sequence[str] | None = None,
    expires_at: dt.datetime | None = None,
) -> NewKey:
    """Make a key with some scopes; None is all that there are.

    Raises:
        ValidationFailed: with a sentence for each field.
        ProofNeeded: the password was not shown lately.
    """
    actor.require(Permission.KEY_MANAGE)
    fields: dict[str, str] = {}
    if not is_name(name):
        fields["name"] = _("Give the key a name, in at most 120 characters.")
    known = {str(scope.value) for scope in SCOPES}
    wanted: set[str] = set(known) if scopes is None else set(scopes)
    if not wanted:
        fields["scopes"] = _("Choose what the program may do, at least one thing.")
    if unknown := sorted(wanted - known):
        fields["scopes"] = _("There is no scope named {name}.").format(
            name=", ".join(unknown)[:200]
        )
    if expires_at is not None and expires_at <= utc_now():
        fields["expires_at"] = _("Choose a day in the future.")
    if fields:
        raise ValidationFailed(fields)
    sessions.require_proof(session, actor)
    chosen = [str(scope.value) for scope in SCOPES if scope.value in wanted]
    created = _add(session, actor, name.strip(), chosen, expires_at)
    _record(session, actor, "api_key.created", created.view)
    return created


def list_live(session: Session, actor: Actor) -> list[ApiKeyView]:
    """Return the keys that were not revoked, newest first."""
    actor.require(Permission.KEY_MANAGE)
    rows = session.exec(
        select(ApiKey, User)
        .outerjoin(User, col(User.id) == col(ApiKey.creator_id))
        .where(col(ApiKey.workspace_id) == actor.workspace_id, col(ApiKey.revoked_at).is_(None))
        .order_by(col(ApiKey.created_at).desc())
    ).all()
    return [replace(_view(row), maker=_name(user)) for row, user in rows]


def revoke(session: Session, actor: Actor, key_id: UUID) -> None:
    """End a key at once."""
    actor.require(Permission.KEY_MANAGE)
    row = _get(session, actor, key_id)
    row.revoked_at = utc_now()
    session.add(row)
    _record(session, actor, "api_key.revoked", _view(row))


def revoke_of(session: Session, actor: Actor, user_id: UUID) -> None:
    """End the keys of somebody who goes, at once. System-only: `members`."""
    rows = session.exec(
        select(ApiKey)
        .where(
            col(ApiKey.workspace_id) == actor.workspace_id,
            col(ApiKey.creator_id) == user_id,
            col(ApiKey.revoked_at).is_(None),
        )
        .with_for_update()
    ).all()
    for row in rows:
        row.revoked_at = utc_now()
        session.add(row)
        _record(session, actor, "api_key.revoked", _view(row))


def rotate(session: Session, actor: Actor, key_id: UUID) -> NewKey:
    """Make a key in place of another, which goes on working for a day.

    Raises:
        KeyEnds: it has a day left at most, as one that was rotated; a successor would have no more.
        ProofNeeded: the password was not shown lately.
    """
    actor.require(Permission.KEY_MANAGE)
    row = _get(session, actor, key_id)
    now = utc_now()
    if row.expires_at is not None and row.expires_at <= now + OVERLAP:
        raise KeyEnds
    sessions.require_proof(session, actor)
    created = _add(session, actor, row.name, row.scopes, row.expires_at)
    row.expires_at = now + OVERLAP
    session.add(row)
    _record(session, actor, "api_key.rotated", _view(row))
    return created


def find_caller(session: Session, secret: str) -> Caller | None:
    """Return who calls with this key; None when it is none, ended or revoked. System-only: edge."""
    if len(secret) > MAX_LENGTH:
        return None
    now = utc_now()
    row = (
        session.connection()
        .execute(
            text("SELECT * FROM actor_of_api_key(:hash, :now)"),
            {"hash": hash_token(secret), "now": now},
        )
        .one_or_none()
    )
    if row is None:
        return None
    known = {scope.value: scope for scope in SCOPES}
    return Caller(
        actor=Actor(
            workspace_id=row.workspace_id,
            role=Role.ADMIN,
            api_key_id=row.key_id,
            scopes=frozenset(known[name] for name in row.scopes if name in known),
        ),
        key_id=row.key_id,
        calls_per_minute=row.calls_per_minute or CALLS_WITHOUT_PLAN,
    )


def note_use(session: Session, actor: Actor) -> None:
    """Note that a key was used, at most once a minute. System-only: the edge."""
    now = utc_now()
    session.exec(
        update(ApiKey)
        .where(
            col(ApiKey.id) == actor.api_key_id,
            or_(col(ApiKey.last_used_at).is_(None), col(ApiKey.last_used_at) < now - USED_EVERY),
        )
        .values(last_used_at=now)
    )


def _add(
    session: Session,
    actor: Actor,
    name: str,
    scopes: list[str],
    expires_at: dt.datetime | None,
) -> NewKey:
    prefix = f"wk_{_random(PREFIX_LENGTH)}"
    secret = f"{prefix}_{_random(SECRET_LENGTH)}"
    row = ApiKey(
        id=new_id(),
        workspace_id=actor.workspace_id,
        name=name,
        prefix=prefix,
        key_hash=hash_token(secret),
        scopes=scopes,
        creator_id=actor.user_id,
        expires_at=expires_at,
    )
    session.add(row)
    session.flush()
    return NewKey(view=_view(row), secret=secret)


def _get(session: Session, actor: Actor, key_id: UUID) -> ApiKey:
    row = session.exec(
        select(ApiKey)
        .where(
            col(ApiKey.workspace_id) == actor.workspace_id,
            col(ApiKey.id) == key_id,
            col(ApiKey.revoked_at).is_(None),
        )
        .with_for_update()
    ).first()
    if row is None:
        raise NotFound
    return row


def _record(session: Session, actor: Actor, action: str, view: ApiKeyView) -> None:
    audit.record(
        session,
        actor.workspace_id,
        action,
        user_id=actor.user_id,
        subject=("api_key", view.id),
        name=view.name,
        prefix=view.prefix,
    )


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _place in range(length))


def _view(row: ApiKey) -> ApiKeyView:
    now = utc_now()
    return ApiKeyView(
        id=row.id,
        name=row.name,
        prefix=row.prefix,
        scopes=tuple(scope for scope in SCOPES if scope.value in row.scopes),
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        is_expired=row.expires_at is not None and row.expires_at <= now,
        can_rotate=row.expires_at is None or row.expires_at > now + OVERLAP,
    )


def _name(user: User | None) -> str | None:
    return (user.name or user.email) if user else None

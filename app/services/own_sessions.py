"""One's own sign-ins: where one is signed in, ending some, going on in another workspace."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from app.actor import Actor
from app.clock import utc_now
from app.errors import NotAuthenticated, NotFound
from app.models.user import Session as SignIn
from app.services import audit, sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInView:
    """One of a person's sign-ins, for the list in their settings."""

    id: UUID
    user_agent: str | None
    ip: str | None
    created_at: dt.datetime
    last_seen_at: dt.datetime
    is_current: bool


def list_own(session: Session, actor: Actor) -> list[SignInView]:
    """Return one's own live sign-ins, the one at hand first."""
    now = utc_now()
    rows = session.exec(
        select(SignIn)
        .where(
            col(SignIn.user_id) == actor.require_person(),
            col(SignIn.revoked_at).is_(None),
            col(SignIn.idle_until) > now,
            col(SignIn.expires_at) > now,
        )
        .order_by(col(SignIn.last_seen_at).desc())
    ).all()
    views = [
        SignInView(
            id=row.id,
            user_agent=row.user_agent,
            ip=row.ip,
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
            is_current=row.id == actor.session_id,
        )
        for row in rows
    ]
    return sorted(views, key=lambda view: not view.is_current)


def revoke_own(session: Session, actor: Actor, session_id: UUID) -> None:
    """End one of one's own sign-ins.

    Raises:
        NotFound: it is somebody else's, or there is none.
    """
    row = session.get(SignIn, session_id)
    if row is None or row.user_id != actor.require_person():
        raise NotFound
    sessions.revoke(session, session_id, reason="revoked")
    _record(session, actor, "session.revoked")


def revoke_others(session: Session, actor: Actor) -> int:
    """End all of one's own sign-ins but the one at hand; returns how many."""
    count = sessions.revoke_all(
        session, actor.require_person(), reason="revoked", but=actor.session_id
    )
    _record(session, actor, "session.others_revoked")
    return count


def switch(session: Session, actor: Actor, workspace_id: UUID) -> None:
    """Go on in another of one's own workspaces, with the same sign-in.

    Raises:
        NotFound: one is not a member there.
    """
    is_member = (
        session.connection()
        .execute(
            text("SELECT 1 FROM workspaces_of_user(:user_id) WHERE workspace_id = :id"),
            {"user_id": actor.require_person(), "id": workspace_id},
        )
        .first()
    )
    if is_member is None:
        raise NotFound
    if actor.session_id is None:
        raise NotAuthenticated
    sessions.move(session, actor.session_id, workspace_id)


def _record(session: Session, actor: Actor, action: str) -> None:
    audit.record(session, actor.workspace_id, action, user_id=actor.user_id)

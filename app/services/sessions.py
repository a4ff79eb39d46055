"""Sign-ins: rows with a hashed token, idle and absolute ends, revocable at once.

The gate, the page dependency and every UI call ask `find`; it is one indexed look-up.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import case, text
from sqlmodel import Session, col, select, update

from app import events
from app.actor import Actor, Role
from app.clock import utc_now
from app.crypto import hash_token, new_token
from app.errors import NotAuthenticated, PermissionDenied
from app.i18n import mark
from app.ids import new_id
from app.models import Membership, User
from app.models.enums import Theme, UserRole, UserStatus
from app.models.user import Session as SignIn

IDLE = dt.timedelta(hours=12)
ABSOLUTE = dt.timedelta(days=14)
# Of platform admins, who can do harm to everybody.
ADMIN_IDLE = dt.timedelta(minutes=30)
ADMIN_ABSOLUTE = dt.timedelta(hours=8)
SEEN_EVERY = dt.timedelta(minutes=1)
# How long a shown password, code or provider's word lets one do what is dangerous.
PROOF = dt.timedelta(minutes=30)


Place = tuple[UUID, Role]  # the workspace, and what one is in it


class ProofNeeded(PermissionDenied):
    """What is dangerous asks for the password again after a while."""

    code = "proof_needed"
    sentence = mark("Please confirm with your password that it is you.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """A live sign-in with the person and the workspace it is in."""

    id: UUID
    user_id: UUID
    user_name: str
    user_email: str
    user_image: str | None
    is_verified: bool
    theme: Theme
    time_zone: str
    language: str
    is_admin: bool
    workspace_id: UUID
    workspace_name: str
    workspace_logo: str | None
    workspace_time_zone: str
    role: Role
    last_seen_at: dt.datetime

    @property
    def place(self) -> Place:
        """Where the person is, and as what."""
        return self.workspace_id, self.role

    @property
    def actor(self) -> Actor:
        """Who asks, for services."""
        return Actor(
            workspace_id=self.workspace_id,
            role=self.role,
            user_id=self.user_id,
            session_id=self.id,
        )


def create(
    session: Session,
    user_id: UUID,
    workspace_id: UUID | None,
    *,
    ip: str | None,
    user_agent: str | None,
) -> tuple[str, UUID]:
    """Sign a person in; returns the cookie's token, which is stored only as a hash, and the id.

    System-only: the caller has checked the password.
    """
    now, token = utc_now(), new_token()
    role = session.exec(select(col(User.role)).where(col(User.id) == user_id)).one()
    is_admin = role is UserRole.ADMIN
    row = SignIn(
        id=new_id(),
        token_hash=hash_token(token),
        user_id=user_id,
        workspace_id=workspace_id,
        last_seen_at=now,
        idle_until=now + (ADMIN_IDLE if is_admin else IDLE),
        expires_at=now + (ADMIN_ABSOLUTE if is_admin else ABSOLUTE),
        ip=ip,
        user_agent=(user_agent or "")[:400] or None,
    )
    session.add(row)
    return token, row.id


def find(session: Session, token: str) -> SessionView | None:
    """Return the live sign-in of a cookie: not revoked, not over, an active user, a membership."""
    row = (
        session.connection()
        .execute(text("SELECT * FROM actor_of_session(:hash)"), {"hash": hash_token(token)})
        .one_or_none()
    )
    now = utc_now()
    if row is None or row.revoked_at is not None or row.role is None:
        return None
    if now >= row.idle_until or now >= row.expires_at or row.user_status != UserStatus.ACTIVE:
        return None
    return SessionView(
        id=row.session_id,
        user_id=row.user_id,
        user_name=row.user_name,
        user_email=row.user_email,
        user_image=row.user_image,
        is_verified=row.is_verified,
        theme=Theme(row.theme),
        time_zone=row.time_zone,
        language=row.language,
        is_admin=row.is_admin,
        workspace_id=row.workspace_id,
        workspace_name=row.workspace_name,
        workspace_logo=row.workspace_logo,
        workspace_time_zone=row.workspace_time_zone,
        role=Role(row.role),
        last_seen_at=row.last_seen_at,
    )


def find_person(session: Session, token: str) -> tuple[UUID, UUID] | None:
    """Return whose live sign-in a cookie is, and the sign-in, in whatever workspace or none.

    For the few doors that need none: making a workspace, accepting an invitation.
    """
    now = utc_now()
    return session.exec(
        select(col(SignIn.user_id), col(SignIn.id))
        .join(User, col(User.id) == col(SignIn.user_id))
        .where(
            col(SignIn.token_hash) == hash_token(token),
            col(SignIn.revoked_at).is_(None),
            col(SignIn.idle_until) > now,
            col(SignIn.expires_at) > now,
            col(User.status) == UserStatus.ACTIVE,
        )
    ).first()


def require_live(session: Session, actor: Actor) -> None:
    """Make sure that the person's sign-in and membership still stand; notes that they were here.

    System-only: the first statement of every UI call.

    Raises:
        NotAuthenticated: the sign-in ended, or the membership or its role changed.
    """
    row = (
        session.connection()
        .execute(
            select(col(SignIn.last_seen_at), col(Membership.role))
            .join(User, col(User.id) == col(SignIn.user_id))
            .join(
                Membership,
                (col(Membership.user_id) == col(SignIn.user_id))
                & (col(Membership.workspace_id) == actor.workspace_id),
            )
            .where(
                col(SignIn.id) == actor.session_id,
                col(SignIn.user_id) == actor.user_id,
                col(SignIn.revoked_at).is_(None),
                col(SignIn.idle_until) > utc_now(),
                col(SignIn.expires_at) > utc_now(),
                col(User.status) == UserStatus.ACTIVE,
            )
        )
        .one_or_none()
    )
    if row is None or row.role != actor.role:
        raise NotAuthenticated
    _touch(session, actor.session_id, row.last_seen_at)


def live_among(session: Session, ids: set[UUID]) -> dict[UUID, Place]:
    """Return those of the sign-ins that are still live, with where their person is by now."""
    rows = session.connection().execute(
        text("SELECT * FROM live_sessions(:ids, :now)"), {"ids": list(ids), "now": utc_now()}
    )
    return {row.session_id: (row.workspace_id, Role(row.role)) for row in rows}


def touch(session: Session, view: SessionView) -> None:
    """Note that the person was here, at most once a minute. System-only: the gate."""
    _touch(session, view.id, view.last_seen_at)


def revoke_token(session: Session, token: str) -> None:
    """End the sign-in of a cookie, if it is one. System-only: signing out shows the token."""
    row = session.exec(select(SignIn.id).where(col(SignIn.token_hash) == hash_token(token))).first()
    if row is not None:
        revoke(session, row, reason="signed out")


def revoke(session: Session, session_id: UUID, *, reason: str) -> None:
    """End a sign-in; its open pages close at once on every machine. System-only."""
    session.exec(
        update(SignIn)
        .where(col(SignIn.id) == session_id, col(SignIn.revoked_at).is_(None))
        .values(revoked_at=utc_now(), revoked_reason=reason)
    )
    ring(session, session_id)


def revoke_all(session: Session, user_id: UUID, *, reason: str, but: UUID | None = None) -> int:
    """End all sign-ins of a person; their open pages close at once. System-only."""
    others = () if but is None else (col(SignIn.id) != but,)
    rows = session.exec(
        update(SignIn)
        .where(col(SignIn.user_id) == user_id, col(SignIn.revoked_at).is_(None), *others)
        .values(revoked_at=utc_now(), revoked_reason=reason)
        .returning(col(SignIn.id), col(SignIn.expires_at))
    ).all()
    _ring_live(session, rows)
    return len(rows)


def leave_workspace(
    session: Session, user_id: UUID, workspace_id: UUID, *, onward: UUID | None
) -> None:
    """Take a person's sign-ins out of a workspace, into another one or none; pages close.

    System-only: the membership ends in the same transaction.
    """
    rows = session.exec(
        update(SignIn)
        .where(
            col(SignIn.user_id) == user_id,
            col(SignIn.workspace_id) == workspace_id,
        )
        .values(workspace_id=onward)
        .returning(col(SignIn.id), col(SignIn.expires_at), col(SignIn.revoked_at))
    ).all()
    _ring_live(session, [row[:2] for row in rows if row.revoked_at is None])


def move(session: Session, session_id: UUID, workspace_id: UUID) -> None:
    """Put a sign-in into a workspace of its person; its open pages look again. System-only."""
    session.exec(
        update(SignIn).where(col(SignIn.id) == session_id).values(workspace_id=workspace_id)
    )
    ring(session, session_id)


def ring_member(session: Session, user_id: UUID, workspace_id: UUID) -> None:
    """Tell a person's open pages in a workspace to look again who they are. System-only."""
    _ring_where(session, col(SignIn.user_id) == user_id, col(SignIn.workspace_id) == workspace_id)


def ring_person(session: Session, user_id: UUID) -> None:
    """Tell all open pages of a person to look again who they are. System-only."""
    _ring_where(session, col(SignIn.user_id) == user_id)


def ring_workspace(session: Session, workspace_id: UUID) -> None:
    """Tell all open pages of a workspace to look again what it is. System-only."""
    _ring_where(session, col(SignIn.workspace_id) == workspace_id)


def note_proof(session: Session, session_id: UUID) -> None:
    """Note that the person has just shown who they are. System-only: the password was checked."""
    session.exec(update(SignIn).where(col(SignIn.id) == session_id).values(proven_at=utc_now()))


def require_proof(session: Session, actor: Actor) -> None:
    """Make sure that the person has shown who they are within the last half hour. System-only.

    The system itself (the command line) has nobody to ask.

    Raises:
        ProofNeeded: it is too long ago; the screen asks for the password.
    """
    if actor.user_id is None and actor.api_key_id is None:
        return
    row = session.get(SignIn, actor.session_id) if actor.session_id else None
    if row is None or utc_now() - row.proven_at > PROOF:
        raise ProofNeeded


def ring(session: Session, session_id: UUID) -> None:
    """Tell a sign-in's open pages, on every machine, to look again whether they still may."""
    events.ring(session, events.Bell(events.session_topic(session_id)))


def _ring_where(session: Session, *conditions: Any) -> None:
    query = select(col(SignIn.id), col(SignIn.expires_at))
    _ring_live(session, session.exec(query.where(*conditions, col(SignIn.revoked_at).is_(None))))


def _ring_live(session: Session, rows: Iterable[tuple[UUID, dt.datetime]]) -> None:
    """Ring for those that have not run out: nobody else has a page open."""
    now = utc_now()
    for session_id, expires_at in rows:
        if expires_at > now:
            ring(session, session_id)


def _touch(session: Session, session_id: UUID | None, last_seen_at: dt.datetime) -> None:
    now = utc_now()
    if now - last_seen_at < SEEN_EVERY:
        return
    whose = select(col(User.role)).where(col(User.id) == col(SignIn.user_id)).scalar_subquery()
    idle_until = case((whose == UserRole.ADMIN, now + ADMIN_IDLE), else_=now + IDLE)
    session.exec(
        update(SignIn)
        .where(col(SignIn.id) == session_id)
        .values(last_seen_at=now, idle_until=idle_until)
    )

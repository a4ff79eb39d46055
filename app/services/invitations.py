"""Inviting people by mail, whether they have an account or not.

The link is the secret; it is good for one person, once, for seven days. A seat is counted when
somebody is invited and again when they accept, in the same transaction.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlmodel import Session, col, func, select

from app.actor import Actor, Permission, Role
from app.clock import utc_now
from app.crypto import hash_token, new_token
from app.db import bind_workspace
from app.errors import Conflict, NotFound, PermissionDenied, ValidationFailed
from app.i18n import gettext as _
from app.i18n import mark
from app.ids import new_id
from app.models import Invitation, Membership, User, Workspace
from app.services import audit, rate_limits, seats, sessions, users, verification
from app.services.mails import letters, post
from app.services.members import OwnersOnly
from app.services.passwords import NewPassword
from app.services.rate_limits import Limit
from app.services.text import normal_address
from app.services.tokens import MAX_LENGTH, TokenSpent
from app.services.words import role_name

LIFE = dt.timedelta(days=7)


class AlreadyMember(Conflict):
    """The person is in the workspace."""

    code = "already_member"
    sentence = mark("This person is in the workspace already.")


class InvitedAlready(Conflict):
    """There is an open invitation for this address."""

    code = "invited_already"
    sentence = mark("This address is invited already. You can send the invitation again.")


class WrongPerson(PermissionDenied):
    """Somebody else is signed in than was invited."""

    code = "wrong_person"
    sentence = mark(
        "This invitation is for another e-mail address. Sign out, then open the link again."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationView:
    """An invitation on the team page."""

    id: UUID
    email: str
    role: Role
    sent_at: dt.datetime
    expires_at: dt.datetime
    is_expired: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferView:
    """What a link offers, on its page."""

    workspace_name: str
    email: str
    role: Role
    inviter_name: str | None
    has_account: bool


def create(session: Session, actor: Actor, *, email: str, role: Role) -> InvitationView:
    """Invite somebody; the mail leaves after the commit.

    Raises:
        ValidationFailed: no address.
        EmailNotVerified: one's own address is not confirmed.
        OwnersOnly: only owners invite owners.
        ProofNeeded: an owner is invited, and the password was not shown lately.
        AlreadyMember, InvitedAlready: there is nothing to do.
        SeatLimitReached: the plan has no seat for them.
        RateLimited: the workspace has sent too many.
    """
    actor.require(Permission.MEMBER_MANAGE)
    verification.require_verified(session, actor)
    address = normal_address(email)
    if not address:
        raise ValidationFailed({"email": _("This does not look like an e-mail address.")})
    if role is Role.OWNER:
        if actor.role is not Role.OWNER:
            raise OwnersOnly
        sessions.require_proof(session, actor)
    _count(actor)
    _lock(session, actor.workspace_id)
    user = users.find_by_email(session, address)
    if user is not None and _is_member(session, actor.workspace_id, user.id):
        raise AlreadyMember
    open_one = _find_open(session, actor.workspace_id, address)
    if open_one is not None and not _is_expired(open_one):
        raise InvitedAlready
    if open_one is not None:  # expired: it gives way to the new one
        open_one.withdrawn_at = utc_now()
        session.add(open_one)
        session.flush()
    seats.require_free(session, actor.workspace_id)
    token, now = new_token(), utc_now()
    row = Invitation(
        id=new_id(),
        workspace_id=actor.workspace_id,
        email=address,
        role=role,
        token_hash=hash_token(token),
        inviter_id=actor.user_id,
        sent_at=now,
        expires_at=now + LIFE,
    )
    session.add(row)
    _send(session, actor, row, token)
    _record(session, actor, "invitation.created", row)
    return _view(row)


def list_open(session: Session, actor: Actor) -> list[InvitationView]:
    """Return invitations that nobody has accepted, newest first."""
    actor.require(Permission.MEMBER_READ)
    rows = session.exec(
        select(Invitation)
        .where(
            col(Invitation.workspace_id) == actor.workspace_id,
            col(Invitation.accepted_at).is_(None),
            col(Invitation.withdrawn_at).is_(None),
        )
        .order_by(col(Invitation.created_at).desc())
    ).all()
    return [_view(row) for row in rows]


def resend(session: Session, actor: Actor, invitation_id: UUID) -> InvitationView:
    """Send the mail again with a new link; the older link is void.

    Raises:
        RateLimited: the workspace has sent too many.
        SeatLimitReached: it had expired, and its seat is taken meanwhile.
    """
    actor.require(Permission.MEMBER_MANAGE)
    verification.require_verified(session, actor)
    _count(actor)
    _lock(session, actor.workspace_id)
    row = _get_open(session, actor, invitation_id)
    token, now = new_token(), utc_now()
    if row.expires_at <= now:  # its seat was given back when it ran out
        seats.require_free(session, actor.workspace_id)
    row.token_hash, row.sent_at, row.expires_at = hash_token(token), now, now + LIFE
    session.add(row)
    _send(session, actor, row, token)
    _record(session, actor, "invitation.resent", row)
    return _view(row)


def withdraw(session: Session, actor: Actor, invitation_id: UUID) -> None:
    """Take an invitation back; its link is void."""
    actor.require(Permission.MEMBER_MANAGE)
    row = _get_open(session, actor, invitation_id)
    row.withdrawn_at = utc_now()
    session.add(row)
    _record(session, actor, "invitation.withdrawn", row)


def look_at(session: Session, token: str) -> OfferView:
    """Return what a link offers. System-only: a door; the link is the secret.

    Raises:
        TokenSpent: it was used, withdrawn, replaced, or is too old.
    """
    row = _of_token(session, token)
    return OfferView(
        workspace_name=row.workspace_name,
        email=row.email,
        role=Role(row.role),
        inviter_name=row.inviter_name,
        has_account=users.find_by_email(session, row.email) is not None,
    )


def accept(session: Session, token: str, user_id: UUID, *, sign_in: UUID | None = None) -> UUID:
    """Join the workspace; returns it. The mailed link proves the address, too.

    System-only: the edge knows who is signed in.

    Raises:
        TokenSpent: the link is not live.
        WrongPerson: it is for another address.
        SeatLimitReached: the plan has no seat left.
    """
    offer = _of_token(session, token)
    user = session.get_one(User, user_id)
    if user.email.lower() != offer.email.lower():
        raise WrongPerson
    bind_workspace(session, offer.workspace_id)
    _lock(session, offer.workspace_id)
    row = session.exec(
        select(Invitation)
        .where(
            col(Invitation.id) == offer.invitation_id,
            col(Invitation.accepted_at).is_(None),
            col(Invitation.withdrawn_at).is_(None),
            col(Invitation.token_hash) == hash_token(token),
        )
        .with_for_update()
    ).first()
    if row is None:
        raise TokenSpent
    row.accepted_at = utc_now()
    session.add(row)
    session.flush()
    if not _is_member(session, row.workspace_id, user_id):
        seats.require_free(session, row.workspace_id)
        session.add(Membership(workspace_id=row.workspace_id, user_id=user_id, role=row.role))
    user.email_verified_at = user.email_verified_at or utc_now()
    session.add(user)
    audit.record(
        session, row.workspace_id, "member.joined", user_id=user_id, role=Role(row.role).value
    )
    session.flush()
    if sign_in is not None:
        sessions.move(session, sign_in, row.workspace_id)
    sessions.ring_workspace(session, row.workspace_id)
    return row.workspace_id


def join(session: Session, token: str, *, name: str, password: NewPassword) -> UUID:
    """Make an account for who was invited, and join; returns the person. System-only: a door.

    Raises:
        TokenSpent: the link is not live.
        ValidationFailed: with a sentence for each field.
        EmailTaken: there is an account; sign in, then open the link again.
        SeatLimitReached: the plan has no seat left.
    """
    offer = _of_token(session, token)
    user_id = users.create_invited(session, name=name, email=offer.email, password=password)
    accept(session, token, user_id)
    return user_id


def _of_token(session: Session, token: str) -> "Row[Any]":
    row: Row[Any] | None = None
    if token and len(token) <= MAX_LENGTH:
        row = (
            session.connection()
            .execute(text("SELECT * FROM invitation_of_token(:hash)"), {"hash": hash_token(token)})
            .one_or_none()
        )
    if row is None or row.expires_at <= utc_now():
        raise TokenSpent
    return row


def _count(actor: Actor) -> None:
    """Count a mail, before anything is locked: counting asks Redis."""
    rate_limits.require((Limit.INVITE_WORKSPACE, str(actor.workspace_id)))


def _lock(session: Session, workspace_id: UUID) -> None:
    """Let one at a time count seats.

    Rows that only refer to the workspace can still be added, or whoever withdraws the invitation
    that is being accepted would wait for us with its diary entry, and we for them.
    """
    found = session.exec(
        select(col(Workspace.id))
        .where(col(Workspace.id) == workspace_id)
        .with_for_update(key_share=True)
    ).first()
    if found is None:
        raise NotFound


def _is_member(session: Session, workspace_id: UUID, user_id: UUID) -> bool:
    query = select(col(Membership.id)).where(
        col(Membership.workspace_id) == workspace_id, col(Membership.user_id) == user_id
    )
    return session.exec(query).first() is not None


def _find_open(session: Session, workspace_id: UUID, email: str) -> Invitation | None:
    return session.exec(
        select(Invitation).where(
            col(Invitation.workspace_id) == workspace_id,
            func.lower(Invitation.email) == email.lower(),
            col(Invitation.accepted_at).is_(None),
            col(Invitation.withdrawn_at).is_(None),
        )
    ).first()


def _get_open(session: Session, actor: Actor, invitation_id: UUID) -> Invitation:
    row = session.exec(
        select(Invitation)
        .where(
            col(Invitation.workspace_id) == actor.workspace_id,
            col(Invitation.id) == invitation_id,
            col(Invitation.accepted_at).is_(None),
            col(Invitation.withdrawn_at).is_(None),
        )
        .with_for_update()
    ).first()
    if row is None:
        raise NotFound
    return row


def _send(session: Session, actor: Actor, row: Invitation, token: str) -> None:
    inviter = session.get(User, actor.user_id) if actor.user_id else None
    workspace = session.get_one(Workspace, actor.workspace_id)
    post.post(
        session,
        row.email,
        letters.invitation(
            token,
            inviter=(inviter.name or inviter.email) if inviter else workspace.name,
            workspace=workspace.name,
            role=role_name(Role(row.role)),
        ),
        workspace_id=actor.workspace_id,
    )


def _record(session: Session, actor: Actor, action: str, row: Invitation) -> None:
    audit.record(
        session,
        actor.workspace_id,
        action,
        user_id=actor.user_id,
        subject=("invitation", row.id),
        email=row.email,
        role=Role(row.role).value,
    )


def _is_expired(row: Invitation) -> bool:
    return row.expires_at <= utc_now()


def _view(row: Invitation) -> InvitationView:
    return InvitationView(
        id=row.id,
        email=row.email,
        role=Role(row.role),
        sent_at=row.sent_at,
        expires_at=row.expires_at,
        is_expired=_is_expired(row),
    )

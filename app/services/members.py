"""Who is in a workspace, as what; changing a role, removing, leaving, handing it over.

The last owner cannot go. A change takes effect at the next click, and on open pages by a bell.
"""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, func, select

from app.actor import Actor, Permission, Role
from app.errors import Conflict, NotFound, PermissionDenied
from app.i18n import mark
from app.models import Membership, User
from app.models.user import Session as SignIn
from app.services import api_keys, audit, sessions, workspaces


class LastOwner(Conflict):
    """A workspace without an owner would belong to nobody."""

    code = "last_owner"
    sentence = mark("This is the workspace's only owner. Make somebody else an owner first.")


class OwnersOnly(PermissionDenied):
    """Only owners decide who is an owner."""

    code = "owners_only"
    sentence = mark("Only an owner can do this to an owner, or make somebody an owner.")


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberView:
    """A person in a workspace; `last_seen_at` is by a sign-in that is in this workspace."""

    user_id: UUID
    name: str
    email: str
    image: str | None
    role: Role
    joined_at: dt.datetime
    last_seen_at: dt.datetime | None
    has_second_factor: bool
    is_self: bool


def list_members(session: Session, actor: Actor) -> list[MemberView]:
    """Return everybody in the workspace: owners first, then by name."""
    actor.require(Permission.MEMBER_READ)
    last_seen = (
        select(func.max(SignIn.last_seen_at))
        .where(
            col(SignIn.user_id) == col(User.id),
            col(SignIn.workspace_id) == actor.workspace_id,  # what they do elsewhere is not told
        )
        .correlate(User)
        .scalar_subquery()
    )
    rows = session.exec(
        select(Membership, User, last_seen)
        .join(User, col(User.id) == col(Membership.user_id))
        .where(col(Membership.workspace_id) == actor.workspace_id)
    ).all()
    views = [
        MemberView(
            user_id=user.id,
            name=user.name,
            email=user.email,
            image=user.image,
            role=Role(membership.role),
            joined_at=membership.created_at,
            last_seen_at=seen_at,
            has_second_factor=user.totp_confirmed_at is not None,
            is_self=user.id == actor.user_id,
        )
        for membership, user, seen_at in rows
    ]
    return sorted(views, key=lambda view: (view.role.rank, view.name.lower()))


def change_role(session: Session, actor: Actor, user_id: UUID, role: Role) -> None:
    """Give a member another role.

    Raises:
        NotFound: not a member here.
        OwnersOnly: an owner is made or unmade by somebody who is none.
        ProofNeeded: the same, and the password was not shown lately.
        LastOwner: there would be no owner left.
    """
    actor.require(Permission.MEMBER_MANAGE)
    membership = _locked(session, actor.workspace_id, user_id)
    if membership.role is role:
        return
    if Role.OWNER in {membership.role, role}:
        _require_owner(actor)
        sessions.require_proof(session, actor)
    if membership.role is Role.OWNER:
        _require_another_owner(session, actor.workspace_id, user_id)
    before, membership.role = membership.role, role
    session.add(membership)
    _record(session, actor, "member.role_changed", user_id, before=before.value, after=role.value)
    session.flush()
    sessions.ring_member(session, user_id, actor.workspace_id)


def remove(session: Session, actor: Actor, user_id: UUID) -> None:
    """Take somebody out of the workspace; their open pages there close.

    Raises:
        NotFound: not a member here.
        OwnersOnly: an owner is removed by somebody who is none.
        LastOwner: there would be no owner left.
        ProofNeeded: an owner is removed, and the password was not shown lately.
    """
    actor.require(Permission.MEMBER_MANAGE)
    membership = _locked(session, actor.workspace_id, user_id)
    if membership.role is Role.OWNER:
        _require_owner(actor)
        sessions.require_proof(session, actor)
    _end(session, actor, membership, "member.removed")


def leave(session: Session, actor: Actor) -> None:
    """Leave the workspace at hand.

    Raises:
        LastOwner: there would be no owner left.
    """
    actor.require(Permission.CONVERSATION_READ)
    user_id = actor.require_person()
    _end(session, actor, _locked(session, actor.workspace_id, user_id), "member.left")


def transfer_ownership(session: Session, actor: Actor, user_id: UUID) -> None:
    """Make another member the owner in one's own place; one stays as an admin.

    Raises:
        NotFound: not a member here.
        OwnersOnly: one is no owner any longer.
        ProofNeeded: the password was not shown lately.
    """
    actor.require(Permission.WORKSPACE_TRANSFER)
    sessions.require_proof(session, actor)
    if actor.user_id is None or user_id == actor.user_id:
        raise NotFound
    rows = _lock(session, actor.workspace_id, actor.user_id, user_id)
    if rows[actor.user_id].role is not Role.OWNER:  # unmade at this moment
        raise OwnersOnly
    rows[user_id].role, rows[actor.user_id].role = Role.OWNER, Role.ADMIN
    for row in rows.values():
        session.add(row)
    _record(session, actor, "workspace.transferred", user_id)
    session.flush()
    for id_ in rows:
        sessions.ring_member(session, id_, actor.workspace_id)


def _end(session: Session, actor: Actor, membership: Membership, action: str) -> None:
    user_id = membership.user_id
    if membership.role is Role.OWNER:
        _require_another_owner(session, actor.workspace_id, user_id)
    session.delete(membership)
    _record(session, actor, action, user_id)
    api_keys.revoke_of(session, actor, user_id)
    session.flush()
    onward = workspaces.last_of(session, user_id, but=actor.workspace_id)
    sessions.leave_workspace(session, user_id, actor.workspace_id, onward=onward)


def _locked(session: Session, workspace_id: UUID, user_id: UUID) -> Membership:
    return _lock(session, workspace_id, user_id)[user_id]


def _lock(session: Session, workspace_id: UUID, *user_ids: UUID) -> dict[UUID, Membership]:
    """Return memberships; the owners' rows are locked with them, so that two cannot both go.

    All in one query, in one order: two changes at once never wait for each other.
    """
    rows = session.exec(
        select(Membership)
        .where(
            col(Membership.workspace_id) == workspace_id,
            col(Membership.user_id).in_(user_ids) | (col(Membership.role) == Role.OWNER),
        )
        .order_by(col(Membership.id))
        .with_for_update()
    ).all()
    for row in rows:
        session.refresh(row)
    found = {row.user_id: row for row in rows if row.user_id in user_ids}
    if len(found) < len(user_ids):
        raise NotFound
    return found


def _require_another_owner(session: Session, workspace_id: UUID, user_id: UUID) -> None:
    others = session.exec(
        select(func.count())
        .select_from(Membership)
        .where(
            col(Membership.workspace_id) == workspace_id,
            col(Membership.role) == Role.OWNER,
            col(Membership.user_id) != user_id,
        )
    ).one()
    if not others:
        raise LastOwner


def _require_owner(actor: Actor) -> None:
    if actor.role is not Role.OWNER:
        raise OwnersOnly


def _record(session: Session, actor: Actor, action: str, user_id: UUID, **details: str) -> None:
    user = session.get(User, user_id)
    audit.record(
        session,
        actor.workspace_id,
        action,
        user_id=actor.user_id,
        subject=("user", user_id),
        **({"member": user.email} if user else {}),
        **details,
    )

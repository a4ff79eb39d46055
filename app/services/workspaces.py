"""Workspaces: founding one, its name, logo and time zone, and which ones a person has."""

import zoneinfo
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from app.actor import Actor, Permission, Role
from app.db import bind_workspace
from app.errors import NotAuthenticated, ValidationFailed
from app.i18n import gettext as _
from app.ids import new_id
from app.models import Membership, User, Workspace
from app.models.user import Session as SignIn
from app.services import audit, plans, sessions
from app.services.text import is_name


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceView:
    """A workspace as its members see it."""

    id: UUID
    name: str
    time_zone: str
    logo: str | None
    role: Role


def found(session: Session, user_id: UUID, name: str) -> UUID:
    """Make a workspace with its owner; binds the session to it. System-only: signing up."""
    workspace = Workspace(id=new_id(), name=name.strip())
    bind_workspace(session, workspace.id)
    session.add(workspace)
    session.flush()
    session.add(Membership(workspace_id=workspace.id, user_id=user_id, role=Role.OWNER))
    session.flush()
    return workspace.id


def create(session: Session, user_id: UUID, name: str, *, sign_in: UUID | None) -> UUID:
    """Make another workspace on trial and go there with the sign-in at hand.

    System-only: the edge has checked whose cookie it is; somebody without any workspace may, too.

    Raises:
        ValidationFailed: the name will not do.
    """
    if not is_name(name):
        raise ValidationFailed({"name": _("Give the workspace a name, in at most 120 characters.")})
    workspace_id = found(session, user_id, name)
    plans.start_trial(session, workspace_id)
    audit.record(session, workspace_id, "workspace.created", user_id=user_id)
    if sign_in is not None:
        sessions.move(session, sign_in, workspace_id)
    return workspace_id


def get(session: Session, actor: Actor) -> WorkspaceView:
    """Return the workspace at hand."""
    actor.require(Permission.CONVERSATION_READ)
    row = session.get(Workspace, actor.workspace_id)
    if row is None:
        raise NotAuthenticated
    return WorkspaceView(
        id=row.id, name=row.name, time_zone=row.time_zone, logo=row.logo, role=actor.role
    )


def update(session: Session, actor: Actor, *, name: str, time_zone: str) -> WorkspaceView:
    """Change the name and the time zone of the workspace.

    Raises:
        ValidationFailed: with a sentence for each field.
    """
    actor.require(Permission.WORKSPACE_UPDATE)
    fields: dict[str, str] = {}
    if not is_name(name):
        fields["name"] = _("Give the workspace a name, in at most 120 characters.")
    if not is_time_zone(time_zone):
        fields["time_zone"] = _("Choose a time zone from the list.")
    if fields:
        raise ValidationFailed(fields)
    row = session.get_one(Workspace, actor.workspace_id)
    before = [row.name, row.time_zone]
    after = [name.strip(), time_zone]
    if before != after:
        row.name, row.time_zone = after
        session.add(row)
        audit.record(
            session,
            actor.workspace_id,
            "workspace.updated",
            user_id=actor.user_id,
            before=before,
            after=after,
        )
        sessions.ring_workspace(session, actor.workspace_id)
    return get(session, actor)


def list_own(session: Session, actor: Actor) -> list[WorkspaceView]:
    """Return every workspace of the person, by name."""
    rows = session.connection().execute(
        text(
            "SELECT workspace_id, name, time_zone, logo, role FROM workspaces_of_user(:id)"
            " ORDER BY lower(name), workspace_id"
        ),
        {"id": actor.require_person()},
    )
    return [
        WorkspaceView(
            id=row.workspace_id,
            name=row.name,
            time_zone=row.time_zone,
            logo=row.logo,
            role=Role(row.role),
        )
        for row in rows
    ]


def last_of(session: Session, user_id: UUID, *, but: UUID | None = None) -> UUID | None:
    """Return the workspace where a person was last, or any of theirs. System-only."""
    rows = session.connection().execute(
        text("SELECT workspace_id FROM workspaces_of_user(:id)"), {"id": user_id}
    )
    own = [row[0] for row in rows if row[0] != but]
    last = session.exec(
        select(col(SignIn.workspace_id))
        .join(User, col(User.id) == col(SignIn.user_id))
        .where(col(SignIn.user_id) == user_id, col(SignIn.workspace_id).in_(own))
        .order_by(col(SignIn.last_seen_at).desc())
        .limit(1)
    ).first()
    return last or (own[0] if own else None)


def is_time_zone(name: str) -> bool:
    """Tell whether this is the name of a time zone."""
    return name in zoneinfo.available_timezones()

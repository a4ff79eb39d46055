"""Faces and logos, drawn anew and kept in the database: at most 256 x 256 pixels, about 20 KB."""

from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, delete

from app.actor import Actor, Permission
from app.errors import NotFound, ValidationFailed
from app.i18n import gettext as _
from app.ids import new_id
from app.models import Picture, User, Workspace
from app.services import audit, drawing, sessions

MAX_BYTES = 5 * 1024 * 1024
SIDE = 256


class NoPicture(ValidationFailed):
    """The file is no picture that we can draw."""

    code = "no_picture"

    def __init__(self, sentence: str) -> None:
        super().__init__({"picture": sentence})


def redraw(data: bytes) -> bytes:
    """Return an uploaded picture as a square WebP of at most 256 pixels. Takes up to 10 s.

    Raises:
        NoPicture: too large, no PNG, JPEG, WebP or GIF, or made to hurt.
    """
    if len(data) > MAX_BYTES:
        raise NoPicture(_("This picture is larger than 5 MB. Choose a smaller one."))
    drawn = drawing.draw_square(data, SIDE)
    if drawn is None:
        raise NoPicture(_("This file is no picture that we can show. Use a PNG, JPEG or WebP."))
    return drawn.data


def set_own(session: Session, actor: Actor, drawn: bytes) -> str:
    """Take a redrawn picture as one's own; returns its address."""
    user = session.get_one(User, actor.require_person())
    session.exec(delete(Picture).where(col(Picture.user_id) == user.id))
    picture = Picture(id=new_id(), user_id=user.id, data=drawn)
    session.add(picture)
    user.image = _address(picture.id)
    session.add(user)
    sessions.ring_person(session, user.id)
    return user.image


def remove_own(session: Session, actor: Actor) -> None:
    """Go back to initials."""
    user = session.get_one(User, actor.require_person())
    session.exec(delete(Picture).where(col(Picture.user_id) == user.id))
    user.image = None
    session.add(user)
    sessions.ring_person(session, user.id)


def set_logo(session: Session, actor: Actor, drawn: bytes) -> str:
    """Take a redrawn picture as the workspace's logo; returns its address."""
    actor.require(Permission.WORKSPACE_UPDATE)
    session.exec(delete(Picture).where(col(Picture.workspace_id) == actor.workspace_id))
    picture = Picture(id=new_id(), workspace_id=actor.workspace_id, data=drawn)
    session.add(picture)
    workspace = session.get_one(Workspace, actor.workspace_id)
    workspace.logo = _address(picture.id)
    session.add(workspace)
    audit.record(session, actor.workspace_id, "workspace.logo_changed", user_id=actor.user_id)
    sessions.ring_workspace(session, actor.workspace_id)
    return workspace.logo


def remove_logo(session: Session, actor: Actor) -> None:
    """Go back to the product's mark."""
    actor.require(Permission.WORKSPACE_UPDATE)
    session.exec(delete(Picture).where(col(Picture.workspace_id) == actor.workspace_id))
    workspace = session.get_one(Workspace, actor.workspace_id)
    workspace.logo = None
    session.add(workspace)
    sessions.ring_workspace(session, actor.workspace_id)


def get(session: Session, actor: Actor, picture_id: UUID) -> bytes:
    """Return a picture of oneself, of somebody one works with, or of one's workspace.

    Raises:
        NotFound: it is anybody else's, or there is none.
    """
    found = session.connection().scalar(
        text("SELECT visible_picture(:picture, :person)"),
        {"picture": picture_id, "person": actor.require_person()},
    )
    if found is None:
        raise NotFound
    return bytes(found)


def _address(picture_id: UUID) -> str:
    return f"/media/pictures/{picture_id}"

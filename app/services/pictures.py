"""Faces and logos: whatever is uploaded is decoded in a bounded child and drawn anew, small.

So nothing of the file survives: no metadata, no second meaning, no size. Kept in the database:
at most 256 x 256 pixels, about 20 KB.
"""

import io
import multiprocessing
import resource
from multiprocessing.connection import Connection
from uuid import UUID

from PIL import Image, ImageOps, UnidentifiedImageError
from sqlalchemy import text
from sqlmodel import Session, col, delete

from app.actor import Actor, Permission
from app.errors import NotFound, ValidationFailed
from app.i18n import gettext as _
from app.ids import new_id
from app.models import Picture, User, Workspace
from app.services import audit, sessions

MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 40_000_000
SIDE = 256
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
CHILD_MEMORY, CHILD_S = 512 * 1024 * 1024, 10.0
CONTENT_TYPE = "image/webp"


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
    context = multiprocessing.get_context("forkserver")
    # Imported once, before the fork: a child's ten seconds are for decoding.
    context.set_forkserver_preload([__name__])
    ours, theirs = context.Pipe()
    child = context.Process(target=_redraw_in_child, args=(theirs, data), daemon=True)
    child.start()
    theirs.close()
    try:
        drawn = ours.recv_bytes() if ours.poll(CHILD_S) else b""
    except EOFError:  # it died, perhaps of its memory limit
        drawn = b""
    finally:
        child.kill()
        child.join()
    if not drawn:
        raise NoPicture(_("This file is no picture that we can show. Use a PNG, JPEG or WebP."))
    return drawn


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


def _redraw_in_child(answer: Connection, data: bytes) -> None:
    """Decode within limits: the format is read first, pixels are counted before they are made."""
    resource.setrlimit(resource.RLIMIT_AS, (CHILD_MEMORY, CHILD_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (int(CHILD_S), int(CHILD_S)))
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                return
            image.draft("RGB", (SIDE * 2, SIDE * 2))
            upright = ImageOps.exif_transpose(image).convert("RGBA")
            square = ImageOps.fit(upright, (SIDE, SIDE), Image.Resampling.LANCZOS)
            out = io.BytesIO()
            square.save(out, "WEBP", quality=85)
            answer.send_bytes(out.getvalue())
    except (UnidentifiedImageError, OSError, ValueError, MemoryError, SyntaxError):
        return

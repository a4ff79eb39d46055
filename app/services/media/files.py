"""The files of a workspace: what is known of one, and reading it."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, select

from app import db, queue
from app.actor import Actor, Permission
from app.clock import utc_now
from app.errors import NotFound
from app.ids import new_id
from app.models import MediaFile
from app.models.enums import MediaState
from app.queue import JobName
from app.services import drawing
from app.services.media.keep import thumbnail_key
from app.services.media.kinds import INLINE, UNKNOWN

CLOCKS = ("created_at", "updated_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Readable:
    """A file that may be read: where it is kept, and as what it is served.

    What a browser could run, or take for a page, is never shown inside ours: only saved.
    """

    key: str
    content_type: str
    filename: str
    is_inline: bool


def readable(session: Session, actor: Actor, file_id: UUID, *, is_small: bool = False) -> Readable:
    """Return how to read a file, or the small picture of it where there is one.

    Raises:
        NotFound: it is missing, another workspace's, or not there yet.
    """
    actor.require(Permission.CONVERSATION_READ)
    row = stored(session, actor, file_id)
    if row.storage_key is None:
        raise NotFound
    if is_small and row.has_thumbnail:
        return Readable(
            key=thumbnail_key(row.storage_key),
            content_type=drawing.CONTENT_TYPE,
            filename="",
            is_inline=True,
        )
    content_type = row.content_type or UNKNOWN
    return Readable(
        key=row.storage_key,
        content_type=content_type,
        filename=row.filename or "",
        is_inline=content_type in INLINE,
    )


def stored(session: Session, actor: Actor, file_id: UUID) -> MediaFile:
    """Return the row of a file that is here. System-only: the caller has asked what one may.

    Raises:
        NotFound: it is missing, another workspace's, or not there yet.
    """
    row = session.exec(
        select(MediaFile).where(
            col(MediaFile.workspace_id) == actor.workspace_id,
            col(MediaFile.id) == file_id,
            col(MediaFile.state) == MediaState.STORED,
        )
    ).first()
    if row is None:
        raise NotFound
    return row


def give(session: Session, workspace_id: UUID, file_id: UUID, message_id: UUID) -> None:
    """Let a message that is being queued have a file: what is stored is the same for all of them.

    System-only: `sending`, which has the message's own file checked before.
    """
    session.flush()
    original = session.exec(
        select(MediaFile)
        .where(col(MediaFile.workspace_id) == workspace_id, col(MediaFile.id) == file_id)
        .with_for_update(read=True)  # `unused` must not forget it meanwhile
    ).first()
    if original is None:
        raise NotFound
    shared = original.model_dump(exclude={"id", "message_id", "meta_media_id", *CLOCKS})
    session.add(MediaFile(**shared, id=new_id(), message_id=message_id))


def fetch_again(session: Session, actor: Actor, file_id: UUID) -> None:
    """Have a file fetched that did not come; one that is there stays as it is.

    Raises:
        NotFound: it is missing or another workspace's.
    """
    actor.require(Permission.MESSAGE_SEND)
    row = session.exec(
        select(MediaFile)
        .where(col(MediaFile.workspace_id) == actor.workspace_id, col(MediaFile.id) == file_id)
        .with_for_update()
    ).first()
    if row is None:
        raise NotFound
    if row.state is MediaState.FAILED and row.meta_media_id:
        row.state, row.error, row.next_attempt_at = MediaState.PENDING, None, utc_now()
        session.flush()
        db.after_commit(session, _ring)


def _ring() -> None:
    queue.ring(JobName.DRAIN_MEDIA)

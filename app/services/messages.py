"""The thread: reading it, and what changed in it. `sending` writes into it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Select, tuple_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.actor import Actor, Permission
from app.errors import NotFound
from app.models import Conversation, MediaFile, Message, User
from app.models.enums import MediaState, MessageDirection, MessageStatus, MessageType
from app.pagination import Cursor
from app.services.whatsapp.errors import meaning

PAGE = 50
MOST_CHANGES = 200  # a view that is further behind loads afresh
GIVEN_UP = "given_up"  # a member of the error of a message that a person has stopped


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaView:
    """The file of a message; `content_type` is what its bytes are once it is STORED."""

    id: UUID
    state: MediaState
    content_type: str | None
    filename: str | None
    size_bytes: int | None
    width: int | None
    height: int | None
    has_thumbnail: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceView:
    """The message of the same conversation that one answers, reacts to, changes or deletes."""

    id: UUID
    direction: MessageDirection
    type: MessageType
    text: str | None
    content: dict[str, Any]
    is_echo: bool
    sender_name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageView:
    """A message as the thread shows it."""

    id: UUID
    conversation_id: UUID
    client_ref: UUID | None
    direction: MessageDirection
    type: MessageType
    status: MessageStatus
    text: str | None
    content: dict[str, Any]
    context: dict[str, Any] | None
    error: dict[str, Any] | None
    sent_at: dt.datetime
    change_seq: int
    sender_name: str | None
    is_echo: bool
    media: MediaView | None = None
    refers_to: ReferenceView | None = None

    @property
    def cursor(self) -> str:
        """Its place in the thread."""
        return Cursor(self.sent_at, self.id).encode()

    @property
    def can_retry(self) -> bool:
        """Whether a person may send a failed message again."""
        code = int((self.error or {}).get("code") or 0)
        return self.status is MessageStatus.FAILED and meaning(code).is_retryable

    @property
    def is_tried_again(self) -> bool:
        """Whether WhatsApp refused it for now: it waits for its next try, or is being tried."""
        is_open = self.status in {MessageStatus.QUEUED, MessageStatus.SENDING}
        return is_open and self.error is not None

    @property
    def can_give_up(self) -> bool:
        """Whether a person may stop trying: the next messages of the conversation wait for it."""
        return self.is_tried_again and self.status is MessageStatus.QUEUED


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadWindow:
    """A stretch of a thread, oldest first, and the sequence number up to which it is complete.

    Of changes, `is_complete` is false where there are too many to list: load the window afresh.
    """

    messages: list[MessageView]
    change_seq: int
    has_older: bool
    window_expires_at: dt.datetime | None
    is_complete: bool = True


def window(
    session: Session,
    actor: Actor,
    conversation_id: UUID,
    *,
    before: Cursor | None = None,
    limit: int = PAGE,
) -> ThreadWindow:
    """Return the newest messages, or those before a place.

    The sequence number is read first: a change committed in between comes twice, never not at all.

    Raises:
        NotFound: the conversation is missing or another workspace's.
    """
    actor.require(Permission.CONVERSATION_READ)
    seq, window_until = _head(session, actor, conversation_id)
    query = _messages(actor, conversation_id)
    if before is not None:
        query = query.where(tuple_(col(Message.sent_at), col(Message.id)) < (before.at, before.id))
    query = query.order_by(col(Message.sent_at).desc(), col(Message.id).desc()).limit(limit + 1)
    rows = session.connection().execute(query).all()
    views = [_view(*row) for row in rows[:limit]][::-1]
    return ThreadWindow(
        messages=views,
        change_seq=seq,
        has_older=len(rows) > limit,
        window_expires_at=window_until,
    )


def changes_since(session: Session, actor: Actor, conversation_id: UUID, seq: int) -> ThreadWindow:
    """Return what changed after `seq`, in the thread's order, with the new sequence number.

    More than 200 changes are not listed: the answer is not complete.

    Raises:
        NotFound: the conversation is missing or another workspace's.
    """
    actor.require(Permission.CONVERSATION_READ)
    newest, window_until = _head(session, actor, conversation_id)
    rows: Sequence[Any] = []
    if newest > seq:
        query = (
            _messages(actor, conversation_id)
            .where(col(Message.change_seq) > seq)
            .order_by(col(Message.sent_at), col(Message.id))
            .limit(MOST_CHANGES + 1)
        )
        rows = session.connection().execute(query).all()
    is_complete = len(rows) <= MOST_CHANGES
    return ThreadWindow(
        messages=[_view(*row) for row in rows] if is_complete else [],
        change_seq=newest,
        has_older=False,
        window_expires_at=window_until,
        is_complete=is_complete,
    )


def get(session: Session, actor: Actor, message_id: UUID) -> MessageView:
    """Return one message as the thread shows it. System-only: whoever wrote it has asked.

    Raises:
        NotFound: it is missing or another workspace's.
    """
    row = (
        session.connection()
        .execute(
            _columns().where(
                col(Message.workspace_id) == actor.workspace_id, col(Message.id) == message_id
            )
        )
        .one_or_none()
    )
    if row is None:
        raise NotFound
    return _view(*row)


def _head(session: Session, actor: Actor, conversation_id: UUID) -> tuple[int, dt.datetime | None]:
    """Return the sequence number and the end of the 24-hour window."""
    row = session.exec(
        select(Conversation.change_seq, Conversation.window_expires_at).where(
            col(Conversation.workspace_id) == actor.workspace_id,
            col(Conversation.id) == conversation_id,
        )
    ).first()
    if row is None:
        raise NotFound
    return row[0], row[1]


def _messages(actor: Actor, conversation_id: UUID) -> Select[*tuple[Any, ...]]:
    return _columns().where(
        col(Message.workspace_id) == actor.workspace_id,
        col(Message.conversation_id) == conversation_id,
    )


def _columns() -> Select[*tuple[Any, ...]]:
    return sa.select(
        col(Message.id),
        col(Message.conversation_id),
        col(Message.client_ref),
        col(Message.direction),
        col(Message.type),
        col(Message.status),
        col(Message.text),
        col(Message.content),
        col(Message.context),
        col(Message.error),
        col(Message.sent_at),
        col(Message.change_seq),
        col(User.name),
        col(Message.is_echo),
        *(getattr(MediaFile, name) for name in MEDIA),
        *(getattr(Referred, name) for name in REFERENCE[:-1]),
        col(ReferredAuthor.name),
    ).select_from(
        sa.join(Message, User, col(User.id) == col(Message.sender_id), isouter=True)
        .join(
            MediaFile,
            sa.and_(
                col(MediaFile.workspace_id) == col(Message.workspace_id),
                col(MediaFile.message_id) == col(Message.id),
            ),
            isouter=True,
        )
        .join(
            Referred,
            sa.and_(
                col(Referred.workspace_id) == col(Message.workspace_id),
                col(Referred.phone_number_id) == col(Message.phone_number_id),
                col(Referred.wamid) == REFERRED_WAMID,
                col(Referred.conversation_id) == col(Message.conversation_id),
            ),
            isouter=True,
        )
        .join(ReferredAuthor, col(ReferredAuthor.id) == col(Referred.sender_id), isouter=True)
    )


MEDIA = tuple(MediaView.__dataclass_fields__)
REFERENCE = tuple(ReferenceView.__dataclass_fields__)
OWN = tuple(MessageView.__dataclass_fields__)[:-2]
Referred, ReferredAuthor = aliased(Message), aliased(User)
# Meta's id of the message referred to: by a reaction, by a change or deletion, by an answer.
REFERRED_WAMID = sa.func.coalesce(
    col(Message.content)["message_id"].astext,
    col(Message.content)["original_message_id"].astext,
    col(Message.context)["id"].astext,
)


def _view(*row: Any) -> MessageView:
    own, rest = row[: len(OWN)], row[len(OWN) :]
    file = dict(zip(MEDIA, rest[: len(MEDIA)], strict=True))
    referred = dict(zip(REFERENCE, rest[len(MEDIA) :], strict=True))
    return MessageView(
        **dict(zip(OWN, own, strict=True)),
        media=MediaView(**file) if file["id"] else None,
        refers_to=ReferenceView(**referred) if referred["id"] else None,
    )

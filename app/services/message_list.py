"""Messages across conversations, newest first, and one with its history: what programs read."""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Select, tuple_
from sqlmodel import Session, col, func, select

from app.actor import Actor, Permission
from app.errors import NotFound
from app.models import Contact, MediaFile, Message, MessageStatusEntry, PhoneNumber
from app.models.enums import MessageDirection, MessageStatus, MessageType
from app.pagination import Cursor, Page, Slice


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedMessage:
    """A message with whom it is from or for, and over which number it went."""

    id: UUID
    conversation_id: UUID
    type: MessageType
    content: dict[str, Any]
    direction: MessageDirection
    status: MessageStatus
    error: dict[str, Any] | None
    sent_at: dt.datetime
    wamid: str | None
    contact_id: UUID
    contact_name: str | None
    contact_phone_number: str | None
    phone_number_id: UUID
    phone_number: str
    display_name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusNews:
    """What WhatsApp told about a message, in its own word."""

    status: str
    occurred_at: dt.datetime
    errors: list[dict[str, Any]] | None


def list_page(
    session: Session,
    actor: Actor,
    part: Slice,
    *,
    contact_id: UUID | None = None,
    phone_number_id: UUID | None = None,
) -> Page[ListedMessage]:
    """Return a page of the workspace's messages, newest first.

    A contact or number that is missing, or another workspace's, has none.
    """
    actor.require(Permission.CONVERSATION_READ)
    query = _rows(actor).order_by(col(Message.sent_at).desc(), col(Message.id).desc())
    if contact_id is not None:
        query = query.where(col(Message.contact_id) == contact_id)
    if phone_number_id is not None:
        query = query.where(col(Message.phone_number_id) == phone_number_id)
    if part.after is not None:
        after = part.after
        query = query.where(tuple_(col(Message.sent_at), col(Message.id)) < (after.at, after.id))
    rows = session.connection().execute(query.offset(part.skip).limit(part.limit + 1)).all()
    items = [_view(*row) for row in rows[: part.limit]]
    more = len(rows) > part.limit
    return Page(
        items=items,
        next_cursor=Cursor(items[-1].sent_at, items[-1].id).encode() if more else None,
    )


def get(session: Session, actor: Actor, message_id: UUID) -> tuple[ListedMessage, list[StatusNews]]:
    """Return a message and what was told about it, in the order in which it happened.

    Raises:
        NotFound: it is missing, or another workspace's.
    """
    actor.require(Permission.CONVERSATION_READ)
    found = show(session, actor, message_id)
    news = session.exec(
        select(MessageStatusEntry)
        .where(
            col(MessageStatusEntry.workspace_id) == actor.workspace_id,
            col(MessageStatusEntry.message_id) == message_id,
        )
        .order_by(col(MessageStatusEntry.occurred_at), col(MessageStatusEntry.id))
    ).all()
    return found, [
        StatusNews(status=one.status, occurred_at=one.occurred_at, errors=one.errors)
        for one in news
    ]


def show(session: Session, actor: Actor, message_id: UUID) -> ListedMessage:
    """Return a message to who has just written it, and may perhaps read nothing else.

    System-only: the edges, after sending.

    Raises:
        NotFound: it is missing, or another workspace's.
    """
    row = (
        session.connection()
        .execute(_rows(actor).where(col(Message.id) == message_id))
        .one_or_none()
    )
    if row is None:
        raise NotFound
    return _view(*row)


def _rows(actor: Actor) -> Select[*tuple[Any, ...]]:
    return (
        sa.select(
            col(Message.id),
            col(Message.conversation_id),
            col(Message.type),
            col(Message.content),
            col(Message.direction),
            col(Message.status),
            col(Message.error),
            col(Message.sent_at),
            col(Message.wamid),
            col(Message.contact_id),
            func.coalesce(func.nullif(Contact.name, ""), func.nullif(Contact.profile_name, "")),
            col(Contact.phone_number),
            col(Message.phone_number_id),
            col(PhoneNumber.phone_number),
            col(PhoneNumber.display_name),
            col(MediaFile.id),
        )
        .join(
            MediaFile,
            sa.and_(
                col(MediaFile.workspace_id) == col(Message.workspace_id),
                col(MediaFile.message_id) == col(Message.id),
            ),
            isouter=True,
        )
        .join(Contact, col(Contact.id) == col(Message.contact_id))
        .join(PhoneNumber, col(PhoneNumber.id) == col(Message.phone_number_id))
        .where(
            col(Message.workspace_id) == actor.workspace_id,
            col(Contact.workspace_id) == actor.workspace_id,
            col(PhoneNumber.workspace_id) == actor.workspace_id,
        )
    )


def _view(*row: Any) -> ListedMessage:
    *own, file_id = row
    listed = ListedMessage(**dict(zip(ListedMessage.__dataclass_fields__, own, strict=True)))
    if file_id is None:
        return listed
    # Programs read the file by our id of it, whoever sent it; Meta's is of no use to them.
    return replace(listed, content={**listed.content, "mediaId": str(file_id)})

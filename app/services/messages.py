"""The thread: reading it, what changed in it, writing into it.

Sending is claim, transmit, record: this file only queues; `outbox` does the rest.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Select, tuple_
from sqlmodel import Session, col, select

from app import crash, db, events, queue
from app.actor import Actor, Permission
from app.clock import utc_now
from app.db import after_commit
from app.errors import Conflict, NotFound, ValidationFailed
from app.i18n import gettext as _
from app.i18n import mark
from app.ids import new_id
from app.models import Conversation, Message, PhoneNumber, User
from app.models.enums import MessageDirection, MessageStatus, MessageType, PhoneNumberStatus
from app.pagination import Cursor
from app.queue import JobName
from app.services import plans, previews
from app.services.text import is_storable
from app.services.whatsapp.errors import meaning
from app.services.whatsapp.outbound import MAX_TEXT

PAGE = 50
MOST_CHANGES = 200  # a view that is further behind loads afresh
GIVEN_UP = "given_up"


class OutsideServiceWindow(Conflict):
    """WhatsApp lets one answer freely for 24 hours after the customer's last message."""

    code = "outside_service_window"
    sentence = mark(
        "The 24-hour window has closed: more than 24 hours have passed since the customer's last"
        " message."
    )


class NumberNotReady(Conflict):
    """The number cannot send (yet, or any more)."""

    code = "number_not_ready"
    sentence = mark("This phone number is not connected, so it cannot send.")


class NotRepeatable(Conflict):
    """Only a failed message that may be tried again, or an uncertain one, is sent again."""

    code = "not_repeatable"
    sentence = mark("This message cannot be sent again as it is.")


class NotGivenUp(Conflict):
    """Only a message that waits to be tried again can be stopped."""

    code = "not_given_up"
    sentence = mark("This message is being sent, or its sending is over.")


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


def send_text(
    session: Session, actor: Actor, conversation_id: UUID, *, text: str, client_ref: UUID
) -> MessageView:
    """Queue a text; the same `client_ref` again returns the first message.

    Raises:
        PermissionDenied, ValidationFailed, NotFound, SubscriptionRequired, NumberNotReady,
        OutsideServiceWindow: in this order; nothing is queued.
    """
    actor.require(Permission.MESSAGE_SEND)
    text = text.strip()
    if not text or len(text) > MAX_TEXT or not is_storable(text):
        raise ValidationFailed({"text": _("Write between 1 and 4,096 characters.")})
    conversation = _lock(session, actor, conversation_id)
    if known := _by_client_ref(session, actor, client_ref):
        return known
    plans.require_sending(session, actor.workspace_id)
    _require_ready(session, conversation)
    now = utc_now()
    if conversation.window_expires_at is None or conversation.window_expires_at <= now:
        raise OutsideServiceWindow
    message = Message(
        id=new_id(),
        workspace_id=actor.workspace_id,
        conversation_id=conversation.id,
        contact_id=conversation.contact_id,
        phone_number_id=conversation.phone_number_id,
        client_ref=client_ref,
        direction=MessageDirection.OUTBOUND,
        type=MessageType.TEXT,
        content={"text": text},
        text=text,
        status=MessageStatus.QUEUED,
        sent_at=now,
        sender_id=actor.user_id,
        next_attempt_at=now,
    )
    session.add(message)
    _show_as_newest(conversation, message)
    _stamp(session, conversation, message)
    return _get(session, actor, message.id)


def send_again(session: Session, actor: Actor, message_id: UUID) -> MessageView:
    """Queue a failed or uncertain message again: a person decided that.

    Raises:
        NotFound, NotRepeatable, SubscriptionRequired, NumberNotReady, OutsideServiceWindow.
    """
    actor.require(Permission.MESSAGE_SEND)
    conversation, message, view = _lock_message(session, actor, message_id)
    if not (view.can_retry or view.status is MessageStatus.UNCERTAIN):
        raise NotRepeatable
    plans.require_sending(session, actor.workspace_id)
    _require_ready(session, conversation)
    if conversation.window_expires_at is None or conversation.window_expires_at <= utc_now():
        raise OutsideServiceWindow
    message.status, message.error = MessageStatus.QUEUED, None
    message.wamid, message.resend_count = None, message.resend_count + 1
    message.attempt_count, message.next_attempt_at = 0, utc_now()
    _stamp(session, conversation, message)
    previews.show_status(db.driver(session), [conversation.id])
    return _get(session, actor, message.id)


def give_up(session: Session, actor: Actor, message_id: UUID) -> MessageView:
    """Fail a message that waits to be tried again: it was not sent, and the next ones may go.

    Raises:
        NotFound, NotGivenUp.
    """
    actor.require(Permission.MESSAGE_SEND)
    conversation, message, view = _lock_message(session, actor, message_id)
    if not view.can_give_up:
        raise NotGivenUp
    message.status, message.next_attempt_at = MessageStatus.FAILED, None
    message.error = {**(message.error or {}), GIVEN_UP: True}
    _stamp(session, conversation, message)
    previews.show_status(db.driver(session), [conversation.id])
    return _get(session, actor, message.id)


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


def _lock(session: Session, actor: Actor, conversation_id: UUID) -> Conversation:
    conversation = session.exec(
        select(Conversation)
        .where(
            col(Conversation.workspace_id) == actor.workspace_id,
            col(Conversation.id) == conversation_id,
        )
        .with_for_update()
    ).first()
    if conversation is None:
        raise NotFound
    return conversation


def _lock_message(
    session: Session, actor: Actor, message_id: UUID
) -> tuple[Conversation, Message, MessageView]:
    """Lock the conversation, then the message; returns both, and the message as it is then."""
    conversation = _lock(session, actor, _get(session, actor, message_id).conversation_id)
    message = session.exec(
        select(Message)
        .where(col(Message.workspace_id) == actor.workspace_id, col(Message.id) == message_id)
        .with_for_update()
    ).one()
    return conversation, message, _get(session, actor, message_id)


def _require_ready(session: Session, conversation: Conversation) -> None:
    number = session.exec(
        select(PhoneNumber).where(
            col(PhoneNumber.workspace_id) == conversation.workspace_id,
            col(PhoneNumber.id) == conversation.phone_number_id,
        )
    ).one()
    if number.status is not PhoneNumberStatus.VERIFIED or number.disconnected_at is not None:
        raise NumberNotReady


def _show_as_newest(conversation: Conversation, message: Message) -> None:
    conversation.last_message_id = message.id
    conversation.last_message_at = message.sent_at
    conversation.last_message_text = previews.preview(message.text)
    conversation.last_message_type = message.type
    conversation.last_message_direction = message.direction
    conversation.last_message_status = message.status


def _stamp(session: Session, conversation: Conversation, message: Message) -> None:
    """Raise the locked conversation's sequence, stamp the message, ring after the commit."""
    conversation.change_seq += 1
    message.change_seq = conversation.change_seq
    session.flush()
    events.ring(
        session,
        *events.conversation_bells(
            conversation.workspace_id, conversation.id, conversation.change_seq
        ),
    )
    after_commit(session, _ring_outbox)


def _ring_outbox() -> None:
    crash.point("message.queued")
    queue.ring(JobName.DRAIN_OUTBOX)


def _by_client_ref(session: Session, actor: Actor, client_ref: UUID) -> MessageView | None:
    found = session.exec(
        select(Message.id).where(
            col(Message.workspace_id) == actor.workspace_id, col(Message.client_ref) == client_ref
        )
    ).first()
    return _get(session, actor, found) if found else None


def _get(session: Session, actor: Actor, message_id: UUID) -> MessageView:
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
    ).join(User, col(User.id) == col(Message.sender_id), isouter=True)


def _view(*row: Any) -> MessageView:
    names = MessageView.__dataclass_fields__
    return MessageView(**dict(zip(names, row, strict=True)))

"""Writing to a customer: every message goes this way, and no other.

Sending is claim, transmit, record: this file only queues; `outbox` does the rest.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from app import crash, db, events, queue
from app.actor import Actor, Permission
from app.clock import utc_now
from app.db import after_commit
from app.errors import Conflict, NotFound, ValidationFailed
from app.i18n import gettext as _
from app.i18n import mark
from app.ids import new_id
from app.models import Contact, Conversation, Message, PhoneNumber
from app.models.enums import (
    MessageDirection,
    MessageStatus,
    MessageType,
    PhoneNumberStatus,
    TemplateCategory,
)
from app.queue import JobName
from app.services import messages, plans, previews
from app.services.media import files
from app.services.messages import GIVEN_UP, MessageView
from app.services.text import is_storable
from app.services.whatsapp.outbound import MAX_TEXT


class OutsideServiceWindow(Conflict):
    """WhatsApp lets one answer freely for 24 hours after the customer's last message."""

    code = "outside_service_window"
    sentence = mark(
        "The 24-hour window has closed: more than 24 hours have passed since the customer's last"
        " message."
    )


class ContactOptedOut(Conflict):
    """The customer wants no marketing."""

    code = "contact_opted_out"
    sentence = mark("This customer has said that they want no marketing messages.")


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
class Written:
    """What somebody wants sent: `content` as it is kept and goes to Meta, `text` as it reads.

    `answers` is Meta's id of the message that it quotes, `file_id` the file that goes with it.
    """

    type: MessageType
    content: dict[str, Any]
    text: str | None
    answers: str | None = None
    file_id: UUID | None = None


def text_of(text: str) -> Written:
    """Return a text message.

    Raises:
        ValidationFailed: it is empty or too long.
    """
    written = text.strip()
    if not written or len(written) > MAX_TEXT or not is_storable(written):
        raise ValidationFailed({"text": _("Write between 1 and 4,096 characters.")})
    return Written(type=MessageType.TEXT, content={"text": written}, text=written)


def send_text(
    session: Session, actor: Actor, conversation_id: UUID, *, text: str, client_ref: UUID
) -> MessageView:
    """Queue a text; the same `client_ref` again returns the first message.

    Raises:
        PermissionDenied, ValidationFailed, NotFound, SubscriptionRequired, NumberNotReady,
        OutsideServiceWindow: in this order; nothing is queued.
    """
    actor.require(Permission.MESSAGE_SEND)
    return send(session, actor, conversation_id, message=text_of(text), client_ref=client_ref)


def send(
    session: Session, actor: Actor, conversation_id: UUID, *, message: Written, client_ref: UUID
) -> MessageView:
    """Queue a message; the same `client_ref` again returns the first one.

    Raises:
        PermissionDenied, NotFound, SubscriptionRequired, NumberNotReady, OutsideServiceWindow,
        ContactOptedOut (marketing only): in this order; nothing is queued.
    """
    actor.require(Permission.MESSAGE_SEND)
    conversation = _lock(session, actor, conversation_id)
    if known := _by_client_ref(session, actor, client_ref):
        return known
    _require_allowed(session, conversation, message.type, message.content)
    now = utc_now()
    row = Message(
        id=new_id(),
        workspace_id=actor.workspace_id,
        conversation_id=conversation.id,
        contact_id=conversation.contact_id,
        phone_number_id=conversation.phone_number_id,
        client_ref=client_ref,
        direction=MessageDirection.OUTBOUND,
        type=message.type,
        content=message.content,
        text=message.text,
        context={"id": message.answers} if message.answers else None,
        status=MessageStatus.QUEUED,
        sent_at=now,
        sender_id=actor.user_id,
        next_attempt_at=now,
    )
    session.add(row)
    if message.file_id is not None:
        files.give(session, actor.workspace_id, message.file_id, row.id)
    if message.type is not MessageType.REACTION:
        _show_as_newest(conversation, row)
    _stamp(session, conversation, row)
    return messages.get(session, actor, row.id)


def send_again(session: Session, actor: Actor, message_id: UUID) -> MessageView:
    """Queue a failed or uncertain message again: a person decided that.

    Raises:
        NotFound, NotRepeatable, SubscriptionRequired, NumberNotReady, OutsideServiceWindow.
    """
    actor.require(Permission.MESSAGE_SEND)
    conversation, message, view = _lock_message(session, actor, message_id)
    if not (view.can_retry or view.status is MessageStatus.UNCERTAIN):
        raise NotRepeatable
    _require_allowed(session, conversation, message.type, message.content)
    message.status, message.error = MessageStatus.QUEUED, None
    message.wamid, message.resend_count = None, message.resend_count + 1
    message.attempt_count, message.next_attempt_at = 0, utc_now()
    _stamp(session, conversation, message)
    previews.show_status(db.driver(session), [conversation.id])
    return messages.get(session, actor, message.id)


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
    return messages.get(session, actor, message.id)


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
    found = messages.get(session, actor, message_id)
    conversation = _lock(session, actor, found.conversation_id)
    message = session.exec(
        select(Message)
        .where(col(Message.workspace_id) == actor.workspace_id, col(Message.id) == message_id)
        .with_for_update()
    ).one()
    return conversation, message, messages.get(session, actor, message_id)


def _require_allowed(
    session: Session, conversation: Conversation, kind: MessageType, content: dict[str, Any]
) -> None:
    """Make sure that this message may go now; a template may where a text may not any more."""
    plans.require_sending(session, conversation.workspace_id)
    number = session.exec(
        select(PhoneNumber).where(
            col(PhoneNumber.workspace_id) == conversation.workspace_id,
            col(PhoneNumber.id) == conversation.phone_number_id,
        )
    ).one()
    if number.status is not PhoneNumberStatus.VERIFIED or number.disconnected_at is not None:
        raise NumberNotReady
    until = conversation.window_expires_at
    if kind is not MessageType.TEMPLATE and (until is None or until <= utc_now()):
        raise OutsideServiceWindow
    if content.get("category") == TemplateCategory.MARKETING:
        contact = session.get_one(Contact, conversation.contact_id)
        if contact.opted_out_at is not None:
            raise ContactOptedOut


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
    return messages.get(session, actor, found) if found else None

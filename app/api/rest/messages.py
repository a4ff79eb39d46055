"""Messages: reading them, sending one."""

from typing import Any
from uuid import UUID

from app.actor import Permission
from app.api.rest.new_messages import NewMessage, contact_name_of, written
from app.api.rest.operation import CurrentCall, new_router, operation
from app.api.rest.shapes import Answer, Moment, Part
from app.errors import ValidationFailed
from app.i18n import gettext as _
from app.models.enums import MessageDirection, MessageStatus, MessageType
from app.services import direct_messages, message_list
from app.services.message_list import ListedMessage, StatusNews

router = new_router("Messages")


class Contact(Answer):
    """Whom a message is from, or for."""

    id: UUID
    name: str | None
    phone_number: str | None


class Number(Answer):
    """Over which of our numbers it went."""

    id: UUID
    phone_number: str
    display_name: str | None


class Message(Answer):
    """A message."""

    id: UUID
    conversation_id: UUID
    type: MessageType
    content: dict[str, Any]
    direction: MessageDirection
    status: MessageStatus
    error: dict[str, Any] | None
    timestamp: Moment
    wa_message_id: str | None
    contact: Contact
    phone_number: Number


class StatusEntry(Answer):
    """What WhatsApp told about a message."""

    status: str
    timestamp: Moment
    errors: list[dict[str, Any]] | None


class MessageDetails(Message):
    """A message with its history."""

    statuses: list[StatusEntry]


class Messages(Answer):
    """A page of messages, newest first."""

    messages: list[Message]
    next_cursor: str | None


class OneMessage(Answer):
    """One message."""

    message: Message


class OneMessageDetails(Answer):
    """One message with its history."""

    message: MessageDetails


@router.get("/messages")
@operation(Permission.CONVERSATION_READ)
def list_messages(
    call: CurrentCall,
    part: Part,
    contactId: UUID | None = None,  # noqa: N803  # as programs write it
    phoneNumberId: UUID | None = None,  # noqa: N803  # same
) -> Messages:
    """Return messages of the workspace, or of one contact or number, newest first."""
    page = message_list.list_page(
        call.session, call.actor, part, contact_id=contactId, phone_number_id=phoneNumberId
    )
    return Messages(messages=[_message(one) for one in page.items], next_cursor=page.next_cursor)


@router.get("/messages/{id}")
@operation(Permission.CONVERSATION_READ)
def get_message(call: CurrentCall, id: UUID) -> OneMessageDetails:  # noqa: A002  # as documented
    """Return a message with all that WhatsApp told about it."""
    found, news = message_list.get(call.session, call.actor, id)
    return OneMessageDetails(
        message=MessageDetails(**_members(found), statuses=[_entry(one) for one in news])
    )


@router.post("/messages", status_code=201)
@operation(Permission.MESSAGE_SEND)
def send_message(call: CurrentCall, body: NewMessage) -> OneMessage:
    """Queue a message; its status follows by itself."""
    recipient = body.to if body.contact_id is None else body.contact_id
    if recipient is None or (body.to is not None and body.contact_id is not None):
        raise ValidationFailed({"to": _("Name the recipient by to or by contactId, one of them.")})
    sent = direct_messages.send(
        call.session,
        call.actor,
        phone_number_id=body.phone_number_id,
        recipient=recipient,
        content=written(call, body),
        contact_name=contact_name_of(body),
    )
    return OneMessage(message=_message(message_list.show(call.session, call.actor, sent)))


def _message(found: ListedMessage) -> Message:
    return Message(**_members(found))


def _members(found: ListedMessage) -> dict[str, Any]:
    return {
        "id": found.id,
        "conversation_id": found.conversation_id,
        "type": found.type,
        "content": found.content,
        "direction": found.direction,
        "status": found.status,
        "error": found.error,
        "timestamp": found.sent_at,
        "wa_message_id": found.wamid,
        "contact": Contact(
            id=found.contact_id, name=found.contact_name, phone_number=found.contact_phone_number
        ),
        "phone_number": Number(
            id=found.phone_number_id,
            phone_number=found.phone_number,
            display_name=found.display_name,
        ),
    }


def _entry(news: StatusNews) -> StatusEntry:
    return StatusEntry(status=news.status, timestamp=news.occurred_at, errors=news.errors)

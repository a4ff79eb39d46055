"""Messages: reading them, sending one."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from app.actor import Permission
from app.api.rest.operation import CurrentCall, new_router, operation
from app.api.rest.shapes import BY_TYPE, Answer, Body, Moment, Part, Text, kind
from app.errors import ValidationFailed
from app.i18n import gettext as _
from app.models.enums import MessageDirection, MessageStatus, MessageType
from app.services import direct_messages, message_list
from app.services.contacts import MAX_NAME
from app.services.message_list import ListedMessage, StatusNews
from app.services.whatsapp.outbound import TemplateBody

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


class TextContent(Body):
    """What a text says."""

    text: Text = Field(min_length=1, max_length=4096)
    contact_name: Text | None = Field(default=None, max_length=MAX_NAME)


class TemplateLanguage(Body):
    """In which of its languages a template is sent."""

    code: Text = Field(min_length=1, max_length=20)


class TemplateContent(Body):
    """A template as WhatsApp's Cloud API takes it: Meta's member `template`."""

    name: Text = Field(min_length=1, max_length=512)
    language: TemplateLanguage
    components: list[dict[str, Any]] | None = Field(default=None, max_length=20)
    contact_name: Text | None = Field(default=None, max_length=MAX_NAME)


class NewMessage(Body):
    """A message to send: to a number in E.164 form or to a contact."""

    phone_number_id: UUID = Field(strict=False)
    to: str | None = Field(default=None, max_length=40)
    contact_id: UUID | None = Field(default=None, strict=False)


class NewText(NewMessage):
    """A text to send; who never wrote, or not for a day, cannot be sent one."""

    type: Literal["text"]
    content: TextContent


class NewTemplate(NewMessage):
    """A template to send, also to somebody who never wrote."""

    type: Literal["template"]
    content: TemplateContent


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
def send_message(
    call: CurrentCall,
    body: Annotated[
        Annotated[NewText, kind("text")] | Annotated[NewTemplate, kind("template")], BY_TYPE
    ],
) -> OneMessage:
    """Queue a message; its status follows by itself."""
    recipient = body.to if body.contact_id is None else body.contact_id
    if recipient is None or (body.to is not None and body.contact_id is not None):
        raise ValidationFailed({"to": _("Name the recipient by to or by contactId, one of them.")})
    sent = direct_messages.send(
        call.session,
        call.actor,
        phone_number_id=body.phone_number_id,
        recipient=recipient,
        content=_content(body),
        contact_name=body.content.contact_name,
    )
    return OneMessage(message=_message(message_list.show(call.session, call.actor, sent)))


def _content(body: NewText | NewTemplate) -> str | TemplateBody:
    if isinstance(body, NewText):
        return body.content.text
    return TemplateBody.model_validate(body.content.model_dump(exclude={"contact_name"}))


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

"""What a program sends: one shape for each kind of message."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, RootModel, model_validator

from app.api.rest.operation import Call
from app.api.rest.shapes import BY_TYPE, Body, Text, kind
from app.errors import ValidationFailed
from app.i18n import gettext as _
from app.services import sending, writing
from app.services.contacts import MAX_NAME
from app.services.media.kinds import MediaKind
from app.services.sending import Written
from app.services.whatsapp import contents, interactives
from app.services.whatsapp.outbound import TemplateBody


class Named(Body):
    """A content that may say how somebody is called whom nobody knows yet."""

    contact_name: Text | None = Field(default=None, max_length=MAX_NAME)


class TextContent(Named):
    """What a text says."""

    text: Text = Field(min_length=1, max_length=4096)


class FileContent(Named):
    """A file that was brought before, or an address from which WhatsApp fetches one."""

    media_id: UUID | None = Field(default=None, strict=False)
    url: Text | None = Field(default=None, max_length=2000)
    caption: Text | None = Field(default=None, max_length=1024)
    filename: Text | None = Field(default=None, max_length=240)
    voice: bool = False


class TemplateLanguage(Body):
    """In which of its languages a template is sent."""

    code: Text = Field(min_length=1, max_length=20)


class TemplateContent(Named):
    """A template as WhatsApp's Cloud API takes it: Meta's member `template`."""

    name: Text = Field(min_length=1, max_length=512)
    language: TemplateLanguage
    components: list[dict[str, Any]] | None = Field(default=None, max_length=20)


class WithName(BaseModel):
    """Meta's own member, and beside it how somebody is called whom nobody knows yet."""

    model_config = ConfigDict(extra="forbid", strict=True)

    contact_name: Text | None = Field(default=None, alias="contactName", max_length=MAX_NAME)


class LocationContent(contents.Location, WithName):
    """A place: Meta's member `location`."""


class ContactsContent(contents.Contacts, WithName):
    """Contact cards: Meta's member `contacts`."""


Cards = Annotated[list[contents.Contact], Field(min_length=1, max_length=contents.MAX_CONTACTS)]


class ContactList(RootModel[Cards]):
    """Contact cards without anything beside them."""


class ReactionContent(contents.Reaction, WithName):
    """An emoji on a message: Meta's member `reaction`; an empty one takes it back."""


class ToSend(Body):
    """A message to send: to a number in E.164 form or to a contact; perhaps quoting another."""

    phone_number_id: UUID = Field(strict=False)
    to: str | None = Field(default=None, max_length=40)
    contact_id: UUID | None = Field(default=None, strict=False)
    reply_to: UUID | None = Field(default=None, strict=False)


class NewText(ToSend):
    """A text; who never wrote, or not for a day, cannot be sent one."""

    type: Literal["text"]
    content: TextContent


class NewFile(ToSend):
    """A file: a picture, a film, a sound, a sticker, or anything as a document."""

    type: Literal["image", "video", "audio", "document", "sticker"]
    content: FileContent


class NewLocation(ToSend):
    """A place."""

    type: Literal["location"]
    content: LocationContent


class NewContacts(ToSend):
    """Contact cards."""

    type: Literal["contacts"]
    content: ContactsContent | ContactList


class NewReaction(ToSend):
    """An emoji on a message."""

    type: Literal["reaction"]
    content: ReactionContent


class InteractiveContent(RootModel[interactives.AnyInteractive]):
    """What there is to tap: Meta's member `interactive`."""

    @model_validator(mode="before")
    @classmethod
    def _without_name(cls, given: Any) -> Any:
        """Take a name as any content does; only who is known by one can be sent this."""
        if isinstance(given, dict):
            return {name: value for name, value in given.items() if name != "contactName"}
        return given


class NewInteractive(ToSend):
    """Buttons, a list, a link or another of Meta's messages with something to tap."""

    type: Literal["interactive"]
    content: InteractiveContent


class NewTemplate(ToSend):
    """A template, also to somebody who never wrote."""

    type: Literal["template"]
    content: TemplateContent


NewMessage = Annotated[
    Annotated[NewText, kind("text")]
    | Annotated[NewFile, kind("image")]
    | Annotated[NewFile, kind("video")]
    | Annotated[NewFile, kind("audio")]
    | Annotated[NewFile, kind("document")]
    | Annotated[NewFile, kind("sticker")]
    | Annotated[NewLocation, kind("location")]
    | Annotated[NewContacts, kind("contacts")]
    | Annotated[NewReaction, kind("reaction")]
    | Annotated[NewInteractive, kind("interactive")]
    | Annotated[NewTemplate, kind("template")],
    BY_TYPE,
]


def written(call: Call, body: NewMessage) -> Written | TemplateBody:
    """Return the message that a program wants sent, checked.

    Raises:
        ValidationFailed: WhatsApp would not take it.
        NotFound: there is no such file, or no such message to answer.
    """
    if isinstance(body, NewTemplate):
        return TemplateBody.model_validate(body.content.model_dump(exclude={"contact_name"}))
    message = _written(call, body)
    if body.reply_to is None:
        return message
    return writing.answering(call.session, call.actor, body.reply_to, message)


def contact_name_of(body: NewMessage) -> str | None:
    """Return how somebody is called whom nobody knows yet, if the program says so."""
    found = getattr(body.content, "contact_name", None)
    return found if isinstance(found, str) else None


def _written(call: Call, body: NewMessage) -> Written:
    content = body.content
    if isinstance(content, TextContent):
        return sending.text_of(content.text)
    if isinstance(body, NewFile):
        return _file(call, MediaKind(body.type), body.content)
    if isinstance(content, LocationContent):
        return writing.location(contents.Location(**_members(content)))
    if isinstance(content, ContactsContent | ContactList):
        people = content.root if isinstance(content, ContactList) else content.contacts
        return writing.cards(contents.Contacts(contacts=people))
    if isinstance(content, ReactionContent):
        return writing.reaction(content.message_id, content.emoji)
    assert isinstance(body, NewInteractive)  # noqa: S101  # of the kinds it is the last
    return writing.interactive(body.content.root)


def _members(content: WithName) -> dict[str, Any]:
    return content.model_dump(exclude={"contact_name"}, exclude_none=True)


def _file(call: Call, of: MediaKind, content: FileContent) -> Written:
    if (content.media_id is None) == (content.url is None):
        raise ValidationFailed({"content.mediaId": _("Give mediaId or url, one of them.")})
    if content.url is not None:
        return writing.linked(of, content.url, caption=content.caption, filename=content.filename)
    assert content.media_id is not None  # noqa: S101  # one of them is there
    return writing.file(
        call.session,
        call.actor,
        of,
        content.media_id,
        caption=content.caption,
        filename=content.filename,
        is_voice=content.voice,
    )

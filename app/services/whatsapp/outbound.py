"""Typed bodies of what we send; the limits are Meta's."""

import re
from dataclasses import dataclass
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.ids import parse_id

MAX_TEXT = 4096
ATTEMPT = re.compile(r"(?P<id>[0-9a-f-]{36})(?:\.(?P<number>[0-9]{1,6}))?")


@dataclass(frozen=True, slots=True)
class Attempt:
    """Which sending of which message: it travels with the message and comes back with its news.

    `number` is 0 until a person has the message sent again.
    """

    message_id: UUID
    number: int = 0

    def encode(self) -> str:
        """Write it for `biz_opaque_callback_data`."""
        return f"{self.message_id}.{self.number}" if self.number else str(self.message_id)

    @classmethod
    def decode(cls, text: str) -> Self | None:
        """Read what came back; None for what we did not write."""
        found = ATTEMPT.fullmatch(text)
        message_id = parse_id(found["id"]) if found else None
        if found is None or message_id is None:
            return None
        return cls(message_id, int(found["number"] or 0))


class Address(BaseModel):
    """Whom a message goes to: a phone's digits, or a business-scoped user id."""

    to: str | None = None
    recipient: str | None = None


class ReplyTo(BaseModel):
    """The message that is answered."""

    message_id: str


class TextBody(BaseModel):
    """The text itself."""

    body: str = Field(min_length=1, max_length=MAX_TEXT)
    preview_url: bool = True


class OutgoingMessage(BaseModel):
    """What every request to /messages carries."""

    messaging_product: Literal["whatsapp"] = "whatsapp"
    recipient_type: Literal["individual"] = "individual"
    to: str | None = None
    recipient: str | None = None
    context: ReplyTo | None = None
    biz_opaque_callback_data: str = Field(max_length=512)


class Language(BaseModel):
    """In which of its languages a template goes out."""

    code: str = Field(min_length=1, max_length=20)


class TemplateBody(BaseModel):
    """Which template, and what goes into its variables; the components are Meta's own."""

    name: str = Field(min_length=1, max_length=512)
    language: Language
    components: list[dict[str, Any]] | None = None


class OutgoingTemplate(OutgoingMessage):
    """A message made of a template."""

    type: Literal["template"] = "template"
    template: TemplateBody


class OutgoingContent(OutgoingMessage):
    """A message of any other kind: its type, and Meta's member of that name."""

    model_config = ConfigDict(extra="allow")

    type: str


class OutgoingText(OutgoingMessage):
    """A text message."""

    type: Literal["text"] = "text"
    text: TextBody

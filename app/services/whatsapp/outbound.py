"""Typed bodies of what we send; the limits are Meta's (reference/cloud-api.md, section 4)."""

from typing import Literal

from pydantic import BaseModel, Field

MAX_TEXT = 4096


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


class OutgoingText(OutgoingMessage):
    """A text message."""

    type: Literal["text"] = "text"
    text: TextBody

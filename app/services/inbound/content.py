"""What a message says: the text that is searched and previewed, and the content that is kept."""

import datetime as dt
from typing import Any

from app.models.enums import MessageType
from app.services.whatsapp.payloads import IncomingMessage

WINDOW = dt.timedelta(hours=24)

# Not a message of the customer: no unread count, no open window.
SILENT = frozenset({MessageType.SYSTEM, MessageType.REQUEST_WELCOME})
# Change another message: they are no unread message of their own.
AMENDMENTS = frozenset({MessageType.REACTION, MessageType.EDIT, MessageType.REVOKE})

_HEAD = frozenset({"id", "from", "from_user_id", "from_parent_user_id", "timestamp", "type"})


def text_of(message: IncomingMessage) -> str | None:
    """Return the words of a message: its text, caption, or the choice that was made."""
    if message.interactive is not None:
        choice = message.interactive.button_reply or message.interactive.list_reply
        return choice.title if choice else None
    if message.location is not None:
        return message.location.name or message.location.address
    return (
        (message.text and message.text.body)
        or (message.media and message.media.caption)
        or (message.button and message.button.text)
        or (message.edit and message.edit.text)
        or None
    )


def content_of(message: IncomingMessage, raw: dict[str, Any]) -> dict[str, Any]:
    """Return what is stored: our form for text and files, Meta's member for everything else."""
    if message.type is MessageType.TEXT and message.text is not None:
        return {"text": message.text.body}
    if message.media is not None:
        media = message.media
        return {
            name: value
            for name, value in {
                "mediaId": media.id,
                "mimeType": media.mime_type,
                "sha256": media.sha256,
                "caption": media.caption,
                "filename": media.filename,
                "voice": media.voice,
                "animated": media.animated,
            }.items()
            if value is not None
        }
    member = raw.get(message.type.value)
    if isinstance(member, dict):
        return member
    if isinstance(member, list):
        return {message.type.value: member}
    return {name: value for name, value in raw.items() if name not in _HEAD}


def context_of(message: IncomingMessage) -> dict[str, Any] | None:
    """Return what surrounds a message: the one it answers, an advertisement, a group, errors."""
    context: dict[str, Any] = {}
    if message.context is not None:
        context.update(message.context.model_dump(by_alias=True, exclude_none=True))
    if message.referral:
        context["referral"] = message.referral
    if message.group_id:
        context["group_id"] = message.group_id
    if message.errors:
        context["errors"] = [error.model_dump(exclude_none=True) for error in message.errors]
    return context or None


def counts_as_unread(kind: MessageType) -> bool:
    """Tell whether somebody should look at it."""
    return kind not in SILENT and kind not in AMENDMENTS


def window_after(kind: MessageType, sent_at: dt.datetime) -> dt.datetime | None:
    """Return until when one may answer freely because of this message."""
    return None if kind in SILENT else sent_at + WINDOW

"""Messages of every kind as somebody writes them, checked, before they are queued.

Templates are written by `template_messages`.
"""

from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from app.actor import Actor, Permission
from app.errors import NotFound, ValidationFailed
from app.i18n import gettext as _
from app.models import Conversation, Message
from app.models.enums import MessageType
from app.services.media import files
from app.services.media.kinds import MAX_BYTES, MAX_STILL_STICKER, MediaKind, fits
from app.services.sending import Written
from app.services.text import is_storable
from app.services.whatsapp import contents
from app.services.whatsapp.contents import MAX_CAPTION, dumped
from app.services.whatsapp.interactives import AnyInteractive

CAPTIONED = frozenset({MediaKind.IMAGE, MediaKind.VIDEO, MediaKind.DOCUMENT})
MAX_FILENAME = 240
VOICE = "audio/ogg"  # with Opus: other sounds are files


def location(place: contents.Location) -> Written:
    """Return a place as a message."""
    return Written(
        type=MessageType.LOCATION, content=dumped(place), text=place.name or place.address
    )


def cards(people: contents.Contacts) -> Written:
    """Return contact cards as a message."""
    names = ", ".join(one.name.formatted_name for one in people.contacts)
    return Written(type=MessageType.CONTACTS, content=dumped(people), text=names[:1000])


def interactive(content: AnyInteractive) -> Written:
    """Return buttons, a list or a link as a message; its text is what is searched and previewed."""
    text = content.body.text if content.body else None
    return Written(type=MessageType.INTERACTIVE, content=dumped(content), text=text)


def reaction(wamid: str, emoji: str) -> Written:
    """Return an emoji on a message, by Meta's id of it; an empty one takes the reaction back."""
    content = contents.Reaction(message_id=wamid, emoji=emoji)
    return Written(type=MessageType.REACTION, content=dumped(content), text=None)


def react(session: Session, actor: Actor, message_id: UUID, emoji: str) -> Written:
    """Return an emoji on a message of the workspace.

    Raises:
        NotFound: it is missing, another workspace's, or not at WhatsApp (yet).
    """
    actor.require(Permission.MESSAGE_SEND)
    return reaction(_wamid(session, actor, message_id), emoji)


def answering(session: Session, actor: Actor, message_id: UUID, message: Written) -> Written:
    """Return a message that quotes another one of the workspace.

    Raises:
        NotFound: that is missing, another workspace's, or not at WhatsApp (yet).
    """
    actor.require(Permission.MESSAGE_SEND)
    return replace(message, answers=_wamid(session, actor, message_id))


def linked(
    kind: MediaKind, url: str, *, caption: str | None = None, filename: str | None = None
) -> Written:
    """Return a file that WhatsApp itself fetches from a web address; we never do.

    Raises:
        ValidationFailed: the caption does not fit, or the address is none.
    """
    if not url.startswith(("https://", "http://")) or len(url) > 2000 or not is_storable(url):  # noqa: PLR2004  # as browsers do
        raise ValidationFailed({"url": _("Give an address that begins with https://.")})
    content = {"url": url, **_beside(kind, caption, filename)}
    return Written(type=MessageType(kind.value), content=content, text=caption or None)


def file(
    session: Session,
    actor: Actor,
    kind: MediaKind,
    file_id: UUID,
    *,
    caption: str | None = None,
    filename: str | None = None,
    is_voice: bool = False,
) -> Written:
    """Return a file of the workspace as a message.

    Raises:
        NotFound: there is no such file, or it is not here yet.
        ValidationFailed: WhatsApp does not take it as this kind, or the caption does not fit.
    """
    actor.require(Permission.MESSAGE_SEND)
    row = files.stored(session, actor, file_id)
    if problem := unfit(kind, row.content_type or "", row.size_bytes or 0):
        raise ValidationFailed({"media_id": problem})
    content: dict[str, Any] = {
        "mediaId": str(row.id),
        "mimeType": row.content_type,
        **_beside(kind, caption, filename or row.filename),
    }
    if is_voice and row.content_type == VOICE:
        content["voice"] = True
    return Written(
        type=MessageType(kind.value), content=content, text=caption or None, file_id=row.id
    )


def unfit(kind: MediaKind, content_type: str, size: int, *, is_animated: bool = True) -> str | None:
    """Return why WhatsApp would not take a file as this kind, in a sentence, or None."""
    if not fits(kind, content_type):
        return {
            MediaKind.IMAGE: _("WhatsApp takes JPEG and PNG as pictures. Send it as a document."),
            MediaKind.VIDEO: _("WhatsApp takes MP4 and 3GP as films. Send it as a document."),
            MediaKind.AUDIO: _("WhatsApp takes AAC, AMR, MP3, M4A and OGG with Opus as sound."),
            MediaKind.STICKER: _("WhatsApp takes WebP as stickers."),
        }[kind]
    most = MAX_BYTES[kind]
    if kind is MediaKind.STICKER and not is_animated:
        most = MAX_STILL_STICKER
    if size > most:
        return _("This is larger than the {size} that WhatsApp takes.").format(size=_size(most))
    return None


def _size(most: int) -> str:
    kilobytes = most // 1024
    return f"{kilobytes // 1024} MB" if kilobytes >= 1024 else f"{kilobytes} KB"  # noqa: PLR2004


def _beside(kind: MediaKind, caption: str | None, filename: str | None) -> dict[str, Any]:
    """Return caption and file name where this kind has them."""
    said = caption or ""
    if said and kind not in CAPTIONED:
        raise ValidationFailed({"caption": _("WhatsApp shows no caption below this kind of file.")})
    if len(said) > MAX_CAPTION or not is_storable(said):
        raise ValidationFailed({"caption": _("Write at most 1,024 characters.")})
    named = (filename or "").replace("\0", "")[:MAX_FILENAME]
    beside = {"caption": said, "filename": named if kind is MediaKind.DOCUMENT else ""}
    return {name: value for name, value in beside.items() if value}


def _wamid(session: Session, actor: Actor, message_id: UUID) -> str:
    found = session.exec(
        select(col(Message.wamid))
        .join(Conversation, col(Conversation.id) == col(Message.conversation_id))
        .where(
            col(Message.workspace_id) == actor.workspace_id,
            col(Conversation.workspace_id) == actor.workspace_id,
            col(Message.id) == message_id,
        )
    ).first()
    if not found:
        raise NotFound
    return found

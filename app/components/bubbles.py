"""A message as its bubble shows it: the rows that the thread's script paints."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app.components import words
from app.components.cards import cards
from app.i18n import gettext as _
from app.models.enums import MediaState, MessageStatus, MessageType
from app.services.inbound.content import AMENDMENTS, counts_as_unread
from app.services.media import links
from app.services.media.kinds import TYPES, MediaKind, kind_of
from app.services.messages import MediaView, MessageView

QUOTE = 160  # characters of a message that is quoted
MEGABYTE_FROM = 1000  # of kilobytes: four digits are read more slowly than "1.0"


def rows(views: Sequence[MessageView], session_id: UUID | None) -> list[dict[str, Any]]:
    """Return messages as rows; links to files are good for this sign-in only."""
    return [row(view, session_id) for view in views]


def row(view: MessageView, session_id: UUID | None) -> dict[str, Any]:
    """Return one message as a row."""
    said, shown = words.body(view), cards(view)
    return {
        "id": str(view.id),
        "client_ref": str(view.client_ref) if view.client_ref else None,
        "direction": view.direction.value,
        "type": view.type.value,
        "status": view.status.value,
        "at": view.sent_at.isoformat(),
        "text": said.text,
        "is_sentence": said.is_sentence,
        "icon": said.icon,
        "label": words.label(view),
        "heading": words.heading(view),
        "footer": words.footer(view),
        "buttons": words.buttons(view),
        "cards": shown,
        "notice": words.notice(view),
        "counts": counts_as_unread(view.type),
        "quote": _quote(view),
        "amends": _amends(view),
        "file": _file(view, view.media, session_id) if view.media and session_id else None,
        "author": _("WhatsApp app") if view.is_echo else view.sender_name,
        "error": error(view),
        "seq": view.change_seq,
        "cursor": view.cursor,
    }


def error(view: MessageView) -> dict[str, Any] | None:
    """Return what went wrong with a message, and what one can do about it."""
    if view.status is MessageStatus.UNCERTAIN:
        return {
            "text": _("We could not confirm that this message was sent."),
            "action": "resend",
            "action_label": _("Send again"),
        }
    if view.is_tried_again:
        return {
            "text": words.error_words(view),
            "action": "stop" if view.can_give_up else None,
            "action_label": _("Stop trying") if view.can_give_up else None,
        }
    if view.status is not MessageStatus.FAILED:
        return None
    return {
        "text": words.error_words(view),
        "action": "retry" if view.can_retry else None,
        "action_label": _("Try again") if view.can_retry else None,
    }


def size_words(size: int) -> str:
    """Say how large a file is, as people read it."""
    kilobytes = size / 1024
    if kilobytes < MEGABYTE_FROM:
        return f"{max(kilobytes, 1):.0f} KB"
    return f"{kilobytes / 1024:.1f} MB"


def _amends(view: MessageView) -> dict[str, Any] | None:
    """Return what a message does to the one it refers to; only its own author changes one."""
    target = view.refers_to
    if target is None or view.type not in AMENDMENTS:
        return None
    if view.type is not MessageType.REACTION and target.direction is not view.direction:
        return None
    return {
        "kind": view.type.value,
        "target": str(target.id),
        "text": view.text,
        "emoji": view.content.get("emoji") or None,
    }


def _quote(view: MessageView) -> dict[str, Any] | None:
    """Return the line of the message that this one answers."""
    target = view.refers_to
    if target is None or view.type in AMENDMENTS:
        return None
    said = words.preview(target.type, target.text, is_voice=target.content.get("voice") is True)
    return {
        "id": str(target.id),
        "direction": target.direction.value,
        "author": _("WhatsApp app") if target.is_echo else target.sender_name,
        "text": said.text[:QUOTE],
        "icon": said.icon,
    }


def _file(view: MessageView, media: MediaView, session_id: UUID) -> dict[str, Any]:
    name = words.file_name(view)
    shown: dict[str, Any] = {
        "id": str(media.id),
        "kind": _shown_as(view.type, media),
        "state": media.state.value.lower(),
        "name": name,
        "alt": view.text or name,
        "size": size_words(media.size_bytes) if media.size_bytes else "",
        "width": media.width,
        "height": media.height,
        "is_voice": words.is_voice(view),
    }
    if media.state is MediaState.STORED:
        shown["url"] = links.link(session_id, media.id)
        shown["small"] = shown["url"] + "&small" if media.has_thumbnail else shown["url"]
    elif media.state is MediaState.PENDING:
        shown["note"] = _("{kind} is being fetched from WhatsApp").format(kind=name)
    else:
        shown["note"] = _("WhatsApp did not hand this over: {kind}").format(kind=name)
    return shown


def _shown_as(kind: MessageType, media: MediaView) -> str:
    """Return how a file is shown: as what it is said to be only where it is that."""
    if kind is MessageType.TEMPLATE:
        return kind_of(media.content_type or "").value
    if kind.value not in set(MediaKind) or media.state is not MediaState.STORED:
        return kind.value
    wanted = MediaKind(kind.value)
    types = TYPES.get(wanted, frozenset())
    is_shown = media.content_type in types or (
        wanted is MediaKind.IMAGE and media.content_type in {"image/webp", "image/gif"}
    )
    return wanted.value if is_shown else MediaKind.DOCUMENT.value

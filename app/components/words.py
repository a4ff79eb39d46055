"""What a message says where it cannot be shown as the customer meant it: one plain sentence."""

from dataclasses import dataclass

from app.i18n import gettext as _
from app.i18n import mark
from app.models.enums import MessageType
from app.services.messages import GIVEN_UP, MessageView
from app.services.whatsapp.errors import meaning


@dataclass(frozen=True, slots=True)
class Words:
    """A text, the icon before it, and whether it is ours rather than the customer's."""

    text: str
    icon: str | None = None
    is_sentence: bool = False


# Shown as they were written.
PLAIN = {MessageType.TEXT, MessageType.BUTTON, MessageType.INTERACTIVE, MessageType.TEMPLATE}

_ICONS = {
    MessageType.IMAGE: "image",
    MessageType.VIDEO: "video",
    MessageType.AUDIO: "mic",
    MessageType.DOCUMENT: "file-text",
    MessageType.STICKER: "sticker",
    MessageType.LOCATION: "map-pin",
    MessageType.CONTACTS: "users",
    MessageType.REACTION: "smile",
    MessageType.ORDER: "shopping-bag",
    MessageType.CALL: "phone",
}

_NAMES = {
    MessageType.IMAGE: mark("Photo"),
    MessageType.VIDEO: mark("Video"),
    MessageType.AUDIO: mark("Audio"),
    MessageType.DOCUMENT: mark("Document"),
    MessageType.STICKER: mark("Sticker"),
    MessageType.LOCATION: mark("Location"),
    MessageType.CONTACTS: mark("Contact card"),
    MessageType.REACTION: mark("Took a reaction back"),
    MessageType.ORDER: mark("Order"),
    MessageType.CALL: mark("Call"),
    MessageType.EDIT: mark("Changed a message"),
    MessageType.REVOKE: mark("Deleted a message"),
    MessageType.SYSTEM: mark("The customer's WhatsApp account changed"),
    MessageType.TEMPLATE: mark("Template"),
    MessageType.REQUEST_WELCOME: mark("Opened the chat for the first time"),
    MessageType.EPHEMERAL: mark("Disappearing message"),
    MessageType.BUTTON: mark("An answer to buttons, a list or a form"),
    MessageType.INTERACTIVE: mark("An answer to buttons, a list or a form"),
    MessageType.TEXT: mark("A message whose text could not be read"),
    MessageType.UNSUPPORTED: mark("A kind of message that WhatsApp does not pass on to businesses"),
}
_VOICE = mark("Voice message")
_UNKNOWN = mark("A kind of message that cannot be shown here yet")


def preview(kind: MessageType | None, text: str | None, *, is_voice: bool = False) -> Words:
    """Return one line about the newest message, for the list."""
    if kind is None:
        return Words("")
    if kind in PLAIN and text:
        return Words(text)
    return Words(text or (_(_VOICE) if is_voice else name_of(kind)), _ICONS.get(kind))


def body(view: MessageView) -> Words:
    """Return what the bubble shows of a message."""
    if view.type in PLAIN and view.text:
        return Words(view.text)
    icon = _ICONS.get(view.type, "info")
    if view.type is MessageType.AUDIO and view.content.get("voice") is True:
        return Words(_(_VOICE), icon, is_sentence=True)
    if view.text:
        caption = _("{kind}: {text}").format(kind=name_of(view.type), text=view.text)
        return Words(caption, icon, is_sentence=True)
    emoji = view.content.get("emoji")
    if view.type is MessageType.REACTION and emoji:
        return Words(_("Reacted with {emoji}").format(emoji=emoji), icon, is_sentence=True)
    return Words(name_of(view.type), icon, is_sentence=True)


def label(view: MessageView) -> str:
    """Return what stands above the text: of a template, which one it was."""
    if view.type is not MessageType.TEMPLATE:
        return ""
    return _("Template {name}").format(name=view.content.get("name", ""))


def buttons(view: MessageView) -> list[str]:
    """Return the words on the buttons that the customer sees below the text."""
    found = view.content.get("buttons") if view.type is MessageType.TEMPLATE else None
    return [str(one) for one in found] if isinstance(found, list) else []


def name_of(kind: MessageType) -> str:
    """Name a kind of message as people do."""
    return _(_NAMES.get(kind, _UNKNOWN))


def error_words(view: MessageView) -> str:
    """Say why a message was not delivered, or why not yet, in words a person understands."""
    error = view.error or {}
    known = meaning(int(error.get("code") or 0))
    if view.is_tried_again or not known.is_retryable:
        return _(known.sentence)
    if error.get(GIVEN_UP):
        return _("You stopped this message before WhatsApp took it. It was not sent.")
    return _("WhatsApp was too busy or could not be reached, so this message was not delivered.")

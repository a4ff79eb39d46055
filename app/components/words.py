"""What a message says where it cannot be shown as the customer meant it: one plain sentence."""

import re
from dataclasses import dataclass
from typing import Any
from unicodedata import category

from app.components.cards import cards
from app.i18n import gettext as _
from app.i18n import mark
from app.models.enums import MessageDirection, MessageType
from app.services.messages import GIVEN_UP, MessageView
from app.services.whatsapp.errors import meaning


@dataclass(frozen=True, slots=True)
class Words:
    """A text, the icon before it, and whether it is ours rather than the customer's."""

    text: str
    icon: str | None = None
    is_sentence: bool = False


LINE, MARK_KINDS = 300, 3
MARKED = re.compile(r"(?<![\w*_~])([*_~])(?=\S)([^\n]+?)(?<=\S)\1(?![\w])")
# Shown as they were written.
PLAIN = {MessageType.TEXT, MessageType.BUTTON, MessageType.INTERACTIVE, MessageType.TEMPLATE}

# Shown as cards (`cards`), which say all of it.
CARDS = {MessageType.LOCATION, MessageType.CONTACTS, MessageType.ORDER, MessageType.CALL}
ONLY_IN_THE_APP = 131060

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
_BLANK = mark("A message of spaces only")
_IN_THE_APP = mark("This message can be read in the WhatsApp Business app only")
_UNKNOWN = mark("A kind of message that cannot be shown here yet")


def preview(kind: MessageType | None, text: str | None, *, is_voice: bool = False) -> Words:
    """Return one line about the newest message, for the list."""
    if kind is None:
        return Words("")
    if kind in PLAIN and text:
        return Words(_(_BLANK) if is_blank(text) else without_marks(text))
    said = without_marks(text) if text else ""
    return Words(said or (_(_VOICE) if is_voice else name_of(kind)), _ICONS.get(kind))


def body(view: MessageView) -> Words:
    """Return what the bubble shows of a message."""
    if view.type in PLAIN and is_blank(view.text or "x"):
        return Words(_(_BLANK), is_sentence=True)
    if (view.type in PLAIN and view.text) or _is_shown_apart(view):
        return Words("" if view.type in CARDS else view.text or "")
    icon = _ICONS.get(view.type, "info")
    return Words(_sentence(view), icon, is_sentence=True)


def without_marks(text: str) -> str:
    """Return a text without WhatsApp's marks, for one plain line: *bold*, _italic_, ~struck~."""
    plain = text[:LINE].replace("```", "")
    for _level in range(MARK_KINDS):  # one kind may stand inside another
        plain = MARKED.sub(r"\2", plain)
    return plain


def is_blank(text: str) -> bool:
    """Tell whether nobody would see anything of a text."""
    return all(one.isspace() or category(one) == "Cf" for one in text)


def _is_shown_apart(view: MessageView) -> bool:
    """Tell whether a file or cards show what it is; words beside them are the sender's own."""
    has_cards = view.type in CARDS | {MessageType.INTERACTIVE} and bool(cards(view))
    return view.media is not None or has_cards


def _sentence(view: MessageView) -> str:
    name = _(_VOICE) if is_voice(view) else name_of(view.type)
    if view.text:
        return _("{kind}: {text}").format(kind=name, text=view.text)
    emoji = view.content.get("emoji")
    if view.type is MessageType.REACTION and emoji:
        return _("Reacted with {emoji}").format(emoji=emoji)
    if view.type is MessageType.UNSUPPORTED and _is_in_the_app(view):
        return _(_IN_THE_APP)
    return name


def notice(view: MessageView) -> str:
    """Return what is news about the customer rather than a message of theirs."""
    if view.type is MessageType.REQUEST_WELCOME:
        return name_of(view.type)
    if view.type is not MessageType.SYSTEM:
        return ""
    number = view.content.get("new_wa_id") or view.content.get("wa_id")
    if str(view.content.get("type")).endswith("changed_number") and str(number).isdecimal():
        return _("The customer has a new number: {number}").format(number=f"+{number}")
    if view.content.get("type") == "customer_identity_changed":
        return _("The customer's security code changed: perhaps they have a new phone.")
    return name_of(view.type)


def label(view: MessageView) -> str:
    """Return what stands above the text: which template, which kind of answer, from where."""
    if view.type is MessageType.TEMPLATE:
        return _("Template {name}").format(name=view.content.get("name", ""))
    context = view.context or {}
    if context.get("group_id"):
        return _("Wrote this in a group: your answer goes to this person alone")
    if context.get("frequently_forwarded") is True:
        return _("Forwarded many times")
    if context.get("forwarded") is True:
        return _("Forwarded")
    is_choice = view.type in {MessageType.BUTTON, MessageType.INTERACTIVE}
    return _("Chose") if is_choice and not is_ours(view) and view.text else ""


def heading(view: MessageView) -> str:
    """Return what stands in bold above the text of buttons or a list that we sent."""
    header = view.content.get("header") if view.type is MessageType.INTERACTIVE else None
    return str(header.get("text") or "") if isinstance(header, dict) else ""


def footer(view: MessageView) -> str:
    """Return what stands small below the text: of what we sent, or of the row that was chosen."""
    if view.type is not MessageType.INTERACTIVE:
        return ""
    name, member = ("footer", "text") if is_ours(view) else ("list_reply", "description")
    found = view.content.get(name)
    return str(found.get(member) or "") if isinstance(found, dict) else ""


def buttons(view: MessageView) -> list[str]:
    """Return the words on the buttons that the customer sees below the text."""
    if view.type is MessageType.INTERACTIVE and is_ours(view):
        return _choices(view.content)
    found = view.content.get("buttons") if view.type is MessageType.TEMPLATE else None
    return [str(one) for one in found] if isinstance(found, list) else []


def is_ours(view: MessageView) -> bool:
    """Tell whether the business said it."""
    return view.direction is MessageDirection.OUTBOUND


def _choices(content: dict[str, Any]) -> list[str]:
    action = content.get("action")
    action = action if isinstance(action, dict) else {}
    parameters = action.get("parameters")
    parameters = parameters if isinstance(parameters, dict) else {}
    replies = [
        one["reply"].get("title")
        for one in action.get("buttons") or []
        if isinstance(one, dict) and isinstance(one.get("reply"), dict)
    ]
    single = [action.get("button"), parameters.get("display_text"), parameters.get("flow_cta")]
    return [str(words) for words in (*replies, *single) if words]


def _is_in_the_app(view: MessageView) -> bool:
    errors = (view.context or {}).get("errors")
    found = errors if isinstance(errors, list) else []
    return any(isinstance(one, dict) and one.get("code") == ONLY_IN_THE_APP for one in found)


def is_voice(view: MessageView) -> bool:
    """Tell whether somebody spoke it into their phone, rather than sending a file of sound."""
    return view.type is MessageType.AUDIO and view.content.get("voice") is True


def file_name(view: MessageView) -> str:
    """Return what the file of a message is called: by its sender, or by its kind."""
    given = view.media.filename if view.media else None
    return given or (_(_VOICE) if is_voice(view) else name_of(view.type))


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

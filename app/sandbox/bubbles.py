"""A message as the customer's phone shows it: what it says, what was made of it, what one can tap.

Reactions, changes and deletions are messages of their own and are shown on the one they are about.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from app.i18n import gettext as _
from app.sandbox import kinds
from app.sandbox.messages import Message

AMENDMENTS = frozenset({"reaction", "edit", "revoke"})
# Of which the customer sees nothing on the phone.
UNSEEN = frozenset({"system", "request_welcome"})


@dataclass(slots=True)
class Amended:
    """What was made of a message since."""

    reactions: dict[bool, str] = field(default_factory=dict)  # by whether the customer reacted
    text: str | None = None
    is_deleted: bool = False


def message_jsons(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Return the bubbles of a chat."""
    by_wamid = {message.wamid: message for message in messages}
    amended = _amended(messages)
    return [
        message_json(message, by_wamid, amended.get(message.wamid))
        for message in messages
        if message.type not in AMENDMENTS | UNSEEN
    ]


def message_json(
    message: Message,
    by_wamid: dict[str, Message] | None = None,
    amended: Amended | None = None,
) -> dict[str, Any]:
    """Return a bubble; `direction` is the customer's: "out" is what the customer wrote."""
    amended = amended or Amended()
    quoted = (by_wamid or {}).get(message.context_wamid or "")
    is_own = message.is_from_customer
    text = _("This message was deleted.") if amended.is_deleted else amended.text
    return {
        "id": message.id,
        "wamid": message.wamid,
        "direction": "out" if is_own else "in",
        "text": readable_content(message) if text is None else text,
        "quote": readable_content(quoted) if quoted else None,
        "picture": None if amended.is_deleted else _picture(message),
        "choices": kinds.choices(message),
        "link": None if is_own else _link(message),
        "reactions": "".join(emoji for emoji in amended.reactions.values() if emoji),
        "isEdited": amended.text is not None,
        "isChangeable": is_own and message.type == "text" and not amended.is_deleted,
        "isDeletable": is_own and not amended.is_deleted,
        "hasReacted": bool(amended.reactions.get(True)),
        "sentAt": int(message.sent_at * 1000),
        "state": _state(message) if is_own else None,
    }


def readable_content(message: Message) -> str:
    """Return a message in words; what has no text is named by its kind."""
    content = message.content
    if isinstance(content, list):
        return "\n".join([_("Contact card"), *(_card(one) for one in content)])
    names = {
        "image": _("Photo"),
        "video": _("Video"),
        "audio": _("Voice message") if content.get("voice") else _("Audio"),
        "document": _("Document"),
        "sticker": _("Sticker"),
        "location": _("Location"),
        "order": _("Order"),
        "unsupported": _("A message of a kind that businesses do not get"),
        "call": _("Call"),
    }
    match message.type:
        case "text":
            return str(content.get("body", ""))
        case "button":
            return str(content.get("text", ""))
        case "interactive":
            return _interactive(content)
        case "template":
            buttons = "".join(f"\n[ {words} ]" for words in content.get("buttons", []))
            return f"{content.get('text', '')}{buttons}"
        case kind:
            details = [content.get(name) for name in ("filename", "name", "address", "caption")]
            return "\n".join([names.get(kind, kind), *(str(part) for part in details if part)])


def _amended(messages: Sequence[Message]) -> dict[str, Amended]:
    """Read reactions, changes and deletions, oldest first."""
    found: dict[str, Amended] = defaultdict(Amended)
    for message in messages:
        content = message.content
        if message.type not in AMENDMENTS or not isinstance(content, dict):
            continue
        target = found[str(content.get("message_id") or content.get("original_message_id"))]
        if message.type == "reaction":
            target.reactions[message.is_from_customer] = str(content.get("emoji") or "")
        elif message.type == "edit":
            target.text = str(content["message"]["text"]["body"])
        else:
            target.is_deleted = True
    return found


def _card(contact: Any) -> str:
    if not isinstance(contact, dict):
        return ""
    phones = [str(one.get("phone", "")) for one in contact.get("phones", [])]
    return ", ".join([str(contact.get("name", {}).get("formatted_name", "")), *phones])


def _interactive(content: dict[str, Any]) -> str:
    """Return the texts of buttons and lists, or what was chosen or filled in."""
    for reply in ("button_reply", "list_reply"):
        if reply in content:
            return str(content[reply].get("title", ""))
    if "nfm_reply" in content:
        return _("A form, filled in")
    parts = [part.get("text") for part in (content.get("body"), content.get("footer")) if part]
    return "\n".join(str(part) for part in parts if part)


def _link(message: Message) -> dict[str, str] | None:
    """Return the button that opens a web page."""
    content = message.content
    if message.type != "interactive" or not isinstance(content, dict):
        return None
    parameters = content.get("action", {}).get("parameters", {})
    url = str(parameters.get("url", ""))
    if content.get("type") != "cta_url" or not url.startswith(("http://", "https://")):
        return None
    return {"title": str(parameters.get("display_text", "")), "url": url}


def _picture(message: Message) -> str | None:
    """Return where the page finds the picture of a message, below the sandbox's address."""
    content = message.content
    if not isinstance(content, dict):
        return None
    if message.type == "template":
        content = _above(content)
    elif message.type not in {"image", "sticker"}:
        return None
    return f"/phone/files/{content['id']}" if content.get("id") else None


def _above(template: dict[str, Any]) -> dict[str, Any]:
    """Return the picture above a template's text."""
    headers = [one for one in template.get("components") or [] if one.get("type") == "header"]
    parameters = [one for header in headers for one in header.get("parameters", [])]
    return next((one["image"] for one in parameters if one.get("type") == "image"), {})


def _state(message: Message) -> str:
    if message.read_at:
        return "read"
    if message.arrived_at is None:
        return "waiting"
    return "sent" if message.accepted_at else "leaving"

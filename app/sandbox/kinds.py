"""What a customer can send besides text and files, as Meta's webhooks write it.

Where a member stands beside the content, as an advertisement's `referral` does, it is in `beside`.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from app.i18n import gettext as _
from app.sandbox.messages import Message

Content = dict[str, Any] | list[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A message that is about to be sent."""

    type: str
    content: Content
    beside: dict[str, Any] = field(default_factory=dict)
    context_wamid: str | None = None


def _location() -> Kind:
    place = {
        "latitude": 52.521918,
        "longitude": 13.413215,
        "name": "Alexanderplatz",
        "address": "10178 Berlin",
    }
    return Kind(type="location", content=place)


def _contacts() -> Kind:
    card = {
        "name": {"formatted_name": "Mia Wolf", "first_name": "Mia", "last_name": "Wolf"},
        "org": {"company": "Wolf & Sons"},
        "phones": [{"phone": "+49 30 901820", "type": "WORK", "wa_id": "4930901820"}],
        "emails": [{"email": "mia@wolf.example", "type": "WORK"}],
    }
    return Kind(type="contacts", content=[card])


def _order() -> Kind:
    items = [("sage-cup", 2, 30), ("clay-pot", 1, 25.5)]
    order = {
        "catalog_id": "194836987003835",
        "text": "",
        "product_items": [
            {"product_retailer_id": name, "quantity": count, "item_price": price, "currency": "USD"}
            for name, count, price in items
        ],
    }
    return Kind(type="order", content=order)


def _advertisement() -> Kind:
    referral = {
        "source_url": "https://fb.me/summer-sale",
        "source_type": "ad",
        "source_id": "120208012345",
        "headline": "Summer sale",
        "body": "Everything must go",
        "media_type": "image",
        "ctwa_clid": "Aff-sandbox",
    }
    text = _("I saw your advertisement. Is the offer still on?")
    return Kind(type="text", content={"body": text}, beside={"referral": referral})


def _form() -> Kind:
    filled = {"screen_0_name_0": "Ana", "screen_0_orderNumber_1": 17, "flow_token": "unused"}
    reply = {"name": "flow", "body": "Sent", "response_json": json.dumps(filled)}
    return Kind(type="interactive", content={"type": "nfm_reply", "nfm_reply": reply})


def _new_phone() -> Kind:
    notice = {"type": "customer_identity_changed", "body": "The security code changed"}
    return Kind(type="system", content=notice)


def _welcome() -> Kind:
    return Kind(type="request_welcome", content={})


def _unsupported() -> Kind:
    error = {
        "code": 131051,
        "title": "Message type unknown",
        "message": "Message type unknown",
        "error_data": {"details": "Message type is currently not supported."},
    }
    return Kind(type="unsupported", content={"type": "unknown"}, beside={"errors": [error]})


SAMPLES: dict[str, Callable[[], Kind]] = {
    "location": _location,
    "contacts": _contacts,
    "order": _order,
    "advertisement": _advertisement,
    "form": _form,
    "new_phone": _new_phone,
    "welcome": _welcome,
    "unsupported": _unsupported,
}


def _reaction(target: Message, emoji: str) -> Kind:
    content = {"message_id": target.wamid} | ({"emoji": emoji[:20]} if emoji else {})
    return Kind(type="reaction", content=content)


def _edit(target: Message, text: str) -> Kind | None:
    if not target.is_from_customer or target.type != "text" or not text.strip():
        return None
    message = {"type": "text", "text": {"body": text}}
    return Kind(type="edit", content={"original_message_id": target.wamid, "message": message})


def _revoke(target: Message, _value: str) -> Kind | None:
    content = {"original_message_id": target.wamid}
    return Kind(type="revoke", content=content) if target.is_from_customer else None


def _choice(target: Message, chosen: str) -> Kind | None:
    found = next((one for one in choices(target) if one["id"] == chosen), None)
    if found is None:
        return None
    if target.type == "template":
        content: Content = {"text": found["title"], "payload": chosen}
        return Kind(type="button", content=content, context_wamid=target.wamid)
    reply = f"{found['kind']}_reply"
    said = {name: found[name] for name in ("id", "title", "description") if name in found}
    content = {"type": reply, reply: said}
    return Kind(type="interactive", content=content, context_wamid=target.wamid)


# What can be done with a message, or None where that cannot: an emoji on it (none takes the
# reaction back), another text for one's own, its deletion for everybody, a tap on what it offers.
ABOUT: dict[str, Callable[[Message, str], Kind | None]] = {
    "reaction": _reaction,
    "edit": _edit,
    "revoke": _revoke,
    "choice": _choice,
}


def choices(message: Message) -> list[dict[str, str]]:
    """Return what the customer can tap below a message: id, title, and which kind of choice."""
    content = message.content
    if message.is_from_customer or not isinstance(content, dict):
        return []
    if message.type == "template":
        texts = [str(text) for text in content.get("replies", [])]
        return [{"id": text, "title": text, "kind": "button"} for text in texts]
    action = content.get("action")
    if message.type != "interactive" or not isinstance(action, dict):
        return []
    if content.get("type") == "button":
        replies = [one.get("reply", {}) for one in action.get("buttons", [])]
        return [{"id": one["id"], "title": one["title"], "kind": "button"} for one in replies]
    rows = [row for section in action.get("sections", []) for row in section.get("rows", [])]
    return [
        {name: str(row[name]) for name in ("id", "title", "description") if row.get(name)}
        | {"kind": "list"}
        for row in rows
    ]

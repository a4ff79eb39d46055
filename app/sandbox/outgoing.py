"""What a business asks Graph to send: read from JSON, refused as Meta refuses it.

Text is checked in full. The other types are checked for what a client gets wrong first; their
content is kept as it came.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.sandbox import identifiers
from app.sandbox.errors import GraphError

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
OPAQUE_LIMIT = 512
MEDIA = frozenset({"image", "video", "audio", "document", "sticker"})
CAPTIONED = frozenset({"image", "video", "document"})
REQUIRED: dict[str, tuple[str, ...]] = {
    "text": ("body",),
    "location": ("latitude", "longitude"),
    "reaction": ("message_id",),
    "interactive": ("type", "action"),
    "template": ("name", "language"),
}
TYPES = frozenset(REQUIRED) | MEDIA | {"contacts"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A send request that Meta would accept."""

    to: str
    wa_id: str | None
    user_id: str | None
    type: str
    content: dict[str, Any] | list[Any]
    context_wamid: str | None
    opaque: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMark:
    """A request to mark a customer's message as read, perhaps with a typing indicator."""

    message_id: str
    is_typing: bool


def parse(body: Any) -> Outgoing | ReadMark:
    """Read the body of `POST /{phone_number_id}/messages`; raises `GraphError`."""
    if not isinstance(body, dict):
        raise GraphError(100, "(#100) Invalid parameter", details="The body is not an object.")
    _require(body, "messaging_product")
    if body["messaging_product"] != "whatsapp":
        raise _invalid(
            "(#100) Param messaging_product must be one of {WHATSAPP} - got "
            f'"{body["messaging_product"]}".'
        )
    if "status" in body:
        return _parse_read_mark(body)
    return _parse_message(body)


def _parse_read_mark(body: Mapping[str, Any]) -> ReadMark:
    if body["status"] != "read":
        raise _invalid(f'(#100) Param status must be one of {{READ}} - got "{body["status"]}".')
    _require(body, "message_id")
    typing = body.get("typing_indicator")
    if typing is not None and typing != {"type": "text"}:
        raise GraphError(131009, details="typing_indicator['type'] must be text.")
    return ReadMark(message_id=str(body["message_id"]), is_typing=typing is not None)


def _parse_message(body: Mapping[str, Any]) -> Outgoing:
    if body.get("recipient_type", "individual") != "individual":
        raise _invalid(
            "(#100) Param recipient_type must be one of {INDIVIDUAL} - got "
            f'"{body["recipient_type"]}".'
        )
    to, wa_id, user_id = _recipient(body)
    kind = body.get("type", "text")
    if kind not in TYPES:
        names = ", ".join(sorted(TYPES)).upper()
        raise _invalid(f'(#100) Param type must be one of {{{names}}} - got "{kind}".')
    return Outgoing(
        to=to,
        wa_id=wa_id,
        user_id=user_id,
        type=kind,
        content=_content(kind, body.get(kind)),
        context_wamid=_context(body),
        opaque=_opaque(body),
    )


def _recipient(body: Mapping[str, Any]) -> tuple[str, str | None, str | None]:
    """Return what was asked for, and the phone number or user id it means; `to` wins."""
    if body.get("to"):
        to = str(body["to"])
        wa_id = identifiers.wa_id_of(to)
        if wa_id is None:
            raise GraphError(131009, details="to is not a phone number with its country code.")
        return to, wa_id, None
    if not body.get("recipient"):
        raise _missing("to")
    user_id = str(body["recipient"])
    if not identifiers.USER_ID.fullmatch(user_id):
        raise GraphError(131009, details="recipient is not a business-scoped user id.")
    return user_id, None, user_id


def _content(kind: str, content: Any) -> dict[str, Any] | list[Any]:
    if kind == "contacts":
        if not isinstance(content, list) or not content:
            raise GraphError(131008, details="contacts is required and must be a list.")
        return content
    if not isinstance(content, dict):
        if content is None:
            raise GraphError(131008, details=f"{kind} is required.")
        raise GraphError(131009, details=f"{kind} must be an object.")
    if kind in MEDIA:
        _check_media(kind, content)
    for member in REQUIRED.get(kind, ()):
        if content.get(member) in (None, ""):
            raise GraphError(131008, details=f"{kind}['{member}'] is required.")
    if kind == "text":
        _check_text(content)
    return content


def _check_text(content: Mapping[str, Any]) -> None:
    body = content["body"]
    if not isinstance(body, str) or not body.strip():
        raise GraphError(131009, details="text['body'] must be a string that is not empty.")
    if len(body) > TEXT_LIMIT:
        raise GraphError(
            100,
            f"(#100) Param text['body'] must be at most {TEXT_LIMIT} characters long.",
            details=f"text['body'] has {len(body)} characters.",
        )
    if not isinstance(content.get("preview_url", False), bool):
        raise GraphError(131009, details="text['preview_url'] must be a boolean.")


def _check_media(kind: str, content: Mapping[str, Any]) -> None:
    if bool(content.get("id")) == bool(content.get("link")):
        raise GraphError(131008, details=f"{kind} needs either id or link.")
    caption = content.get("caption")
    if caption is None:
        return
    if kind not in CAPTIONED:
        raise GraphError(131009, details=f"{kind} cannot have a caption.")
    if not isinstance(caption, str) or len(caption) > CAPTION_LIMIT:
        raise GraphError(131009, details=f"caption must be at most {CAPTION_LIMIT} characters.")


def _context(body: Mapping[str, Any]) -> str | None:
    context = body.get("context")
    if context is None:
        return None
    if not isinstance(context, dict) or not isinstance(context.get("message_id"), str):
        raise GraphError(131008, details="context['message_id'] is required.")
    return str(context["message_id"])


def _opaque(body: Mapping[str, Any]) -> str | None:
    opaque = body.get("biz_opaque_callback_data")
    if opaque is None:
        return None
    if not isinstance(opaque, str) or len(opaque) > OPAQUE_LIMIT:
        raise GraphError(
            131009,
            details=f"biz_opaque_callback_data must be at most {OPAQUE_LIMIT} characters.",
        )
    return opaque


def _require(body: Mapping[str, Any], name: str) -> None:
    if not body.get(name):
        raise _missing(name)


def _missing(name: str) -> GraphError:
    return GraphError(
        100,
        f"(#100) The parameter {name} is required.",
        details=f"The parameter {name} is required.",
    )


def _invalid(message: str) -> GraphError:
    return GraphError(100, message, details=message.removeprefix("(#100) "))

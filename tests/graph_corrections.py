"""Where Meta's OpenAPI document is wrong or silent about what we send, and what it should say."""

from dataclasses import dataclass
from typing import Any

SCHEMAS = "#/components/schemas"


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What the document should say at a place below its schemas, and why."""

    place: str
    value: Any
    why: str


def _file(**beside: dict[str, Any]) -> dict[str, Any]:
    """Return what a file is: an id or a link, and what may stand beside it."""
    ways = ({"id": {"type": "string"}}, {"link": {"type": "string", "format": "url"}})
    return {
        "type": "object",
        "oneOf": [{"required": list(way), "properties": way | beside} for way in ways],
    }


def _text(most: int, least: int = 1) -> dict[str, Any]:
    return {"type": "string", "minLength": least, "maxLength": most}


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(required),
        "properties": required | (optional or {}),
    }


def _list(items: dict[str, Any], most: int) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "maxItems": most, "items": items}


CAPTION = {"type": "string", "maxLength": 1024}
# One shape for each kind of message with something to tap, as Meta's guides of them show.
_BODY, _FOOTER = _object({"text": _text(1024)}), _object({"text": _text(60)})
_HEADER = {
    "oneOf": [
        _object({"type": {"enum": ["text"]}, "text": _text(60)}),
        _object({"type": {"enum": ["image"]}, "image": _file()}),
        _object({"type": {"enum": ["video"]}, "video": _file()}),
        _object({"type": {"enum": ["document"]}, "document": _file(filename=_text(240))}),
    ]
}
_REPLY = _object({"id": _text(256), "title": _text(20)})
_ROW = _object({"id": _text(200), "title": _text(24)}, {"description": _text(72)})
_PRODUCT = _object({"product_retailer_id": {"type": "string"}})
_CATALOG = {"catalog_id": {"type": "string"}}


def _interactive(
    kind: str, action: dict[str, Any], *, lacks: tuple[str, ...] = (), **required: dict[str, Any]
) -> dict[str, Any]:
    beside = {"header": _HEADER, "body": _BODY, "footer": _FOOTER}
    return _object(
        {"type": {"enum": [kind]}, "action": action} | required,
        {name: member for name, member in beside.items() if name not in lacks},
    )


INTERACTIVES = [
    _interactive(
        "button",
        _object({"buttons": _list(_object({"type": {"enum": ["reply"]}, "reply": _REPLY}), 3)}),
        body=_BODY,
    ),
    _interactive(
        "list",
        _object(
            {
                "button": _text(20),
                "sections": _list(_object({"rows": _list(_ROW, 10)}, {"title": _text(24)}), 10),
            }
        ),
        body=_BODY,
    ),
    _interactive(
        "cta_url",
        _object(
            {
                "name": {"enum": ["cta_url"]},
                "parameters": _object({"display_text": _text(20), "url": _text(2000)}),
            }
        ),
        body=_BODY,
    ),
    _interactive("product", _object(_CATALOG | _PRODUCT["properties"])),
    _interactive(
        "product_list",
        _object(
            _CATALOG
            | {
                "sections": _list(
                    _object({"title": _text(24), "product_items": _list(_PRODUCT, 30)}), 10
                )
            }
        ),
        header=_HEADER,
        body=_BODY,
    ),
    _interactive(
        "catalog_message",
        _object(
            {"name": {"enum": ["catalog_message"]}},
            {"parameters": _object({"thumbnail_product_retailer_id": {"type": "string"}})},
        ),
        body=_BODY,
    ),
    _interactive(
        "flow",
        {"$ref": f"{SCHEMAS}/ActionObject/oneOf/4"},
        body=_BODY,
    ),
    _interactive(
        "location_request_message",
        _object({"name": {"enum": ["send_location"]}}),
        lacks=("header", "footer"),
        body=_BODY,
    ),
    _interactive(
        "call_permission_request",
        _object({"name": {"enum": ["call_permission_request"]}}),
        lacks=("header", "footer"),
        body=_BODY,
    ),
]
CORRECTIONS = (
    Correction(
        place="TextMessage/allOf/1/properties/text",
        value={"$ref": f"{SCHEMAS}/TextMessage_1"},
        why="Limit and required member of a text are in TextMessage_1, to which nothing refers.",
    ),
    Correction(
        place="BaseMessageProperties/properties/messaging_product",
        value={"$ref": f"{SCHEMAS}/MessageRequest/properties/messaging_product"},
        why="Any word is taken here; MessageRequest, to which nothing refers, names the only one.",
    ),
    Correction(
        place="BaseMessageProperties/required",
        value=["messaging_product", "recipient_type", "type"],
        why="`to` may be missing where `recipient` is given; the next correction asks for one.",
    ),
    Correction(
        place="BaseMessageProperties/anyOf",
        value=[{"required": ["to"]}, {"required": ["recipient"]}],
        why="A message goes to a phone number or to a business-scoped user id.",
    ),
    Correction(
        place="BaseMessageProperties/properties/recipient",
        value={"type": "string", "pattern": r"^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}$"},
        why="The document is older than business-scoped user ids.",
    ),
    Correction(
        place="BaseMessageProperties/properties/biz_opaque_callback_data",
        value={"$ref": f"{SCHEMAS}/CallRequestPayload/properties/biz_opaque_callback_data"},
        why="The member is described for calls only; messages take it within the same limit.",
    ),
    Correction(
        place="MessageContext/required",
        value=["message_id"],
        why="A reply to nothing is refused by Meta; the document lets `context` be empty.",
    ),
    Correction(
        place="LanguageObject/required",
        value=["code"],
        why="Every sample of a template message has the code alone; one policy is left to name.",
    ),
    Correction(
        place="LocationMessage/allOf/1/properties/location/properties/latitude/type",
        value="number",
        why="Every sample of a place has numbers.",
    ),
    Correction(
        place="LocationMessage/allOf/1/properties/location/properties/longitude/type",
        value="number",
        why="Every sample of a place has numbers.",
    ),
    Correction(
        place="DocumentMessage/allOf/1/properties/document",
        value=_file(caption=CAPTION, filename={"type": "string", "maxLength": 240}),
        why="MediaObject has neither; Meta's reference of documents and the samples have both.",
    ),
    Correction(
        place="AudioMessage/allOf/1/properties/audio",
        value=_file(voice={"type": "boolean"}),
        why="The document is older than voice messages.",
    ),
    *(
        Correction(
            place=f"{kind.title()}Message/allOf/1/properties/{kind}",
            value=_file(caption=CAPTION),
            why="The caption is in MediaObject_1 only, of which one way lacks its end.",
        )
        for kind in ("image", "video")
    ),
    Correction(
        place="InteractiveObject",
        value={"oneOf": INTERACTIVES},
        why="Any action goes with any type there, and kinds are missing; one shape for each.",
    ),
    Correction(
        place="ReactionMessage/allOf/1/properties/reaction/required",
        value=["message_id", "emoji"],
        why="A reaction to nothing is refused; Meta's reference requires both.",
    ),
    Correction(
        place="LocationMessage/allOf/1/properties/location/required",
        value=["latitude", "longitude"],
        why="A place without its point is refused; Meta's reference requires both.",
    ),
    Correction(
        place="ContactObject/required",
        value=["name"],
        why="Meta's reference of contact cards requires it.",
    ),
    Correction(
        place="NameObject/required",
        value=["formatted_name"],
        why="Meta's reference requires it and one part of it.",
    ),
    Correction(
        place="NameObject/minProperties",
        value=2,
        why="The same: the whole name and one part of it.",
    ),
    Correction(
        place="PhoneObject/properties/type/enum",
        value=["HOME", "WORK", "CELL", "MAIN", "IPHONE"],
        why="Meta's reference names five kinds of phone numbers.",
    ),
    Correction(
        place="ContactsMessage/allOf/1/properties/contacts/maxItems",
        value=257,
        why="Meta's guide and its client libraries say 257.",
    ),
    Correction(
        place="ButtonComponent/allOf/1/properties/index/pattern",
        value="^[0-9]$",
        why="The pattern holds the numbers of footnotes; the text beside it says 0-9.",
    ),
    Correction(
        place="ButtonComponent/allOf/1/properties/sub_type/enum",
        value=["quick_reply", "url", "catalog", "copy_code"],
        why="The document is older than buttons that copy a code.",
    ),
    Correction(
        place="ButtonComponent/allOf/1/properties/parameters/items",
        value={
            "oneOf": [
                {"$ref": f"{SCHEMAS}/ButtonPayloadParameter"},
                {"$ref": f"{SCHEMAS}/ButtonTextParameter"},
                _object({"type": {"enum": ["coupon_code"]}, "coupon_code": _text(15)}),
            ]
        },
        why="The same.",
    ),
    Correction(
        place="TextParameter/allOf/1/properties/parameter_name",
        value=_text(200),
        why="The document is older than variables with names.",
    ),
)


def _example(part: str, list_of: dict[str, Any]) -> dict[str, Any]:
    named = _object({"param_name": _text(200), "example": _text(1024)})
    return {
        "oneOf": [
            _object({f"{part}_text": _list(list_of, 100)}),
            _object({f"{part}_text_named_params": _list(named, 100)}),
        ]
    }


def _kind(name: str) -> dict[str, Any]:
    """Return the kind of a part; the document's examples write it in both cases."""
    return {"enum": [name, name.lower()]}


_VALUES = {"type": "array", "minItems": 1, "items": _text(1024)}
_HANDLE = _object({"header_handle": _list(_text(4096), 1)})
_LABEL = {"text": _text(25)}
_BUTTON = {
    "oneOf": [
        _object({"type": {"enum": ["QUICK_REPLY"]}} | _LABEL),
        _object(
            {"type": {"enum": ["URL"]}, "url": _text(2000)} | _LABEL,
            {"example": _list(_text(2000), 1)},
        ),
        _object({"type": {"enum": ["PHONE_NUMBER"]}, "phone_number": _text(20)} | _LABEL),
        _object({"type": {"enum": ["COPY_CODE"]}, "example": _text(15)}),
    ]
}
PARTS = {
    "oneOf": [
        _object(
            {"type": _kind("HEADER"), "format": {"enum": ["TEXT"]}, "text": _text(60)},
            {"example": _example("header", _text(60))},
        ),
        _object(
            {
                "type": _kind("HEADER"),
                "format": {"enum": ["IMAGE", "VIDEO", "DOCUMENT"]},
                "example": _HANDLE,
            }
        ),
        _object({"type": _kind("HEADER"), "format": {"enum": ["LOCATION"]}}),
        _object(
            {"type": _kind("BODY"), "text": _text(1024)}, {"example": _example("body", _VALUES)}
        ),
        _object({"type": _kind("FOOTER"), "text": _text(60)}),
        _object({"type": _kind("BUTTONS"), "buttons": _list(_BUTTON, 10)}),
    ]
}
_CATEGORY = {"enum": ["UTILITY", "MARKETING", "AUTHENTICATION"]}

# Bodies that the document tells by one example only, of a kind that we do not make; the shapes are
# what its other examples and Meta's guide of templates show.
BODIES = {
    "POST /{Version}/{WABA-ID}/message_templates": _object(
        {
            "name": _text(512) | {"pattern": "^[a-z0-9_]+$"},
            "language": _text(20),
            "category": _CATEGORY,
            "components": _list(PARTS, 4),
        },
        {"parameter_format": {"enum": ["NAMED", "POSITIONAL"]}},
    ),
    "POST /{Version}/{TEMPLATE_ID}": _object(
        {"components": _list(PARTS, 4)},
        {"category": _CATEGORY, "name": _text(512), "language": _text(20)},
    ),
}
# Graph's general rules: fields and pages of a list.
QUERIES = {
    "GET /{Version}/{WABA-ID}/message_templates": frozenset({"fields", "limit", "after"}),
}

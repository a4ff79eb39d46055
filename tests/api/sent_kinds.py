"""One message of each kind, as a program writes it."""

import io
from typing import Any

from PIL import Image

LIKE = {"message_id": "wamid.X", "emoji": "👍"}
LINK = "https://shop.example/file"
PLACE = {"latitude": 37.44, "longitude": -122.16, "name": "The shop", "address": "1 Hacker Way"}
PERSON = {
    "name": {"formatted_name": "Lucía Gómez", "first_name": "Lucía"},
    "phones": [{"phone": "+1 983 555 2319", "type": "WORK"}],
}
BUTTONS = {
    "type": "button",
    "header": {"type": "text", "text": "Your order"},
    "body": {"text": "Is it right?"},
    "footer": {"text": "We answer soon"},
    "action": {
        "buttons": [
            {"type": "reply", "reply": {"id": "yes", "title": "Yes"}},
            {"type": "reply", "reply": {"id": "no", "title": "No"}},
        ]
    },
}
CHOICES = {
    "type": "list",
    "body": {"text": "Which one?"},
    "action": {
        "button": "Choose",
        "sections": [
            {
                "title": "Ways",
                "rows": [
                    {"id": "1", "title": "Express", "description": "Next day"},
                    {"id": "2", "title": "By ship"},
                ],
            }
        ],
    },
}
WEB_LINK = {
    "type": "cta_url",
    "body": {"text": "See where it is"},
    "action": {
        "name": "cta_url",
        "parameters": {"display_text": "Track it", "url": "https://shop.example/t/1"},
    },
}
HELP = {"body": {"text": "See what we have"}, "footer": {"text": "Marigold"}}
ITEM = {"product_retailer_id": "sage-cup"}
OTHER_INTERACTIVES: list[dict[str, Any]] = [
    {"type": "product", "action": {"catalog_id": "19", **ITEM}},
    {
        "type": "product_list",
        "header": {"type": "text", "text": "Cups"},
        **HELP,
        "action": {
            "catalog_id": "19",
            "sections": [{"title": "New", "product_items": [ITEM, {"product_retailer_id": "b"}]}],
        },
    },
    {
        "type": "catalog_message",
        **HELP,
        "action": {
            "name": "catalog_message",
            "parameters": {"thumbnail_product_retailer_id": "sage-cup"},
        },
    },
    {
        "type": "flow",
        "header": {"type": "image", "image": {"link": LINK}},
        **HELP,
        "action": {
            "name": "flow",
            "parameters": {
                "flow_message_version": "3",
                "flow_id": "77",
                "flow_cta": "Book",
                "flow_token": "t",
                "flow_action": "navigate",
                "flow_action_payload": {"screen": "FIRST", "data": {"day": 1}},
            },
        },
    },
    {
        "type": "location_request_message",
        "body": {"text": "Where shall we bring it?"},
        "action": {"name": "send_location"},
    },
    {
        "type": "call_permission_request",
        "body": {"text": "May we call you?"},
        "action": {"name": "call_permission_request"},
    },
]
FULL_CARD = {
    "name": {"formatted_name": "Mia Wolf", "first_name": "Mia", "last_name": "Wolf"},
    "birthday": "1990-02-28",
    "phones": [{"phone": "+49 30 901820", "type": "CELL", "wa_id": "4930901820"}],
    "emails": [{"email": "mia@wolf.example", "type": "WORK"}],
    "urls": [{"url": "https://wolf.example", "type": "WORK"}],
    "addresses": [{"street": "1 Lane", "city": "Berlin", "zip": "10178", "type": "HOME"}],
    "org": {"company": "Wolf & Sons", "department": "Sales"},
}
# Type, content, and what Meta is sent as the member of that name.
WITHOUT_FILE: list[tuple[str, Any, Any]] = [
    ("image", {"url": LINK, "caption": "Look"}, {"link": LINK, "caption": "Look"}),
    ("video", {"url": LINK, "caption": "Look"}, {"link": LINK, "caption": "Look"}),
    ("audio", {"url": LINK}, {"link": LINK}),
    ("sticker", {"url": LINK}, {"link": LINK}),
    ("document", {"url": LINK, "filename": "a.pdf"}, {"link": LINK, "filename": "a.pdf"}),
    ("location", PLACE, PLACE),
    ("contacts", {"contacts": [PERSON]}, [PERSON]),
    ("contacts", [PERSON], [PERSON]),
    ("reaction", LIKE, LIKE),
    ("reaction", LIKE | {"emoji": ""}, LIKE | {"emoji": ""}),
    ("interactive", BUTTONS, BUTTONS),
    ("interactive", CHOICES, CHOICES),
    ("contacts", [FULL_CARD] * 6, [FULL_CARD] * 6),
    ("interactive", WEB_LINK, WEB_LINK),
    *(("interactive", one, one) for one in OTHER_INTERACTIVES),
]  # fmt: skip
KINDS = [f"{kind}-{number}" for number, (kind, *_rest) in enumerate(WITHOUT_FILE)]


def picture(kind: str = "JPEG", size: tuple[int, int] = (90, 60)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "#2a7").save(out, kind)
    return out.getvalue()

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
    ("interactive", WEB_LINK, WEB_LINK),
]  # fmt: skip
KINDS = [f"{kind}-{number}" for number, (kind, *_rest) in enumerate(WITHOUT_FILE)]


def picture(kind: str = "JPEG", size: tuple[int, int] = (90, 60)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "#2a7").save(out, kind)
    return out.getvalue()

"""The judge of requests to Graph is fair: it finds what is wrong and accuses nothing that is right.

And what our types of outgoing messages let through, it lets through as well.
"""

from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from app.ids import new_id
from app.services.whatsapp import outbound
from app.services.whatsapp.outbound import Attempt, OutgoingText, ReplyTo, TextBody
from tests.contracts import needs_document
from tests.graph_contract import Contract, contract, document
from tests.graph_corrections import CORRECTIONS, Correction

ORIGIN = "https://graph.example"
MESSAGES = "/{Version}/{Phone-Number-ID}/messages"
TEXT: dict[str, Any] = {
    "messaging_product": "whatsapp",
    "recipient_type": "individual",
    "to": "447700900148",
    "type": "text",
    "text": {"body": "Hello", "preview_url": True},
    "context": {"message_id": "wamid.X"},
    "biz_opaque_callback_data": "019a0c5e-7b1f-7c3d-9e2a-123456789012",
}
TO_A_USER = {
    **{name: value for name, value in TEXT.items() if name != "to"},
    "recipient": "GB.13491208655302741918",
}

pytestmark = needs_document

TEMPLATE = {
    **{name: member for name, member in TEXT.items() if name not in {"text", "context"}},
    "type": "template",
    "template": {
        "name": "order_update",
        "language": {"code": "en_US"},
        "components": [
            {
                "type": "button",
                "sub_type": "copy_code",
                "index": "0",
                "parameters": [{"type": "coupon_code", "coupon_code": "SAGE10"}],
            },
            {
                "type": "body",
                "parameters": [{"type": "text", "parameter_name": "name", "text": "Ana"}],
            },
            {
                "type": "header",
                "parameters": [{"type": "image", "image": {"link": "https://shop.example/a.jpg"}}],
            },
        ],
    },
}


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in TEXT.items() if name not in names}


OTHERS = [
    without("text") | {"type": kind, kind: content}
    for kind, content in {
        "location": {"latitude": 37.44, "longitude": -122.16},
        "document": {"id": "1", "caption": "Look", "filename": "a.pdf"},
        "audio": {"id": "1", "voice": True},
        "image": {"link": "https://shop.example/a.jpg", "caption": "Look"},
        "video": {"link": "https://shop.example/a.mp4", "caption": "Look"},
        "interactive": {
            "type": "cta_url",
            "body": {"text": "See where it is"},
            "action": {
                "name": "cta_url",
                "parameters": {"display_text": "Track it", "url": "https://shop.example/t"},
            },
        },
    }.items()
]


CARD = {
    "name": {"formatted_name": "Mia Wolf", "first_name": "Mia"},
    "phones": [{"phone": "+49 30 901820", "type": "CELL", "wa_id": "4930901820"}],
}
OTHERS.append(without("text") | {"type": "contacts", "contacts": [CARD] * 6})


def interactive(kind: str, **members: Any) -> dict[str, Any]:
    content = {"type": kind, "body": {"text": "Choose"}} | members
    return without("text") | {"type": "interactive", "interactive": content}


def filled(*components: Any) -> dict[str, Any]:
    return TEMPLATE | {"template": TEMPLATE["template"] | {"components": list(components)}}


REPLIES = {"buttons": [{"type": "reply", "reply": {"id": "1", "title": "Yes"}}]}
HOLLOW = [
    without("text") | {"type": "reaction", "reaction": {}},
    without("text") | {"type": "location", "location": {}},
    without("text") | {"type": "contacts", "contacts": [{}]},
    without("text") | {"type": "contacts", "contacts": [{"name": {"first_name": "Mia"}}]},
    without("text") | {"type": "contacts", "contacts": [{"name": {"formatted_name": "Mia"}}]},
    interactive("list", action=REPLIES),
    interactive("button", action=REPLIES, colour="red"),
    interactive("button", action=REPLIES, body={}),
    interactive("button", action=REPLIES | {"name": "cta_url"}),
    interactive("catalog_message", action={"name": "cta_url"}),
    interactive("carousel", action=REPLIES),
    filled({"type": "body", "parameters": [{"type": "text", "foo": 1}]}),
    filled({"type": "header", "parameters": [{"type": "image", "image": {}}]}),
    filled({"type": "button", "sub_type": "url", "index": "0",
            "parameters": [{"type": "payload", "text": "x"}]}),
    filled({"type": "footer", "parameters": []}),
]  # fmt: skip


def to_messages(body: Any, **over: Any) -> httpx.Request:
    given = {
        "method": "POST",
        "url": f"{ORIGIN}/v25.0/106540352242922/messages",
        "headers": {"Authorization": "Bearer EAAB"},
        "json": body,
    }
    return httpx.Request(**given | over)


@settings(max_examples=50)
@given(
    text=st.text(min_size=1, max_size=200),
    digits=st.from_regex(r"[1-9][0-9]{6,14}", fullmatch=True),
    reply=st.none() | st.text(min_size=1, max_size=80),
    number=st.integers(0, 999_999),
)
def test_whatever_our_types_take_keeps_the_contract(
    text: str, digits: str, reply: str | None, number: int
):
    message = OutgoingText(
        to=digits,
        text=TextBody(body=text),
        context=ReplyTo(message_id=reply) if reply else None,
        biz_opaque_callback_data=Attempt(new_id(), number).encode(),
    )

    body = message.model_dump(exclude_none=True)

    assert contract().problems(to_messages(body)) == []


@pytest.mark.parametrize(
    "members",
    [
        {"text": {"body": "x" * (outbound.MAX_TEXT + 1)}},
        {"text": {"body": ""}},
        {"biz_opaque_callback_data": "x" * 513},
        {"type": "image"},
        {"messaging_product": "sms"},
        {"recipient_type": "group"},
    ],
    ids=lambda members: next(iter(members)),
)
def test_our_types_refuse_what_the_contract_refuses(members: dict[str, Any]):
    OutgoingText.model_validate(TEXT)
    with pytest.raises(ValidationError):
        OutgoingText.model_validate(TEXT | members)


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        (to_messages(TEXT | {"colour": "red"}), "$: additionalProperties"),
        (to_messages(TEXT | {"text": {"text": "Hello"}}), "$.text: additionalProperties"),
        (to_messages(TEXT | {"text": {"preview_url": True}}), "$.text: required"),
        (to_messages(TEXT | {"text": {"body": "x" * 4097}}), "$.text.body: maxLength"),
        (to_messages(TEXT | {"text": {"body": 7}}), "$.text.body: type"),
        (to_messages(TEXT | {"text": {"body": "x", "preview_url": "no"}}),
         "$.text.preview_url: type"),
        (to_messages(TEXT | {"type": "txt"}), "$.type: enum"),
        (to_messages(TEXT | {"type": "image"}), "$: required"),
        (to_messages(TEXT | {"messaging_product": "sms"}), "$.messaging_product: enum"),
        (to_messages(TEXT | {"recipient_type": "everybody"}), "$.recipient_type: enum"),
        (to_messages(TEXT | {"to": 447700900148}), "$.to: type"),
        (to_messages(without("to")), "$: anyOf"),
        (to_messages(without("messaging_product")), "$: required"),
        (to_messages(without("text")), "$: required"),
        (to_messages(TO_A_USER | {"recipient": "447700900148"}), "$.recipient: pattern"),
        (to_messages(TEXT | {"context": {"id": "wamid.X"}}), "$.context: additionalProperties"),
        (to_messages(TEXT | {"context": {}}), "$.context: required"),
        (to_messages(TEXT | {"biz_opaque_callback_data": "x" * 513}),
         "$.biz_opaque_callback_data: maxLength"),
        (to_messages(TEXT, url=f"{ORIGIN}/v25.0/1/message"),
         "POST /v25.0/1/message: no such operation"),
        (to_messages(TEXT, method="PUT"),
         "PUT /v25.0/106540352242922/messages: no such operation"),
        (to_messages(TEXT, headers={}), "header Authorization: required"),
        (to_messages(TEXT, headers={"Authorization": "EAAB"}), "header Authorization: pattern"),
        (to_messages({"callback": "x"}, url=f"{ORIGIN}/v25.0/7/subscribed_apps"),
         "$: additionalProperties"),
        (to_messages({"verify_token": 1}, url=f"{ORIGIN}/v25.0/7/subscribed_apps"),
         "$.verify_token: type"),
        (to_messages({}, url=f"{ORIGIN}/25/7/subscribed_apps"), "path Version: pattern"),
        (to_messages({}, url=f"{ORIGIN}/v25.0/seven/subscribed_apps"), "path WABA-ID: pattern"),
        (to_messages({}, url=f"{ORIGIN}/v25.0/7/subscribed_apps?fields=x"),
         "query fields: unknown"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)  # fmt: skip
def test_wrong_request_is_found(request_: httpx.Request, problem: str):
    assert problem in contract().problems(request_)


@pytest.mark.parametrize("body", [TEXT, TO_A_USER, without("context"), TEMPLATE, *OTHERS])
def test_right_request_is_not_accused(body: dict[str, Any]):
    assert contract().problems(to_messages(body)) == []


@pytest.mark.parametrize("body", HOLLOW)
def test_what_lacks_or_mixes_members_is_found(body: dict[str, Any]):
    assert contract().problems(to_messages(body)) != []


TEMPLATES = "/{Version}/{WABA-ID}/message_templates"
OTHER_KINDS = {"FLOW", "OTP", "MPM", "CATALOG", "VOICE_CALL", "SPM"}


def template_examples() -> list[tuple[str, dict[str, Any]]]:
    """Return the document's examples of making a template, of the kinds that we make."""
    content = document()["paths"][TEMPLATES]["post"]["requestBody"]["content"]["application/json"]
    examples = [(name, one["value"]) for name, one in content["examples"].items()]
    return [
        (name, body)
        for name, body in examples
        if not any(
            button["type"] in OTHER_KINDS
            for part in body["components"]
            for button in part.get("buttons", [])
        )
    ]


def test_making_a_template_as_the_documents_examples_do_is_right():
    found = {
        name: contract().problems(to_messages(body, url=f"{ORIGIN}/v25.0/7/message_templates"))
        for name, body in template_examples()
    }

    assert len(found) == 4
    assert {name: problems for name, problems in found.items() if problems} == {}


BODY = {"type": "BODY", "text": "Hello {{1}}, welcome.", "example": {"body_text": [["Ana"]]}}


@pytest.mark.parametrize(
    "members",
    [
        {"colour": "red"},
        {"category": "NEWS"},
        {"name": "Order Update"},
        {"language": None},
        {"components": []},
        {"components": [BODY, {"type": "FOOTER", "txet": "Marigold"}]},
        {"components": [BODY, {"type": "FOOTER", "text": "x" * 61}]},
        {"components": [BODY | {"example": {"body_text": "Ana"}}]},
        {"components": [BODY, {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Go"}]}]},
        {"components": [BODY, {"type": "BUTTONS", "buttons": [{"type": "COPY_CODE"}]}]},
        {"components": [{"type": "HEADER", "format": "IMAGE"}, BODY]},
    ],
)
def test_wrong_template_is_found(members: dict[str, Any]):
    right = {"name": "hello", "language": "en_US", "category": "UTILITY", "components": [BODY]}
    address = f"{ORIGIN}/v25.0/7/message_templates"

    assert contract().problems(to_messages(right, url=address)) == []
    assert contract().problems(to_messages(right | members, url=address)) != []


@pytest.mark.parametrize("name", ["Send Text Message", "Send Reply to Text Message"])
def test_documents_own_examples_are_right(name: str):
    content = document()["paths"][MESSAGES]["post"]["requestBody"]["content"]["application/json"]

    assert contract().problems(to_messages(content["examples"][name]["value"])) == []


@pytest.mark.parametrize("correction", CORRECTIONS, ids=lambda one: one.place)
def test_every_correction_is_needed(correction: Correction):
    """Without it, something right is refused or something wrong is let through."""
    less = Contract([one for one in CORRECTIONS if one is not correction])
    witnesses = [
        to_messages(body)
        for body in (
            TEXT,
            TO_A_USER,
            without("to"),
            TEXT | {"text": {"preview_url": True}},
            TEXT | {"messaging_product": "sms"},
            TEXT | {"context": {}},
            TEMPLATE,
            *OTHERS,
            *HOLLOW,
        )
    ]

    verdicts = [contract().problems(one) for one in witnesses]

    assert [less.problems(one) for one in witnesses] != verdicts

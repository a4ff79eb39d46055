"""What a customer controls is text on every page: in Chromium nothing of it ever runs."""

import json
from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Person, ready
from tests.e2e.stack import Stack

RAN = "window.ran = true"
HOSTILE = [
    f"<img src=x onerror='{RAN}'>",
    f"<script>{RAN}</script>",
    f"<svg/onload='{RAN}'>",
    f"javascript:{RAN}",
    f"\"><iframe srcdoc='<script>parent.{RAN}</script>'>",
    f"{{{{constructor.constructor('{RAN}')()}}}}",
    f"${{{RAN}}}",
    f"</script><script>{RAN}</script>",
    f"`+({RAN})+`",
    f"<a href='javascript:{RAN}' autofocus onfocus='{RAN}'>x</a>",
]
ALL = " ".join(HOSTILE)
PAGES = ["/dashboard", "/messages", "/phone-numbers", "/settings/audit", "/settings/team"]


def messages_saying(words: str) -> list[dict[str, Any]]:
    """Return a message for every place that a customer can write words into."""
    return [*written(words), *chosen(words), *told(words)]


def written(words: str) -> list[dict[str, Any]]:
    return [
        {"type": "text", "text": {"body": words}},
        {
            "type": "text",
            "text": {"body": f"https://x.example/{words}"},
            "referral": {
                "headline": words, "body": words, "source_url": f"javascript:{RAN}",
                "source_type": words,
            },
        },
        {"type": "image", "image": {"id": words[:100], "mime_type": words, "caption": words}},
        {
            "type": "document",
            "document": {"id": "1", "mime_type": "text/html", "filename": words, "caption": words},
        },
        {
            "type": "location",
            "location": {
                "latitude": 1, "longitude": words, "name": words, "address": words,
                "url": f"javascript:{RAN}",
            },
        },
        {
            "type": "contacts",
            "contacts": [
                {
                    "name": {"formatted_name": words, "first_name": words},
                    "org": {"company": words, "title": words},
                    "phones": [{"phone": words, "type": words}],
                    "emails": [{"email": words, "type": words}],
                    "urls": [{"url": f"javascript:{RAN}", "type": words}],
                    "addresses": [{"street": words, "country": words}],
                    "birthday": words,
                }
            ],
        },
    ]  # fmt: skip


def chosen(words: str) -> list[dict[str, Any]]:
    row = {"id": words[:100], "title": words, "description": words}
    return [
        {"type": "interactive", "interactive": {"type": "list_reply", "list_reply": row}},
        {"type": "interactive", "interactive": {"type": "button_reply", "button_reply": row}},
        {
            "type": "interactive",
            "interactive": {
                "type": "nfm_reply",
                "nfm_reply": {"name": words, "response_json": json.dumps({words: words})},
            },
        },
        {"type": "button", "button": {"text": words, "payload": words}},
    ]


def told(words: str) -> list[dict[str, Any]]:
    return [
        {
            "type": "order",
            "order": {
                "text": words,
                "product_items": [
                    {"product_retailer_id": words, "quantity": words, "currency": words}
                ],
            },
        },
        {"type": "system", "system": {"type": words, "body": words, "wa_id": words}},
        {"type": "unsupported", "errors": [{"code": 1, "title": words, "message": words}]},
    ]


def nothing_ran(page: Page) -> None:
    assert page.evaluate("window.ran") is None
    assert page.evaluate("document.querySelectorAll('[srcdoc], [onerror], [onload]').length") == 0
    links = page.evaluate("[...document.links].map(one => one.protocol)")
    assert set(links) <= {"http:", "https:", "mailto:", "tel:"}, links


def test_nothing_that_a_customer_writes_runs(person: Person, stack: Stack) -> None:
    shop = stack.workspace("Hostile")
    for words in (*HOSTILE, ALL):
        stack.receive(shop, [(words, 60)], name=words)
    everything = [one for words in HOSTILE for one in messages_saying(words)]
    first, *_rest = stack.bring(shop, everything, name=ALL[:200])
    stack.bring(
        shop,
        [
            {"type": "reaction", "reaction": {"message_id": first, "emoji": HOSTILE[0][:30]}},
            {"type": "text", "text": {"body": ALL}, "context": {"id": first, "from": ALL}},
        ],
        name=ALL[:200],
    )
    page = person(shop)
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))

    for path in PAGES:
        page.goto(path)
        ready(page)
        page.wait_for_timeout(300)
        nothing_ran(page)
    page.goto("/messages")
    ready(page)
    expect(page.locator("[data-testid^=conversation-]")).to_have_count(len(HOSTILE) + 2)
    page.locator("[data-testid^=conversation-]").first.click()
    expect(page.locator(".bubble-quote")).to_have_count(1)
    page.locator("[data-direction]").last.hover()
    page.wait_for_timeout(300)
    nothing_ran(page)
    page.get_by_role("button", name="Answer with a quote").last.click()
    nothing_ran(page)
    page.locator(".bubble-quote").click()
    page.locator(".msg.is-found").wait_for()
    nothing_ran(page)

    assert dialogs == []

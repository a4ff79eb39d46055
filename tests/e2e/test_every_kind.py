"""Whatever a customer sends is shown as they meant it, in a thread that is open."""

import json
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Person, ready
from tests.e2e.stack import Stack, Workspace

PLACE = {"latitude": 37.44, "longitude": -122.16, "name": "The shop", "address": "1 Hacker Way"}
CONTACT = {
    "name": {"formatted_name": "Lucía Gómez", "first_name": "Lucía"},
    "org": {"company": "Pots & Co"},
    "phones": [{"phone": "+1 983 555 2319", "type": "MOBILE", "wa_id": "19835552319"}],
}
ORDER = {
    "catalog_id": "194836987003835",
    "text": "",
    "product_items": [
        {"product_retailer_id": "sage-cup", "quantity": 2, "item_price": 30, "currency": "USD"},
        {"product_retailer_id": "pot", "quantity": 1, "item_price": 25, "currency": "USD"},
    ],
}
FORM = {"screen_0_name_0": "Ana", "screen_0_orderNumber_1": 17, "flow_token": "unused"}
REFERRAL = {
    "source_url": "https://fb.me/sale",
    "source_type": "ad",
    "headline": "Summer sale",
    "body": "Everything must go",
}


def interactive(kind: str, **reply: Any) -> dict[str, Any]:
    return {"type": "interactive", "interactive": {"type": kind, kind: reply}}


def open_thread(person: Person, shop: Workspace, name: str) -> Page:
    page = person(shop)
    page.goto("/messages")
    ready(page)
    page.locator("[data-testid^=conversation-]").filter(has_text=name).click()
    page.locator("[data-direction]").first.wait_for()
    return page


def bubble(page: Page, words: str) -> Locator:
    return page.locator("[data-direction]").filter(has_text=words)


def test_places_people_orders_forms_and_choices(person: Person, stack: Stack) -> None:
    shop = stack.workspace("Kinds")
    stack.bring(
        shop,
        [
            {"type": "text", "text": {"body": "Is it still on?"}, "referral": REFERRAL},
            {"type": "location", "location": PLACE},
            {"type": "contacts", "contacts": [CONTACT]},
            {"type": "order", "order": ORDER},
            interactive("nfm_reply", name="flow", body="Sent", response_json=json.dumps(FORM)),
            interactive("list_reply", id="1", title="Express", description="Next day"),
            interactive("button_reply", id="2", title="Cancel it"),
            {"type": "button", "button": {"text": "Yes please", "payload": "yes"}},
            {"type": "system", "system": {"type": "customer_identity_changed", "body": "x"}},
            {"type": "unsupported", "errors": [{"code": 131060, "title": "Unsupported"}]},
            {
                "type": "text",
                "text": {"body": "Passed on"},
                "context": {"frequently_forwarded": True},
            },
        ],
        name="Kim",
    )
    page = open_thread(person, shop, "Kim")

    expect(bubble(page, "Is it still on?")).to_contain_text("Came from an advertisement")
    link = bubble(page, "Summer sale").get_by_role("link", name="Open it")
    expect(link).to_have_attribute("href", "https://fb.me/sale")
    expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
    expect(bubble(page, "The shop")).to_contain_text("37.440000, -122.160000")
    expect(bubble(page, "The shop").get_by_role("link")).to_have_text("Open the map")
    expect(bubble(page, "Lucía Gómez")).to_contain_text("+1 983 555 2319")
    expect(bubble(page, "2 products")).to_contain_text("85 USD")
    expect(bubble(page, "Filled in a form")).to_contain_text("Order number")
    expect(bubble(page, "Filled in a form")).not_to_contain_text("unused")
    expect(bubble(page, "Express")).to_contain_text("Next day")
    expect(bubble(page, "Cancel it")).to_contain_text("Chose")
    expect(bubble(page, "Yes please")).to_contain_text("Chose")
    expect(page.locator(".thread-notice")).to_contain_text("security code changed")
    expect(bubble(page, "WhatsApp Business app only")).to_be_visible()
    expect(bubble(page, "Passed on")).to_contain_text("Forwarded many times")


def test_reactions_changes_and_deletions_are_seen_on_what_they_are_about(
    person: Person, stack: Stack
) -> None:
    shop = stack.workspace("Amends")
    first, second, third = stack.bring(
        shop,
        [
            {"type": "text", "text": {"body": text}}
            for text in ("Two cups pleese", "At noon?", "My secret")
        ],
        name="Lou",
    )
    page = open_thread(person, shop, "Lou")
    expect(page.locator("[data-direction]")).to_have_count(3)

    stack.bring(
        shop,
        [
            {"type": "reaction", "reaction": {"message_id": second, "emoji": "👍"}},
            {
                "type": "edit",
                "edit": {
                    "original_message_id": first,
                    "message": {"type": "text", "text": {"body": "Two cups please"}},
                },
            },
            {"type": "revoke", "revoke": {"original_message_id": third}},
            {"type": "text", "text": {"body": "Well?"}, "context": {"id": third, "from": "1"}},
        ],
        name="Lou",
    )

    expect(bubble(page, "Two cups please")).to_contain_text("Edited")
    expect(page.get_by_text("Two cups pleese")).to_have_count(0)
    expect(bubble(page, "At noon?").locator("[data-testid^=reactions-]")).to_have_text("👍")
    expect(page.get_by_text("My secret")).to_have_count(0)
    expect(bubble(page, "Well?")).to_contain_text("This message was deleted.")
    expect(page.locator("[data-direction]")).to_have_count(4)

    stack.bring(shop, [{"type": "reaction", "reaction": {"message_id": second}}], name="Lou")
    expect(page.locator("[data-testid^=reactions-]")).to_have_count(0)
    page.reload()
    ready(page)
    expect(bubble(page, "Two cups please")).to_contain_text("Edited")
    expect(page.locator("[data-direction]")).to_have_count(4)


@pytest.mark.parametrize("is_loaded", [True, False], ids=["loaded", "older"])
def test_a_quote_leads_to_what_it_answers(person: Person, stack: Stack, *, is_loaded: bool) -> None:
    shop = stack.workspace(f"Quotes {is_loaded}")
    [asked] = stack.bring(
        shop,
        [{"type": "text", "text": {"body": "The very first question"}, "timestamp": "1700000000"}],
        name="Mia",
    )
    filler = 30 if is_loaded else 130
    stack.receive(shop, [(f"Line {n}", filler - n) for n in range(filler)], name="Mia")
    stack.bring(
        shop,
        [{"type": "text", "text": {"body": "This one"}, "context": {"id": asked, "from": "1"}}],
        name="Mia",
    )
    page = open_thread(person, shop, "Mia")
    answer = bubble(page, "This one")
    answer.scroll_into_view_if_needed()

    answer.get_by_role("button").filter(has_text="The very first question").click()

    found = page.locator(".msg.is-found")
    expect(found).to_contain_text("The very first question")
    expect(found).to_be_in_viewport()

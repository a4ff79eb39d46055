"""What Meta says of an account appears above an open page, and goes when somebody puts it away."""

import json
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Person, ready
from tests.e2e.stack import Stack, Workspace


def say(stack: Stack, shop: Workspace, said: dict[str, Any], at: int) -> None:
    entry = {"id": "1", "time": at, "changes": [{"field": "account_update", "value": said}]}
    body = {"object": "whatsapp_business_account", "entry": [entry]}
    answer = stack.post_webhook(shop, json.dumps(body).encode())
    assert answer.status_code == 200


def test_banner_comes_and_goes_by_itself_and_for_the_whole_team(
    person: Person, stack: Stack
) -> None:
    shop = stack.workspace("Banner")
    owner = person(shop)
    agent = person(stack.colleague(shop, "Agent"))
    stranger = person(stack.workspace("No banner"))
    for page in (owner, agent, stranger):
        page.goto("/messages")
        ready(page)

    say(stack, shop, {"event": "PARTNER_REMOVED"}, 1_739_321_000)

    for page in (owner, agent):
        expect(page.get_by_test_id("notices")).to_contain_text("no longer connected to this app")
        expect(page.get_by_test_id("notices")).to_contain_text("Connect the number again")
    expect(agent.locator("[data-testid^=dismiss-]")).to_have_count(0)
    owner.locator("[data-testid^=dismiss-]").click()
    for page in (owner, agent):
        expect(page.get_by_test_id("notices").locator(".notice")).to_have_count(0)

    say(stack, shop, {"event": "ACCOUNT_RECONNECTED"}, 1_739_321_010)
    say(stack, shop, {"event": "PARTNER_REMOVED"}, 1_739_321_020)
    expect(owner.locator(".notice")).to_have_count(1)
    say(stack, shop, {"event": "ACCOUNT_RECONNECTED"}, 1_739_321_030)
    expect(owner.locator(".notice")).to_have_count(0)
    expect(stranger.locator(".notice")).to_have_count(0)


@pytest.mark.phone
def test_banner_of_a_phone_can_be_put_away_and_leaves_threads_their_room(
    person: Person, stack: Stack
) -> None:
    shop = stack.workspace("Small banner")
    stack.receive(shop, [("Hello", 60)], name="Ana")
    for event in ("PARTNER_REMOVED", "ACCOUNT_DELETED"):
        say(stack, shop, {"event": event}, 1_739_321_000)
    page = person(shop)
    page.goto("/messages")
    ready(page)
    expect(page.locator(".notice")).to_have_count(2)
    frame = page.get_by_test_id("notices").bounding_box()
    assert frame
    assert frame["height"] <= 100
    page.locator("[data-testid^=conversation-]").first.click()
    expect(page.get_by_test_id("notices")).to_be_hidden()
    page.get_by_test_id("thread-back").click()

    for left in (1, 0):
        page.locator("[data-testid^=dismiss-]").first.click()
        expect(page.locator(".notice")).to_have_count(left)
    page.get_by_test_id("theme-toggle").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"

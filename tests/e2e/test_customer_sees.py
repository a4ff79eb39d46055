"""The customer's phone shows that the business has read, and that somebody there is typing."""

from playwright.sync_api import expect

from tests.e2e.conftest import Person, ready
from tests.e2e.stack import Stack
from tests.e2e.test_connecting import connected

PATIENCE_MS = 15_000


def test_phone_shows_blue_ticks_and_typing_unless_the_number_is_switched_off(
    person: Person, stack: Stack
) -> None:
    shop = connected(stack, "Courteous")
    page = person(shop)
    phone = page.context.new_page()
    phone.goto("/sandbox/phone")
    phone.get_by_test_id("phone-input").fill("Anybody there?")
    phone.get_by_test_id("phone-send").click()
    page.goto("/messages")
    ready(page)

    page.bring_to_front()
    page.locator("[data-testid^=conversation-]").click()
    expect(page.get_by_test_id("thread-log").get_by_text("Anybody there?")).to_be_visible()
    tick = phone.locator("[data-testid=phone-message-1] .ph-tick")
    expect(tick).to_have_attribute("data-state", "read", timeout=PATIENCE_MS)
    page.get_by_test_id("composer-input").press_sequentially("We are")
    expect(phone.get_by_text("typing…")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_test_id("composer-input").press("Enter")
    expect(phone.get_by_test_id("phone-message-2")).to_contain_text("We are")
    expect(phone.get_by_text("typing…")).to_have_count(0)

    page.goto("/phone-numbers")
    page.locator("[data-testid^=open-number-]").first.click()
    for shown in ("read", "typing"):
        page.get_by_test_id(f"number-shows-{shown}").click()
    page.get_by_test_id("number-submit").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    phone.get_by_test_id("phone-input").fill("And now?")
    phone.get_by_test_id("phone-send").click()
    page.goto("/messages")
    ready(page)
    row = page.locator("[data-testid^=conversation-]")
    row.click()
    expect(row).to_have_attribute("data-unread", "0", timeout=PATIENCE_MS)
    page.get_by_test_id("composer-input").press_sequentially("Not shown")
    page.wait_for_timeout(1500)
    expect(phone.locator("[data-testid=phone-message-3] .ph-tick")).to_have_attribute(
        "data-state", "sent"
    )
    expect(phone.get_by_text("typing…")).to_have_count(0)

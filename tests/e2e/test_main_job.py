"""The one thing the product exists for, the way people do it."""

import time

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Person, control, new_email, ready


def sign_up(page: Page, name: str, email: str) -> None:
    page.goto("/sign-up")
    page.get_by_test_id("sign-up-name").fill(name)
    page.get_by_test_id("sign-up-email").fill(email)
    page.get_by_test_id("sign-up-password").fill("correct horse battery")
    page.get_by_test_id("sign-up-workspace").fill(f"{name}'s shop")
    page.get_by_test_id("sign-up-submit").click()
    page.wait_for_url("**/dashboard")
    ready(page)


def test_a_message_arrives_live_is_answered_and_its_ticks_reach_read(person: Person) -> None:
    ana = person()
    sign_up(ana, "Ana", new_email("ana"))
    ana.get_by_test_id("connect-sandbox").click()
    ana.wait_for_url("**/phone-numbers")
    expect(ana.get_by_text("Connected", exact=True)).to_be_visible()
    expect(ana.get_by_test_id("workspace-menu")).to_contain_text("Growth trial")
    rival = person()
    sign_up(rival, "Rival", new_email("rival"))
    rival.goto("/messages")
    ready(rival)
    expect(rival.get_by_text("No phone number yet")).to_be_visible()

    second = ana.context.new_page()
    for page in (ana, second):
        page.goto("/messages")
        ready(page)
        expect(page.get_by_test_id("inbox-empty")).to_be_visible()
    phone = ana.context.new_page()
    phone.goto("/sandbox/phone")
    phone.get_by_test_id("phone-input").fill("Do you still have the tall sage vase?")
    phone.get_by_test_id("phone-send").click()
    sent_at = time.monotonic()
    row = ana.locator("[data-testid^=conversation-]")
    expect(row).to_contain_text("Do you still have the tall sage vase?", timeout=5_000)
    arrived_in_s = time.monotonic() - sent_at
    expect(second.locator("[data-testid^=conversation-]")).to_contain_text("tall sage vase")
    print(f"customer's send to visible row: {arrived_in_s * 1000:.0f} ms")
    assert arrived_in_s < 1

    row.click()
    expect(ana.locator("[data-direction=inbound]")).to_contain_text("tall sage vase")
    ana.get_by_test_id("composer-input").fill("We do, two left.")
    ana.get_by_test_id("composer-input").press("Enter")
    reply = ana.locator("[data-direction=outbound]")
    expect(reply).to_have_attribute("data-status", "read")
    expect(reply).to_contain_text("We do, two left.")
    expect(reply).to_have_count(1)
    expect(phone.get_by_test_id("phone-message-2")).to_contain_text("We do, two left.")
    expect(second.locator("[data-testid^=conversation-]")).to_contain_text("We do, two left.")

    expect(rival.get_by_test_id("inbox-empty")).to_be_visible()
    expect(rival.locator("[data-testid^=conversation-]")).to_have_count(0)
    conversation = ana.url.rsplit("/", 1)[1]
    answer = rival.request.get(f"/messages/{conversation}")
    assert answer.status == 404
    missing = rival.request.get("/messages/0197b1d8-0000-7000-8000-000000000000")
    assert (missing.status, len(missing.body())) == (404, len(answer.body()))


def test_the_next_step_on_the_dashboard_follows_what_is_there(person: Person) -> None:
    page = person()
    sign_up(page, "Step", new_email("step"))
    expect(page.get_by_text("Hello Step")).to_be_visible()
    page.get_by_test_id("connect-sandbox").click()
    page.wait_for_url("**/phone-numbers")
    page.get_by_test_id("nav-dashboard").click()
    expect(page.get_by_text("Let a customer write")).to_be_visible()
    expect(page.get_by_test_id("count-numbers")).to_have_text("1")

    phone = page.context.new_page()
    phone.goto("/sandbox/phone")
    phone.get_by_test_id("phone-input").fill("Hello?")
    phone.get_by_test_id("phone-input").press("Enter")

    expect(page.get_by_text("Somebody is waiting for an answer")).to_be_visible()
    expect(page.get_by_test_id("count-unread")).to_have_text("1")
    expect(page.get_by_test_id("nav-inbox").locator(".count")).to_have_text("1")
    expect(page.get_by_test_id("caption-unread")).to_have_text("1 message to read")
    recent = page.locator("[data-testid^=recent-]")
    expect(recent).to_have_count(1)
    expect(recent).to_contain_text("Hello?")
    phone.get_by_test_id("phone-input").fill("Anybody there?")
    phone.get_by_test_id("phone-input").press("Enter")
    expect(recent).to_contain_text("Anybody there?")
    page.evaluate("window.stillHere = true")
    recent.click()
    expect(page.locator("[data-direction=inbound]").last).to_contain_text("Anybody there?")
    assert page.evaluate("window.stillHere") is True


def test_a_failed_send_says_why_and_a_refused_one_is_sent_again_by_itself(person: Person) -> None:
    page = person()
    sign_up(page, "Fail", new_email("fail"))
    page.get_by_test_id("connect-sandbox").click()
    page.wait_for_url("**/phone-numbers")
    phone = page.context.new_page()
    phone.goto("/sandbox/phone")
    phone.get_by_test_id("phone-input").fill("Hello?")
    phone.get_by_test_id("phone-send").click()
    page.goto("/messages")
    page.locator("[data-testid^=conversation-]").click()

    control(page, failWith=131026, count=1)
    page.get_by_test_id("composer-input").fill("This one fails")
    page.get_by_test_id("composer-send").click()
    failed = page.locator("[data-direction=outbound][data-status=failed]")
    expect(failed).to_contain_text("This one fails")
    expect(page.get_by_text("This number cannot receive the message")).to_be_visible()
    expect(page.locator("[data-testid^=message-]")).to_have_count(2)  # and nothing else is found
    expect(page.locator("[data-testid^=conversation]")).to_have_count(1)

    control(page, failWith="503", count=1)
    page.get_by_test_id("composer-input").fill("This one is sent again by itself")
    page.get_by_test_id("composer-send").click()
    expect(page.locator("[data-status=read]")).to_contain_text("sent again by itself")


@pytest.mark.parametrize("locale", ["en-US", "en-GB"])
def test_the_customers_phone_tells_the_time_as_the_inbox_does(person: Person, locale: str) -> None:
    page = person(locale=locale)
    sign_up(page, "Clock", new_email(locale))
    page.get_by_test_id("connect-sandbox").click()
    page.wait_for_url("**/phone-numbers")
    page.goto("/sandbox/phone")
    page.get_by_test_id("phone-input").fill("What time is it?")
    page.get_by_test_id("phone-send").click()
    on_the_phone = page.get_by_test_id("phone-message-1").locator("time").inner_text()

    page.goto("/messages")
    page.locator("[data-testid^=conversation-]").click()

    expect(page.locator("[data-testid^=message-] time")).to_have_text(on_the_phone)
    assert ("M" in on_the_phone) == (locale == "en-US")

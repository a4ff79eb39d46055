"""A voice message is spoken in the browser and heard on the customer's phone."""

from playwright.sync_api import Page, expect

from tests.e2e.conftest import PHONE, Person, customer_says, ready
from tests.e2e.stack import Stack
from tests.e2e.test_connecting import connected

LIFE_MS = 20_000


def open_thread(page: Page) -> None:
    customer_says(page, "Are you there?")
    page.goto("/messages")
    ready(page)
    page.locator("[data-testid^=conversation-]").first.click()
    expect(page.get_by_test_id("composer-record")).to_be_visible()


def test_what_was_spoken_is_heard_as_a_voice_message(person: Person, stack: Stack) -> None:
    shop = connected(stack, "Spoken")
    page = person(shop)
    page.context.grant_permissions(["microphone"])
    open_thread(page)

    page.get_by_test_id("composer-record").click()
    expect(page.get_by_test_id("recorder-time")).to_have_text("0:02")
    expect(page.get_by_test_id("composer-input")).to_be_hidden()
    page.get_by_test_id("recorder-send").click()

    bubble = page.locator("[data-direction=outbound]")
    expect(bubble).to_have_count(1)
    expect(bubble).to_have_attribute("data-status", "read", timeout=LIFE_MS)
    expect(bubble.locator(".voice")).to_be_visible()
    expect(page.get_by_test_id("recorder")).to_have_count(0)
    expect(page.get_by_test_id("composer-input")).to_be_focused()
    seconds = bubble.locator("audio").evaluate(
        """audio => new Promise((resolve, reject) => {
            audio.onloadedmetadata = () => resolve(audio.duration); audio.onerror = reject;
            audio.preload = "metadata"; audio.load()
        })"""
    )
    assert 1.5 < seconds < 10
    kept = stack.query(
        "SELECT m.type, m.content->>'voice', f.content_type, f.filename FROM messages m"  # noqa: S608  # our own id
        " JOIN media_files f ON f.message_id = m.id"
        f" WHERE m.workspace_id = '{shop.workspace_id}' AND m.direction = 'outbound'"
    )
    assert kept == [("audio", "true", "audio/ogg", "voice.ogg")]
    page.goto("/sandbox/phone")
    expect(page.get_by_text("Voice message")).to_be_visible()


def test_recording_is_thrown_away_and_nothing_goes_out(person: Person, stack: Stack) -> None:
    page = person(connected(stack, "Unspoken"))
    page.set_viewport_size(PHONE)
    page.context.grant_permissions(["microphone"])
    open_thread(page)

    page.get_by_test_id("composer-record").click()
    expect(page.get_by_test_id("recorder-time")).to_have_text("0:01")
    page.get_by_test_id("recorder-cancel").click()

    expect(page.get_by_test_id("recorder")).to_have_count(0)
    expect(page.get_by_test_id("composer-record")).to_be_focused()
    page.get_by_test_id("composer-input").fill("In words, then")
    expect(page.get_by_test_id("composer-record")).to_have_count(0)
    page.get_by_test_id("composer-send").click()
    expect(page.locator("[data-direction=outbound]")).to_have_count(1)
    expect(page.locator("[data-direction=outbound]")).to_contain_text("In words, then")


def test_without_a_microphone_one_is_told_what_to_do(person: Person, stack: Stack) -> None:
    page = person(connected(stack, "Silent"))
    open_thread(page)

    page.get_by_test_id("composer-record").click()

    expect(page.get_by_role("alert")).to_contain_text("gives us no microphone")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("composer-input")).to_be_visible()

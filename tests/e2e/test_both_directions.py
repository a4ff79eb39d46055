"""The customer's phone and the inbox beside each other: every kind of message, there and back."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Person, ready
from tests.e2e.stack import Stack
from tests.e2e.test_answering import DATA, FORMS, compose, open_thread, payload, sent
from tests.e2e.test_connecting import connected
from tests.e2e.test_media import picture

KINDS = {
    "location": "Alexanderplatz",
    "contacts": "Mia Wolf",
    "order": "85.50 USD",
    "form": "Order number",
    "advertisement": "Came from an advertisement",
    "call": "Missed call",
    "unsupported": "does not pass on",
}
NOTICES = {"welcome": "Opened the chat", "new_phone": "security code changed"}


@pytest.fixture
def inbox(person: Person, stack: Stack, request: pytest.FixtureRequest) -> Page:
    """A thread with one message of the customer, open in the inbox."""
    page = person(connected(stack, f"Two {request.node.name}"[:40]))
    open_thread(page)
    return page


@pytest.fixture
def phone(inbox: Page) -> Page:
    page = inbox.context.new_page()
    page.goto("/sandbox/phone")
    page.get_by_test_id("phone-message-1").wait_for()
    return page


def last(page: Page) -> Locator:
    return page.locator("[data-testid^=phone-message-]").last


def bubble(page: Page, words: str) -> Locator:
    return page.locator("[data-direction]").filter(has_text=words)


def tap(phone: Page, bubble: Locator, name: str) -> None:
    """Use a tool of a message on the phone."""
    bubble.hover()
    with phone.expect_response("**/sandbox/phone/kinds"):
        bubble.get_by_role("button", name=name).click()


def test_every_kind_that_a_customer_sends_shows_in_the_open_thread(
    inbox: Page, phone: Page
) -> None:
    for kind in (*KINDS, *NOTICES):
        phone.get_by_test_id("phone-more").click()
        with phone.expect_response("**/sandbox/phone/kinds"):
            phone.get_by_test_id(f"phone-kind-{kind}").click()

    for words in KINDS.values():
        expect(bubble(inbox, words)).to_be_visible()
    for words in NOTICES.values():
        expect(inbox.locator(".thread-notice").filter(has_text=words)).to_be_visible()
    expect(inbox.get_by_text("cannot be shown here yet")).to_have_count(0)
    expect(phone.get_by_text("Mia Wolf, +49 30 901820")).to_be_visible()


def test_customer_changes_reacts_and_deletes(inbox: Page, phone: Page) -> None:
    own = phone.get_by_test_id("phone-message-1")
    own.hover()
    own.get_by_role("button", name="Change this message").click()
    phone.get_by_test_id("phone-input").fill("Do you have it in *clay*?")
    phone.get_by_test_id("phone-send").click()
    expect(bubble(inbox, "Do you have it in clay?")).to_contain_text("Edited")
    expect(own).to_contain_text("Edited")

    inbox.get_by_test_id("composer-input").fill("Yes, we do")
    inbox.get_by_test_id("composer-input").press("Enter")
    answer = phone.get_by_test_id("phone-message-2")
    tap(phone, answer, "React with a heart")
    expect(bubble(inbox, "Yes, we do").locator("[data-testid^=reactions-]")).to_have_text("❤️")
    expect(answer).to_contain_text("❤️")
    tap(phone, answer, "Take the reaction back")
    expect(inbox.locator("[data-testid^=reactions-]")).to_have_count(0)

    tap(phone, own, "Delete for everybody")
    expect(inbox.locator("[data-direction=inbound]")).to_contain_text("This message was deleted.")
    expect(inbox.get_by_text("Do you have it in clay?")).to_have_count(0)


def test_customer_taps_a_button_and_a_row(inbox: Page, phone: Page) -> None:
    compose(inbox, "buttons", FORMS["buttons"][0])
    last(phone).get_by_test_id("phone-choice-2").wait_for()
    with phone.expect_response("**/sandbox/phone/kinds"):
        last(phone).get_by_test_id("phone-choice-2").click()
    chosen = inbox.locator("[data-direction=inbound]").filter(has_text="Chose")
    expect(chosen).to_contain_text("No")
    expect(chosen.locator(".bubble-quote")).to_contain_text("Shall we")

    compose(inbox, "choices", FORMS["choices"][0])
    with phone.expect_response("**/sandbox/phone/kinds"):
        phone.get_by_role("button", name="Sage", exact=True).click()
    expect(inbox.locator("[data-direction=inbound]").last).to_contain_text("soft green")


def test_everything_that_we_send_is_on_the_phone(inbox: Page, phone: Page) -> None:
    inbox.get_by_test_id("composer-files").set_input_files(
        [
            payload("cup.jpg", "image/jpeg", picture()),
            payload("list.pdf", "application/pdf", b"%PDF-1.4 a list"),
            payload("voice.ogg", "audio/ogg", (DATA / "voice.ogg").read_bytes()),
            payload("clip.mp4", "video/mp4", (DATA / "clip.mp4").read_bytes()),
            payload("wave.webp", "image/webp", picture("WEBP")),
        ]
    )
    expect(inbox.locator("[data-testid^=tray-][data-state=ready]")).to_have_count(5)
    inbox.get_by_test_id("composer-send").click()
    sent(inbox, 5)
    for kind, (texts, _shown) in FORMS.items():
        compose(inbox, kind, texts)
    sent(inbox, 10)

    received = phone.locator("[data-testid^=phone-message-][data-direction=in]")
    expect(received).to_have_count(10)
    expect(received.nth(0).locator("img")).to_be_visible()
    for index, words in enumerate(
        ["", "list.pdf", "", "Video", "", "Our shop", "Mia Wolf", "Until 6", "Which colour?"]
    ):
        expect(received.nth(index)).to_contain_text(words)
    link = received.nth(9).get_by_role("link", name="Open the shop")
    expect(link).to_have_attribute("href", "https://shop.example/cups")
    expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")


def test_customer_who_hides_the_number_is_answered_by_the_user_id(inbox: Page, phone: Page) -> None:
    phone.get_by_test_id("phone-add-customer").click()
    phone.get_by_test_id("phone-add-name").fill("Noor Hidden")
    phone.get_by_test_id("phone-add-save").click()
    expect(phone.locator("#phone-who")).to_contain_text("Noor Hidden")
    with phone.expect_response("**/sandbox/phone/customers/*"):
        phone.get_by_test_id("phone-hidden").check()
    phone.get_by_test_id("phone-input").fill("Nobody knows my number")
    phone.get_by_test_id("phone-send").click()

    inbox.locator("[data-testid^=conversation-]").filter(has_text="Noor Hidden").click()
    ready(inbox)
    bubble(inbox, "Nobody knows my number").wait_for()
    expect(inbox.locator(".thread-sub")).not_to_contain_text("+")
    inbox.get_by_test_id("composer-input").fill("But we can answer")
    inbox.get_by_test_id("composer-input").press("Enter")

    sent(inbox)
    expect(last(phone)).to_contain_text("But we can answer")


@pytest.mark.phone
def test_the_menu_of_the_phone_fits_a_phone(person: Person, stack: Stack) -> None:
    page = person(connected(stack, "Small phone"))
    page.goto("/sandbox/phone")
    page.get_by_test_id("phone-more").click()

    for kind in (*KINDS, *NOTICES):
        expect(page.get_by_test_id(f"phone-kind-{kind}")).to_be_in_viewport(ratio=1)
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("phone-kind-call")).to_be_hidden()
    expect(page.get_by_test_id("phone-more")).to_be_focused()

"""Answering with more than words: files from a picker, by drag and paste; quotes; reactions."""

import base64
import json
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.e2e.conftest import Person, ready
from tests.e2e.stack import Stack
from tests.e2e.test_connecting import connected
from tests.e2e.test_media import picture
from tests.e2e.test_sending import set_numbers

DATA = Path(__file__).parents[1] / "data"
SENT_MS = 20_000


def payload(name: str, mime: str, data: bytes) -> FilePayload:
    return {"name": name, "mimeType": mime, "buffer": data}


def open_thread(page: Page) -> None:
    """Let a customer write from their phone, and open what they wrote."""
    page.goto("/sandbox/phone")
    page.get_by_test_id("phone-input").fill("Do you have it in sage?")
    with page.expect_response("**/sandbox/phone/messages"):
        page.get_by_test_id("phone-send").click()
    page.goto("/messages")
    ready(page)
    page.locator("[data-testid^=conversation-]").first.click()
    page.locator("[data-direction=inbound]").first.wait_for()
    page.get_by_test_id("composer-input").wait_for()


def sent(page: Page, count: int = 1) -> None:
    """Wait until so many messages of ours have reached the customer."""
    there = page.locator("[data-direction=outbound][data-status=read]")
    expect(there).to_have_count(count, timeout=SENT_MS)


def test_files_are_picked_named_and_sent(person: Person, stack: Stack) -> None:
    page = person(connected(stack, "Picked"))
    open_thread(page)
    page.get_by_test_id("composer-files").set_input_files(
        [
            payload("cup.jpg", "image/jpeg", picture()),
            payload("Rechnung März.pdf", "application/pdf", b"%PDF-1.4 an invoice"),
            payload("voice.ogg", "audio/ogg", (DATA / "voice.ogg").read_bytes()),
            payload("clip.mp4", "video/mp4", (DATA / "clip.mp4").read_bytes()),
        ]
    )
    expect(page.locator("[data-testid^=tray-][data-state=ready]")).to_have_count(4)
    page.get_by_test_id("tray-caption-1").fill("The *sage* one")
    expect(page.get_by_test_id("tray-caption-3")).to_have_count(0)
    page.get_by_test_id("composer-input").fill("Anything else?")

    page.get_by_test_id("composer-send").click()

    sent(page, 5)
    ours = page.locator("[data-direction=outbound]")
    expect(ours.nth(0).locator("img")).to_be_visible()
    expect(ours.nth(0).locator("strong")).to_have_text("sage")
    expect(ours.nth(1)).to_contain_text("Rechnung März.pdf")
    expect(ours.nth(2).locator(".voice")).to_be_visible()
    expect(ours.nth(3).locator("video")).to_be_visible()
    expect(ours.nth(4)).to_contain_text("Anything else?")
    expect(page.get_by_test_id("tray")).to_have_count(0)
    page.goto("/sandbox/phone")
    expect(page.locator("[data-testid^=phone-message-] img")).to_be_visible()


def test_a_file_that_cannot_go_holds_everything_back_until_it_is_removed(
    person: Person, stack: Stack
) -> None:
    page = person(connected(stack, "Refused"))
    open_thread(page)
    page.get_by_test_id("composer-files").set_input_files(
        [
            payload("cat.jpg", "image/jpeg", b"<html><script>alert(1)</script>"),
            payload("cup.png", "image/png", picture("PNG")),
        ]
    )
    expect(page.get_by_test_id("tray-1")).to_contain_text("not what its name says")
    page.get_by_test_id("composer-input").fill("Look")
    page.get_by_test_id("composer-send").click()
    page.wait_for_timeout(500)
    expect(page.locator("[data-direction=outbound]")).to_have_count(0)
    expect(page.get_by_test_id("composer-input")).to_have_value("Look")

    page.get_by_test_id("tray-remove-1").click()
    page.get_by_test_id("composer-send").click()

    sent(page, 2)


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_files_are_dropped_and_pasted(person: Person, stack: Stack, way: str) -> None:
    page = person(connected(stack, f"Way {way}"))
    open_thread(page)
    data = base64.b64encode(picture("PNG")).decode()
    page.evaluate(
        """([way, data]) => {
            const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], "shot.png", { type: "image/png" }));
            const box = document.querySelector("[data-testid=composer-input]");
            const [kind, name] = way === "drop"
                ? [DragEvent, "dataTransfer"] : [ClipboardEvent, "clipboardData"];
            for (const type of way === "drop" ? ["dragover", "drop"] : ["paste"])
                box.dispatchEvent(new kind(type,
                    { [name]: transfer, bubbles: true, cancelable: true }));
        }""",
        [way, data],
    )
    expect(page.locator("[data-testid^=tray-][data-state=ready]")).to_have_count(1)

    page.get_by_test_id("composer-input").press("Enter")

    sent(page)
    expect(page.locator("[data-direction=outbound] img")).to_be_visible()


def test_a_message_is_quoted_and_reacted_to(person: Person, stack: Stack) -> None:
    page = person(connected(stack, "Quoted"))
    open_thread(page)
    asked = page.locator("[data-direction=inbound]").first
    asked.hover()
    asked.get_by_role("button", name="Answer with a quote").click()
    expect(page.get_by_test_id("composer-quote")).to_contain_text("Do you have it in sage?")
    page.get_by_test_id("composer-input").fill("Yes, three of them")

    page.get_by_test_id("composer-send").click()

    answer = page.locator("[data-direction=outbound]")
    expect(answer.locator(".bubble-quote")).to_contain_text("Do you have it in sage?")
    expect(page.get_by_test_id("composer-quote")).to_have_count(0)
    sent(page)
    expect(answer.locator(".bubble-quote")).to_contain_text("Do you have it in sage?")

    asked.hover()
    asked.get_by_role("button", name="React", exact=True).click()
    asked.get_by_role("button", name="React with ❤️").click()
    expect(asked.locator("[data-testid^=reactions-]")).to_have_text("❤️")
    expect(page.locator("[data-direction]")).to_have_count(2)
    page.reload()
    ready(page)
    expect(asked.locator("[data-testid^=reactions-]")).to_have_text("❤️")
    asked.hover()
    asked.get_by_role("button", name="React", exact=True).click()
    asked.get_by_role("button", name="React with ❤️").click()
    expect(page.locator("[data-testid^=reactions-]")).to_have_count(0)


FORMS = {
    "place": (
        {"point": "52.520008, 13.404954", "name": "Our shop", "address": "Karl-Liebknecht-Str. 1"},
        ["Our shop", "Karl-Liebknecht-Str. 1"],
    ),
    "person": (
        {"name": "Mia Wolf", "phone": "+49 30 901820", "email": "mia@example.com"},
        ["Mia Wolf", "+4930901820", "mia@example.com"],
    ),
    "buttons": (
        {
            "text": "Shall we *keep* it?",
            "first": "Yes, please",
            "second": "No",
            "footer": "Until 6",
        },
        ["Shall we keep it?", "Yes, please", "No", "Until 6"],
    ),
    "choices": (
        {"text": "Which colour?", "button": "Colours", "rows": "Sage: soft green\nClay"},
        ["Which colour?", "Colours", "Sage", "soft green", "Clay"],
    ),
    "link": (
        {"text": "All our cups", "label": "Open the shop", "url": "https://shop.example/cups"},
        ["All our cups", "Open the shop"],
    ),
}


def compose(page: Page, kind: str, texts: dict[str, str]) -> None:
    """Open a form from the menu, fill it in and send it."""
    page.get_by_test_id("composer-more").click()
    page.get_by_test_id(f"compose-{kind}").click()
    page.get_by_test_id("compose-submit").wait_for()
    for name, text in texts.items():
        page.get_by_test_id(f"compose-{name}").fill(text)
    page.get_by_test_id("compose-submit").click()


def test_each_form_of_the_menu_sends_what_it_says(person: Person, stack: Stack) -> None:
    page = person(connected(stack, "Composed"))
    open_thread(page)
    for count, (kind, (texts, shown)) in enumerate(FORMS.items(), 1):
        compose(page, kind, texts)
        expect(page.get_by_role("dialog")).to_have_count(0)
        bubble = page.locator("[data-direction=outbound]").nth(count - 1)
        for words in shown:
            expect(bubble).to_contain_text(words)
    sent(page, len(FORMS))


def test_a_form_says_what_is_missing_and_keeps_what_is_written(
    person: Person, stack: Stack
) -> None:
    page = person(connected(stack, "Half a form"))
    open_thread(page)
    compose(page, "link", {"text": "All our cups", "url": "shop.example"})

    alerts = page.get_by_role("dialog").get_by_role("alert")
    expect(alerts).to_have_text(
        ["Write something here.", "Give an address that begins with https://."]
    )
    expect(page.get_by_test_id("compose-label")).to_be_focused()
    expect(page.get_by_test_id("compose-text")).to_have_value("All our cups")
    page.get_by_test_id("compose-cancel").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_test_id("composer-more")).to_be_focused()
    page.get_by_test_id("composer-more").click()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("compose-place")).to_have_count(0)
    expect(page.locator("[data-direction=outbound]")).to_have_count(0)


def test_who_may_not_send_sees_no_tools(person: Person, stack: Stack) -> None:
    shop = stack.workspace("Watching")
    stack.receive(shop, [("Hello", 5)], name="Ana")
    page = person(stack.colleague(shop, "Vera", role="VIEWER"))
    page.goto("/messages")
    ready(page)
    page.locator("[data-testid^=conversation-]").first.click()
    page.locator("[data-direction]").first.hover()

    expect(page.get_by_role("button", name="React")).to_have_count(0)
    answer = page.request.post(
        "/api/media",
        multipart={"file": payload("a.txt", "text/plain", b"Hello")},
        headers={"Origin": stack.base_url},
    )
    assert answer.status == 403, json.dumps(answer.json())


@pytest.mark.phone
def test_files_and_quotes_fit_a_phone(person: Person, stack: Stack) -> None:
    page = person(connected(stack, "Small tray"))
    open_thread(page)
    page.get_by_test_id("composer-files").set_input_files(
        [payload("a rather long name of a picture of a cup.jpg", "image/jpeg", picture())]
    )
    expect(page.locator("[data-testid^=tray-][data-state=ready]")).to_have_count(1)

    tray, box = (page.get_by_test_id(name).bounding_box() for name in ("tray-1", "composer-input"))
    assert tray is not None
    assert box is not None
    assert tray["width"] > 320
    assert box["width"] > 100
    assert tray["y"] + tray["height"] <= box["y"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.phone
def test_the_menu_has_everything_on_a_phone(person: Person, stack: Stack) -> None:
    page = person(connected(stack, "Small menu"))
    open_thread(page)
    expect(page.get_by_test_id("composer-attach")).to_be_hidden()

    page.get_by_test_id("composer-more").click()

    for name in ("file", "template", *FORMS):
        expect(page.get_by_test_id(f"compose-{name}")).to_be_in_viewport(ratio=1)
    with page.expect_file_chooser():
        page.get_by_test_id("compose-file").click()
    compose(page, "place", {"point": "52.520008, 13.404954"})
    sent(page)
    expect(page.locator("[data-direction=outbound]")).to_contain_text("52.520008")


def test_files_that_are_refused_come_back_with_their_captions(person: Person, stack: Stack) -> None:
    shop = connected(stack, "Refused files")
    page = person(shop)
    open_thread(page)
    page.get_by_test_id("composer-files").set_input_files(
        [
            payload("cup.jpg", "image/jpeg", picture()),
            payload("list.pdf", "application/pdf", b"%PDF-1.4 a list"),
        ]
    )
    expect(page.locator("[data-testid^=tray-][data-state=ready]")).to_have_count(2)
    page.get_by_test_id("tray-caption-1").fill("The sage one")
    set_numbers(stack, shop, connected=False)

    page.get_by_test_id("composer-send").click()

    expect(page.get_by_test_id("tray-1")).to_contain_text("cup.jpg")
    expect(page.get_by_test_id("tray-caption-1")).to_have_value("The sage one")
    expect(page.get_by_test_id("tray-2")).to_contain_text("list.pdf")
    set_numbers(stack, shop, connected=True)
    page.get_by_test_id("composer-send").click()
    sent(page, 2)
    expect(page.locator("[data-direction=outbound]").first).to_contain_text("The sage one")

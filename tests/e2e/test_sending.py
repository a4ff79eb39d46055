"""What becomes of a message that was not simply sent: nothing is lost, nothing is guessed."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Person, control, customer_says, ready
from tests.e2e.stack import Stack, Workspace

UNCONFIRMED = "We could not confirm that this message was sent."


@pytest.fixture
def shop(stack: Stack) -> Workspace:
    made = stack.workspace("Sender")
    stack.cli("connect-sandbox", "--workspace", made.workspace_id)
    return made


@pytest.fixture
def page(person: Person, shop: Workspace) -> Page:
    """The open conversation with a customer who is waiting for an answer."""
    page = person(shop)
    customer_says(page, "Do you deliver?")
    page.goto("/messages")
    ready(page)
    page.locator("[data-testid^=conversation-]").click()
    expect(page.locator("[data-direction=inbound]")).to_contain_text("Do you deliver?")
    return page


def set_numbers(stack: Stack, shop: Workspace, *, connected: bool) -> None:
    changed = stack.query(
        f"UPDATE phone_numbers SET disconnected_at = {'NULL' if connected else 'now()'}"  # noqa: S608  # our own id
        f" WHERE workspace_id = '{shop.workspace_id}' RETURNING id"
    )
    assert changed


def write(page: Page, text: str) -> None:
    page.get_by_test_id("composer-input").fill(text)
    page.get_by_test_id("composer-input").press("Enter")


def outbound(page: Page, status: str) -> Locator:
    return page.locator(f"[data-direction=outbound][data-status={status}]")


def test_a_text_that_is_refused_comes_back_into_the_composer(
    page: Page, stack: Stack, shop: Workspace
) -> None:
    set_numbers(stack, shop, connected=False)
    box = page.get_by_test_id("composer-input")

    write(page, "Yes, on Tuesdays")

    expect(outbound(page, "failed")).to_contain_text("This phone number is not connected")
    expect(box).to_have_value("Yes, on Tuesdays")
    page.reload()
    ready(page)
    expect(box).to_have_value("Yes, on Tuesdays")
    set_numbers(stack, shop, connected=True)
    box.press("Enter")
    expect(outbound(page, "read")).to_contain_text("Yes, on Tuesdays")
    expect(page.locator("[data-direction=outbound]")).to_have_count(1)


def test_what_was_written_meanwhile_stays_behind_a_text_that_comes_back(
    page: Page, stack: Stack, shop: Workspace
) -> None:
    box = page.get_by_test_id("composer-input")
    conversation = page.url.rsplit("/", 1)[1]

    with stack.held(f"SELECT FROM conversations WHERE id = '{conversation}' FOR UPDATE"):
        write(page, "First")
        expect(box).to_have_value("")
        box.fill("Second")
        set_numbers(stack, shop, connected=False)

    expect(box).to_have_value("First\nSecond")


def test_an_uncertain_message_says_so_and_is_sent_again_when_asked(page: Page) -> None:
    control(page, failWith="lost", count=1, drop=1)  # accepted, and no status ever tells
    write(page, "Did you get this?")
    doubtful = outbound(page, "uncertain")
    expect(doubtful).to_contain_text(UNCONFIRMED)
    expect(doubtful.get_by_role("img", name="Not confirmed")).to_be_visible()

    page.wait_for_timeout(2000)  # past all statuses of the first sending
    control(page, drop=0)
    expect(doubtful).to_have_count(1)  # nothing is sent again by itself
    doubtful.get_by_role("button", name="Send again").click()

    expect(outbound(page, "read")).to_contain_text("Did you get this?")
    expect(page.get_by_text(UNCONFIRMED)).to_have_count(0)
    expect(page.locator("[data-direction=outbound]")).to_have_count(1)
    received = page.request.get("/sandbox/phone/state").json()["messages"]
    assert [one["text"] for one in received].count("Did you get this?") == 2


def test_an_uncertain_message_settles_when_its_status_arrives(page: Page) -> None:
    control(page, failWith="lost", count=1, delayMs=5000)
    write(page, "Did you get this?")
    expect(outbound(page, "uncertain")).to_contain_text(UNCONFIRMED)

    expect(outbound(page, "read")).to_contain_text("Did you get this?")

    expect(page.get_by_text(UNCONFIRMED)).to_have_count(0)
    received = page.request.get("/sandbox/phone/state").json()["messages"]
    assert [one["text"] for one in received] == ["Do you deliver?", "Did you get this?"]


def test_what_is_sent_in_a_hurry_keeps_its_order(page: Page, stack: Stack, shop: Workspace) -> None:
    texts = [f"Part {number}" for number in range(1, 25)]
    page.evaluate(
        """(texts) => {
            const box = document.querySelector("[data-testid=composer-input]");
            for (const text of texts) {
                box.value = text;
                box.dispatchEvent(new Event("input"));
                box.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
            }
        }""",
        texts,
    )

    expect(outbound(page, "read")).to_have_count(len(texts), timeout=30_000)
    shown = page.locator("[data-direction=outbound] .bubble-text").all_inner_texts()
    assert shown == texts
    stored = stack.query(
        "SELECT text FROM messages WHERE direction = 'outbound'"  # noqa: S608  # our own words
        f" AND workspace_id = '{shop.workspace_id}' ORDER BY id"
    )
    assert [text for (text,) in stored if text.startswith("Part ")] == texts
    page.goto("/sandbox/phone")
    phone = page.locator("[data-testid^=phone-message-][data-direction=in] .ph-text")
    expect(phone.last).to_have_text(texts[-1])
    assert [text for text in phone.all_inner_texts() if text.startswith("Part ")] == texts


def test_what_is_sent_without_a_connection_goes_out_after_a_reload_once(
    page: Page, stack: Stack, shop: Workspace
) -> None:
    ours = f"SELECT text FROM messages WHERE workspace_id = '{shop.workspace_id}'"  # noqa: S608
    ours += " AND direction = 'outbound'"
    page.context.set_offline(offline=True)
    for text in ("On a train", "In a tunnel"):
        write(page, text)
    expect(outbound(page, "queued")).to_have_count(2)
    page.wait_for_timeout(1000)
    assert stack.query(ours) == []

    page.context.set_offline(offline=False)
    page.reload()

    expect(outbound(page, "read")).to_have_count(2, timeout=20_000)
    expect(page.locator("[data-direction=outbound]")).to_have_count(2)
    assert stack.query(f"{ours} ORDER BY id") == [("On a train",), ("In a tunnel",)]
    expect(page.get_by_test_id("composer-input")).to_have_value("")
    page.reload()
    ready(page)
    expect(page.locator("[data-direction=outbound]")).to_have_count(2)
    assert page.evaluate("Object.keys(localStorage).filter(k => k.startsWith('unsent:'))") == []


def test_what_was_sent_without_a_connection_long_ago_is_back_in_the_box(
    page: Page, stack: Stack, shop: Workspace
) -> None:
    page.context.set_offline(offline=True)
    write(page, "Yesterday's news")
    expect(outbound(page, "queued")).to_have_count(1)
    page.evaluate(
        """() => {
            const name = Object.keys(localStorage).find((key) => key.startsWith("unsent:"));
            const [one] = JSON.parse(localStorage.getItem(name));
            localStorage.setItem(name, JSON.stringify([{ ...one, at: one.at - 2 * 3600e3 }]));
        }"""
    )

    page.context.set_offline(offline=False)
    page.reload()

    expect(page.get_by_test_id("composer-input")).to_have_value("Yesterday's news")
    expect(page.locator("[data-direction=outbound]")).to_have_count(0)


def test_a_text_that_is_refused_after_one_has_gone_on_is_back_when_one_returns(
    page: Page, stack: Stack, shop: Workspace
) -> None:
    conversation = page.url.rsplit("/", 1)[1]
    set_numbers(stack, shop, connected=False)
    with stack.held(f"SELECT FROM conversations WHERE id = '{conversation}' FOR UPDATE"):
        write(page, "Before I go")
        page.get_by_test_id("nav-dashboard").click()
        page.get_by_test_id("thread-log").wait_for(state="detached")
    expect(page.locator(".toast")).to_contain_text("not connected")

    page.goto(f"/messages/{conversation}")
    ready(page)

    expect(page.get_by_test_id("composer-input")).to_have_value("Before I go")
    expect(outbound(page, "failed")).to_contain_text("Before I go")
    set_numbers(stack, shop, connected=True)

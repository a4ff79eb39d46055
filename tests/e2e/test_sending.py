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

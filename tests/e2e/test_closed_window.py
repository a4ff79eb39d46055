"""After 24 hours: the box gives way to the templates, one is filled and sent, the ticks come."""

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Person, ready
from tests.e2e.stack import Stack, Workspace
from tests.e2e.test_answering import payload
from tests.e2e.test_connecting import connected
from tests.e2e.test_media import picture
from tests.e2e.test_templates import decided, write

BODY = "Dear {{first_name}}, your order {{order}} waits for you in our shop."
FILLED = "Dear Ana, your order 4711 waits for you in our shop."
LIFE_MS = 20_000


def have_approved(page: Page) -> None:
    """Write a template and wait until it may be sent."""
    page.goto("/templates/new")
    ready(page)
    write(page, name="order_waits", body=BODY)
    page.get_by_test_id("example-body-first_name").fill("Ana")
    page.get_by_test_id("example-body-order").fill("1024")
    page.get_by_test_id("add-button-quick-reply").click()
    page.get_by_test_id("button-0-text").fill("I am coming")
    page.get_by_test_id("template-submit").click()
    expect(page.get_by_test_id("template-status")).to_have_text("In review")
    decided(page, "Approved")


def have_conversation(page: Page, stack: Stack, shop: Workspace) -> None:
    """Let a customer have written two days ago."""
    page.goto("/sandbox/phone")
    page.get_by_test_id("phone-input").fill("Is it there yet?")
    page.get_by_test_id("phone-send").click()
    page.goto("/messages")
    ready(page)
    expect(page.locator("[data-testid^=conversation-]")).to_have_count(1)
    moved = stack.query(
        "UPDATE conversations SET window_expires_at = now() - interval '1 day'"  # noqa: S608  # our own id
        f" WHERE workspace_id = '{shop.workspace_id}' RETURNING id"
    )
    assert len(moved) == 1
    stack.query("UPDATE contacts SET name = 'Ana Ruiz' RETURNING id")


def test_closed_window_offers_templates_and_one_of_them_arrives(
    person: Person, stack: Stack
) -> None:
    shop = connected(stack, "Closed")
    page = person(shop)
    have_approved(page)
    have_conversation(page, stack, shop)

    page.goto("/messages")
    ready(page)
    page.locator("[data-testid^=conversation-]").click()
    expect(page.get_by_test_id("composer-closed")).to_contain_text("24-hour window has closed")
    expect(page.get_by_test_id("composer-input")).to_have_count(0)
    page.get_by_test_id("composer-choose-template").click()
    page.get_by_test_id("picker-cancel").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_test_id("composer-choose-template").click()
    page.get_by_test_id("pick-order_waits").click()
    expect(page.get_by_test_id("template-body.first_name")).to_have_value("Ana")
    page.get_by_test_id("template-submit").click()
    expect(page.get_by_text("Fill this in.")).to_be_visible()
    page.get_by_test_id("template-body.order").fill("4711")
    expect(page.get_by_test_id("template-preview")).to_contain_text(FILLED)
    page.get_by_test_id("template-submit").dblclick()

    bubble = page.locator("[data-direction=outbound]")
    expect(bubble).to_have_count(1)
    expect(bubble).to_contain_text(FILLED)
    expect(bubble).to_contain_text("Template order_waits")
    expect(bubble).to_have_attribute("data-status", "read", timeout=LIFE_MS)
    expect(
        page.get_by_test_id("composer-closed")
    ).to_be_visible()  # an answer opens it, no template
    page.goto("/sandbox/phone")
    expect(page.get_by_text(FILLED)).to_be_visible()
    with page.expect_response("**/sandbox/phone/kinds"):
        page.get_by_role("button", name="I am coming").click()
    page.goto("/messages")
    ready(page)
    page.locator("[data-testid^=conversation-]").click()
    answer = page.locator("[data-direction=inbound]").last
    expect(answer).to_contain_text("I am coming")
    expect(answer.locator(".bubble-quote")).to_contain_text("Dear Ana")
    expect(page.get_by_test_id("composer-input")).to_be_visible()


def test_open_window_offers_them_too_and_says_how_to_get_one(person: Person, stack: Stack) -> None:
    page = person(connected(stack, "Nothing approved"))
    page.goto("/sandbox/phone")
    page.get_by_test_id("phone-input").fill("Hello")
    page.get_by_test_id("phone-send").click()
    page.goto("/messages")
    ready(page)
    page.locator("[data-testid^=conversation-]").click()

    page.get_by_test_id("composer-template").click()

    expect(page.get_by_text("No approved template yet")).to_be_visible()
    page.get_by_test_id("to-templates").click()
    page.wait_for_url("**/templates")


def test_a_picture_above_a_template_is_shown_to_meta_and_to_the_customer(
    person: Person, stack: Stack
) -> None:
    shop = connected(stack, "Pictured")
    page = person(shop)
    page.goto("/templates/new")
    ready(page)
    write(page, name="new_cup", body="Look what has come in today, all of it made by hand.")
    expect(page.get_by_test_id("template-sample-choose")).to_be_hidden()
    page.get_by_test_id("template-header").click()
    page.get_by_role("option", name="Picture").click()
    expect(page.get_by_test_id("template-findings")).to_contain_text("Add a sample file")
    sample = page.get_by_test_id("template-sample")
    sample.set_input_files(payload("cat.png", "image/png", b"<html>"))
    expect(page.get_by_test_id("template-sample-error")).to_contain_text("not what its name says")
    sample.set_input_files(payload("cup.png", "image/png", picture("PNG")))
    expect(page.get_by_test_id("template-sample-name")).to_have_text("cup.png")
    expect(page.get_by_test_id("template-sample-error")).to_be_empty()
    page.get_by_test_id("template-submit").click()
    expect(page.get_by_test_id("template-status")).to_have_text("In review")
    decided(page, "Approved")
    have_conversation(page, stack, shop)

    page.locator("[data-testid^=conversation-]").click()
    page.get_by_test_id("composer-choose-template").click()
    page.get_by_test_id("pick-new_cup").click()
    expect(page.get_by_test_id("template-media-name")).to_have_text("The sample of the template")
    page.get_by_test_id("template-media").set_input_files(
        payload("other.png", "image/png", picture("PNG"))
    )
    expect(page.get_by_test_id("template-media-name")).to_have_text("other.png")
    page.get_by_test_id("template-submit").click()

    bubble = page.locator("[data-direction=outbound]")
    expect(bubble.locator("img")).to_be_visible()
    expect(bubble).to_contain_text("Look what has come in today")
    expect(bubble).to_have_attribute("data-status", "read", timeout=LIFE_MS)
    page.goto("/sandbox/phone")
    expect(page.locator("[data-testid^=phone-message-] img")).to_be_visible()

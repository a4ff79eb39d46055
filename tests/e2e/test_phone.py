"""The customer's phone shows what the thread shows: WhatsApp's marks, links, either theme."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Person, ready
from tests.e2e.stack import Stack

MARKED = (
    "*bold* _slanted_ ~gone~ `code` https://example.com/a?b=c&d=(e)."
    " 2*3*4 <b>no</b> javascript:alert(1) http://<script>"
)


@pytest.fixture
def page(person: Person, stack: Stack) -> Page:
    shop = stack.workspace("Phone")
    stack.cli("connect-sandbox", "--workspace", shop.workspace_id)
    page = person(shop)
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    page.goto("/sandbox/phone")
    return page


def expect_marks(bubble: Locator) -> None:
    for tag, text in (("strong", "bold"), ("em", "slanted"), ("s", "gone"), ("code", "code")):
        expect(bubble.locator(tag)).to_have_text(text)
    link = bubble.locator("a")
    expect(link).to_have_count(1)
    expect(link).to_have_text("https://example.com/a?b=c&d=(e)")
    expect(link).to_have_attribute("href", "https://example.com/a?b=c&d=(e)")
    expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
    expect(link).to_have_attribute("target", "_blank")
    expect(bubble).to_contain_text("2*3*4 <b>no</b> javascript:alert(1) http://<script>")
    expect(bubble.locator("b, script")).to_have_count(0)


def test_marks_and_links_look_alike_on_the_phone_and_in_the_thread(page: Page) -> None:
    page.get_by_test_id("phone-input").fill(MARKED)
    page.get_by_test_id("phone-send").click()
    expect_marks(page.get_by_test_id("phone-message-1").locator(".bubble-text"))

    inbox = page.context.new_page()
    inbox.goto("/messages")
    ready(inbox)
    inbox.locator("[data-testid^=conversation-]").click()
    expect_marks(inbox.locator("[data-direction=inbound] .bubble-text"))
    inbox.get_by_test_id("composer-input").fill(MARKED)
    inbox.get_by_test_id("composer-input").press("Enter")

    expect_marks(page.get_by_test_id("phone-message-2").locator(".bubble-text"))


def test_the_phone_switches_between_light_and_dark_and_remembers(page: Page) -> None:
    theme = "document.documentElement.dataset.theme"
    assert page.evaluate(theme) == "light"

    page.get_by_test_id("theme-toggle").click()

    assert page.evaluate(theme) == "dark"
    page.reload()
    assert page.evaluate(theme) == "dark"
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.get_by_test_id("theme-toggle")).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth") == 390

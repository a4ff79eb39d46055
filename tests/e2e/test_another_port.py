"""The same data directory behind another port: sandbox numbers come along, both ways."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import ready
from tests.e2e.stack import Stack, make_stack

PASSWORD = "correct horse battery"


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Stack]:
    stack = make_stack(tmp_path / "data")
    yield stack
    stack.end()


def sign_up_and_connect(page: Page, stack: Stack) -> None:
    """Get a number from the sandbox by its button, over HTTP."""
    page.goto(f"{stack.base_url}/sign-up")
    page.get_by_test_id("sign-up-name").fill("Mia")
    page.get_by_test_id("sign-up-email").fill("mia@example.com")
    page.get_by_test_id("sign-up-password").fill(PASSWORD)
    page.get_by_test_id("sign-up-workspace").fill("Moved")
    page.get_by_test_id("sign-up-submit").click()
    page.wait_for_url("**/dashboard")
    ready(page)
    page.get_by_test_id("connect-sandbox").click()
    page.wait_for_url("**/phone-numbers")


def sign_in(page: Page, stack: Stack, email: str, password: str) -> None:
    page.goto(f"{stack.base_url}/sign-in")
    page.get_by_test_id("sign-in-email").fill(email)
    page.get_by_test_id("sign-in-password").fill(password)
    page.get_by_test_id("sign-in-submit").click()
    page.wait_for_url("**/dashboard")
    ready(page)


def talk(page: Page, stack: Stack) -> None:
    """Let the customer write and the business answer, until the customer has read it."""
    phone = page.context.new_page()
    phone.goto(f"{stack.base_url}/sandbox/phone")
    phone.get_by_test_id("phone-input").fill("Have you moved?")
    phone.get_by_test_id("phone-send").click()
    expect(phone.locator("[data-state=sent]")).to_be_attached()
    page.goto(f"{stack.base_url}/messages")
    page.locator("[data-testid^=conversation-0]").click()
    page.get_by_test_id("composer-input").fill("We have.")
    page.get_by_test_id("composer-input").press("Enter")
    answer = page.locator("[data-direction=outbound]")
    expect(answer).to_have_attribute("data-status", "read")
    expect(phone.get_by_test_id("phone-message-2")).to_contain_text("We have.")


def test_sandbox_numbers_work_behind_another_port(own: Stack, browser: Browser) -> None:
    own.start()
    context = browser.new_context()
    sign_up_and_connect(context.new_page(), own)
    context.close()
    own.stop()

    own.move()
    own.start()

    demo_password = (own.data_dir / "demo_password").read_text().strip()
    people = {"demo@example.com": demo_password, "mia@example.com": PASSWORD}
    for email, password in people.items():
        context = browser.new_context(reduced_motion="reduce")
        page = context.new_page()
        sign_in(page, own, email, password)
        talk(page, own)
        context.close()
    rows = own.query("SELECT direction, text FROM messages ORDER BY direction, id")
    assert rows == [("inbound", "Have you moved?")] * 2 + [("outbound", "We have.")] * 2

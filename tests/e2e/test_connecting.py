"""Connecting a number the way people do it: each way, what can go wrong on it, and coming back."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Person, control, customer_says, ready
from tests.e2e.stack import Stack, Workspace


def connected(stack: Stack, name: str) -> Workspace:
    """Make a workspace whose only number is a sandbox number, so that it has an account."""
    shop = stack.workspace(name)
    stack.query(
        "UPDATE phone_numbers SET disconnected_at = now()"  # noqa: S608  # our own id
        f" WHERE workspace_id = '{shop.workspace_id}' RETURNING id"
    )
    stack.cli("connect-sandbox", "--workspace", shop.workspace_id)
    return shop


def start(page: Page, way: str) -> None:
    page.goto("/phone-numbers")
    ready(page)
    page.get_by_test_id("connect-number").click()
    page.get_by_test_id(f"connect-{way}").click()


def add(page: Page, phone: str, name: str = "Second counter") -> None:
    page.get_by_test_id("add-number-phone_number").fill(phone)
    page.get_by_test_id("add-number-display_name").fill(name)
    page.get_by_test_id("add-number-submit").click()


def shown_code(page: Page) -> str:
    """Read the code off the customer's phone, as its text says it."""
    phone = page.context.new_page()
    phone.goto("/sandbox/phone")
    text = phone.get_by_test_id("phone-code").first.inner_text()
    phone.close()
    (code,) = re.findall(r"code is (\d{6})", text)
    return str(code)


def test_a_new_number_is_added_proven_registered_and_takes_messages(
    person: Person, stack: Stack
) -> None:
    page = person(connected(stack, "Wizard"))
    start(page, "new")
    add(page, "447700900")
    expect(page.get_by_text("Write the number with +")).to_be_visible()
    add(page, "+44 7700 900123")
    page.get_by_test_id("ask-code-submit").click()
    expect(page.get_by_test_id("code-code")).to_be_visible()
    expect(page.get_by_test_id("ask-code-submit")).to_be_disabled()  # a minute has to pass

    code = shown_code(page)
    page.get_by_test_id("code-code").fill("1234")
    page.get_by_test_id("code-submit").click()
    expect(page.get_by_text("The code has six digits.")).to_be_visible()
    page.get_by_test_id("code-code").fill(f"{(int(code) + 1) % 10**6:06}")
    page.get_by_test_id("code-submit").click()
    expect(page.get_by_test_id("code-error")).to_be_visible()

    page.reload()  # the way is taken up where it was left
    ready(page)
    page.get_by_test_id("code-code").fill(f"{code[:3]} {code[3:]}")
    page.get_by_test_id("code-submit").click()
    page.get_by_test_id("register-submit").click()
    expect(page.get_by_text("+44 7700 900123 is ready")).to_be_visible()

    page.get_by_test_id("connect-all").click()
    expect(page.get_by_text("Second counter")).to_be_visible()
    phone = page.context.new_page()
    phone.goto("/sandbox/phone")
    phone.get_by_role("button", name=re.compile("Second counter")).click()
    phone.get_by_test_id("phone-input").fill("Is this the second counter?")
    phone.get_by_test_id("phone-send").click()
    page.goto("/messages")
    expect(page.locator("[data-testid^=conversation-]").first).to_contain_text("second counter?")


def test_a_half_connected_number_goes_on_from_the_list(person: Person, stack: Stack) -> None:
    page = person(connected(stack, "Half"))
    start(page, "new")
    add(page, "+447700900124", "Half way")
    expect(page.get_by_test_id("ask-code-submit")).to_be_visible()

    page.goto("/phone-numbers")
    page.locator("[data-testid^=go-on-]").click()

    expect(page.get_by_text("Prove that +44 7700 900124 is yours")).to_be_visible()


def test_taken_and_surplus_numbers_are_refused_in_words(person: Person, stack: Stack) -> None:
    rival = person(connected(stack, "Rival"))
    start(rival, "new")
    add(rival, "+447700900125")
    expect(rival.get_by_test_id("ask-code-submit")).to_be_visible()

    shop = connected(stack, "Taken")
    page = person(shop)
    start(page, "new")
    add(page, "+447700900125")
    expect(page.get_by_test_id("add-number-error")).to_contain_text("another workspace")
    stack.query(
        "UPDATE subscriptions SET plan_id ="  # noqa: S608  # our own id
        " (SELECT id FROM plans WHERE max_phone_numbers = 1 LIMIT 1)"
        f" WHERE workspace_id = '{shop.workspace_id}' RETURNING id"
    )
    add(page, "+447700900126")
    expect(page.get_by_test_id("add-number-error")).to_contain_text("no free phone number")


def bring(page: Page, account: dict[str, str], **other: str) -> None:
    fields = {
        "waba_id": account["wabaId"],
        "access_token": account["accessToken"],
        "app_secret": account["appSecret"],
    }
    for name, text in (fields | other).items():
        page.get_by_test_id(f"account-{name}").fill(text)
    page.get_by_test_id("account-submit").click()


def test_an_account_of_ones_own_is_brought_with_its_token(person: Person, stack: Stack) -> None:
    account = stack.account_at_meta("Bakery")
    page = person(stack.workspace("Own"))
    start(page, "own")
    bring(page, account, waba_id="my account")
    expect(page.get_by_text("has digits only")).to_be_visible()
    bring(page, account, access_token="EAAended")
    expect(page.get_by_test_id("account-error")).to_be_visible()

    bring(page, account)
    expect(page.get_by_text("Bakery")).to_be_visible()
    assert account["accessToken"] not in page.content()
    page.get_by_test_id("choose-submit").click()

    expect(page.get_by_text("is ready")).to_be_visible()
    page.get_by_test_id("connect-all").click()
    card = page.locator("[data-testid^=phone-number-]").filter(has_text="Bakery")
    expect(card).to_contain_text("Connected")
    assert account["accessToken"] not in page.content()
    assert account["accessToken"] not in stack.tail()


def test_a_number_shows_its_health_takes_a_new_token_and_is_let_go_alone(
    person: Person, stack: Stack
) -> None:
    account = stack.account_at_meta("Grocer")
    page = person(stack.workspace("Health"))
    start(page, "own")
    bring(page, account)
    page.get_by_test_id("choose-submit").click()
    expect(page.get_by_text("is ready")).to_be_visible()
    page.get_by_test_id("connect-all").click()
    page.locator("[data-testid^=open-number-]").filter(has_text="Grocer").click()
    expect(page.get_by_test_id("health-token")).to_contain_text("Works and lasts")
    expect(page.get_by_test_id("health-webhooks")).to_contain_text("Yes")
    expect(page.get_by_test_id("health-quality")).to_contain_text("High")

    page.get_by_test_id("token-access_token").fill("EAAended")
    page.get_by_test_id("token-submit").click()
    expect(page.get_by_test_id("token-error")).to_be_visible()
    page.get_by_test_id("token-access_token").fill(account["accessToken"])
    page.get_by_test_id("token-submit").click()
    expect(page.get_by_text("The new token is in use.")).to_be_visible()

    page.get_by_test_id("number-display_name").fill("Corner grocer")
    page.get_by_test_id("number-shows-typing").click()
    page.get_by_test_id("number-submit").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Corner grocer")).to_be_visible()
    expect(page.get_by_test_id("number-shows-typing")).to_have_attribute("aria-checked", "false")

    page.get_by_test_id("number-disconnect").click()
    page.get_by_test_id("number-disconnect-confirm").click()
    page.wait_for_url("**/phone-numbers")
    expect(page.locator("[data-testid^=phone-number-]")).to_have_count(1)
    expect(page.get_by_text("Corner grocer")).to_have_count(0)


@pytest.mark.phone
def test_the_ways_fit_a_phone(person: Person, stack: Stack) -> None:
    page = person(connected(stack, "Narrow"))
    start(page, "new")
    add(page, "+447700900127")
    page.get_by_test_id("ask-code-submit").click()
    expect(page.get_by_test_id("code-code")).to_be_visible()

    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_token_that_ends_on_the_way_is_said_and_the_way_goes_on_with_another(
    person: Person, stack: Stack
) -> None:
    page = person(connected(stack, "Ended"))
    start(page, "new")
    add(page, "+447700900128")
    expect(page.get_by_test_id("ask-code-submit")).to_be_visible()
    control(page, tokenExpired=True)
    page.get_by_test_id("ask-code-submit").click()
    expect(page.get_by_test_id("ask-code-error")).to_contain_text("token")
    control(page, tokenExpired=False)
    page.get_by_test_id("ask-code-submit").click()
    code = shown_code(page)

    control(page, tokenExpired=True)
    page.get_by_test_id("code-code").fill(code)
    page.get_by_test_id("code-submit").click()
    expect(page.get_by_test_id("code-error")).to_contain_text("token")
    control(page, tokenExpired=False)
    page.get_by_test_id("code-submit").click()

    page.get_by_test_id("register-submit").click()
    expect(page.get_by_text("+44 7700 900128 is ready")).to_be_visible()


def test_a_token_that_ended_is_seen_where_it_hurts_and_a_check_sees_that_it_works_again(
    person: Person, stack: Stack
) -> None:
    page = person(connected(stack, "Refused"))
    customer_says(page, "Are you there?")
    page.goto("/messages")
    ready(page)
    page.locator("[data-testid^=conversation-]").click()
    control(page, tokenExpired=True)
    page.get_by_test_id("composer-input").fill("Yes")
    page.get_by_test_id("composer-send").click()
    expect(page.locator("[data-direction=outbound]")).to_have_attribute("data-status", "failed")

    page.goto("/phone-numbers")
    page.locator("[data-testid^=open-number-]").click()
    page.get_by_test_id("number-check").click()
    expect(page.get_by_test_id("health-token")).to_contain_text("token")
    expect(page.get_by_test_id("notices")).to_contain_text("token")

    control(page, tokenExpired=False)
    page.get_by_test_id("number-check").click()
    expect(page.get_by_test_id("health-token")).to_contain_text("Works")
    expect(page.locator(".notice")).to_have_count(0)

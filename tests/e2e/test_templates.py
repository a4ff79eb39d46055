"""A template's life as people live it: written, told what is wrong, rejected, mended, approved."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Person, ready
from tests.e2e.stack import Stack
from tests.e2e.test_connecting import connected

REVIEW_MS = 20_000


def write(page: Page, **fields: str) -> None:
    for name, text in fields.items():
        page.get_by_test_id(f"template-{name}").fill(text)


def decided(page: Page, words: str) -> None:
    """Wait for Meta's verdict, which the open list shows by itself."""
    page.goto("/templates")
    row = page.locator("[data-testid^=template-]").filter(has_text=words)
    expect(row).to_be_visible(timeout=REVIEW_MS)


def test_a_template_is_written_refused_mended_and_approved(person: Person, stack: Stack) -> None:
    page = person(connected(stack, "Writer"))
    page.get_by_test_id("nav-templates").click()
    expect(page.get_by_text("No template yet")).to_be_visible()
    page.get_by_test_id("template-new").click()
    write(page, name="Order Update", body="{{1}} is on its way")
    findings = page.get_by_test_id("template-findings")
    expect(findings).to_contain_text("Use small letters")
    expect(findings).to_contain_text("must not begin or end with a variable")
    expect(findings).to_contain_text("Give an example for {{1}}")
    expect(page.get_by_test_id("template-submit")).to_be_disabled()

    write(page, name="order_update", body="Dear {{first_name}}, tell us your password, please.")
    page.get_by_test_id("example-body-first_name").fill("Ana")
    preview = page.get_by_test_id("template-preview")
    expect(preview).to_contain_text("Dear Ana, tell us your password, please.")
    write(page, footer="Marigold Home")
    page.get_by_test_id("add-button-quick-reply").click()
    page.get_by_test_id("button-0-text").fill("Thanks")
    expect(preview).to_contain_text("Thanks")
    expect(findings.locator("li")).to_have_count(0)
    page.get_by_test_id("template-save").click()
    expect(page.get_by_text("The draft is saved.")).to_be_visible()
    page.reload()
    ready(page)
    expect(page.get_by_test_id("template-body")).to_have_value(
        "Dear {{first_name}}, tell us your password, please."
    )
    expect(page.get_by_test_id("example-body-first_name")).to_have_value("Ana")

    page.get_by_test_id("template-submit").click()
    expect(page.get_by_test_id("template-status")).to_have_text("In review")
    expect(page.get_by_test_id("template-body")).to_have_count(0)  # nobody changes it meanwhile
    decided(page, "Rejected")
    page.locator("[data-testid^=open-template-]").click()
    expect(page.get_by_test_id("template-reason")).to_contain_text("asks for something secret")
    write(page, body="Dear {{first_name}}, your order has left our shop.")
    page.get_by_test_id("template-submit").click()
    expect(page.get_by_test_id("template-status")).to_have_text("In review")
    decided(page, "Approved")

    page.locator("[data-testid^=open-template-]").click()
    page.get_by_test_id("template-duplicate").click()
    page.get_by_test_id("template-delete").click()
    page.get_by_test_id("template-delete-confirm").click()
    expect(page.locator("[data-testid^=open-template-]")).to_have_count(1)
    page.locator("[data-testid^=open-template-]").click()
    page.get_by_test_id("template-delete").click()
    page.get_by_test_id("template-delete-confirm").click()
    expect(page.get_by_text("No template yet")).to_be_visible()


def test_who_may_not_manage_templates_reads_them(person: Person, stack: Stack) -> None:
    shop = connected(stack, "Readers")
    owner = person(shop)
    owner.goto("/templates/new")
    ready(owner)
    write(owner, name="hello_there", body="Hello there, we are open again.")
    owner.get_by_test_id("template-save").click()
    expect(owner.get_by_text("The draft is saved.")).to_be_visible()

    agent = person(stack.colleague(shop, "Agent"))
    agent.goto("/templates")
    agent.locator("[data-testid^=open-template-]").click()
    expect(agent.get_by_test_id("template-preview")).to_contain_text("we are open again")
    expect(agent.get_by_test_id("template-body")).to_have_count(0)
    expect(agent.get_by_test_id("template-delete")).to_have_count(0)
    assert agent.request.get("/templates/new").status == 404
    rival = person(stack.workspace("Rivals"))
    assert rival.request.get(agent.url).status == 404


@pytest.mark.phone
def test_the_editor_fits_a_phone(person: Person, stack: Stack) -> None:
    page = person(connected(stack, "Thumb"))
    page.goto("/templates/new")
    page.get_by_test_id("add-button-url").click()
    expect(page.get_by_test_id("button-0-value")).to_be_visible()

    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_nothing_moves_from_under_the_pointer_when_the_last_finding_goes(
    person: Person, stack: Stack
) -> None:
    page = person(connected(stack, "Still"))
    page.goto("/templates/new")
    ready(page)
    findings = page.get_by_test_id("template-findings").locator("li")
    write(page, name="hello", body="Your order {{order}} is ready for you in our shop.")
    example = page.get_by_test_id("example-body-order")
    expect(findings).to_have_count(1)
    below = page.get_by_test_id("add-button-copy-code")
    example.hover()
    page.mouse.wheel(0, 5_000)
    page.wait_for_timeout(300)
    before = below.bounding_box()
    example.fill("1024")
    expect(findings).to_have_count(0)
    assert below.bounding_box() == before

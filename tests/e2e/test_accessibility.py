"""axe-core over every page, both themes and widths: nothing against WCAG A, AA or good practice."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.e2e.conftest import Person, ready
from tests.e2e.stack import Stack, Workspace

OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
PUBLIC = [
    "/sign-in", "/sign-up", "/reset-password", "/verify-email?token=x", "/invitations/x",
    "/api/docs", "/dev/mail", "/no-such-page",
]  # fmt: skip
PRIVATE = [
    "/dashboard",
    "/messages",
    "thread",
    "/phone-numbers",
    "/phone-numbers/connect",
    "/templates",
    "/templates/new",
    "/sign-out",
    "/sandbox/phone",
]
SETTINGS = ["profile", "security", "team", "workspace", "developers", "audit"]
WIDTHS = {"desktop": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}


@pytest.fixture(scope="module")
def shop(stack: Stack) -> Workspace:
    made = stack.workspace("Axe")
    stack.receive(made, [("Hello *there*", 60), ("See https://example.com", 50)], name="Ana")
    stack.receive(made, [("Long ago", 7 * 24 * 3600)], name="Chen")
    stack.cli("connect-sandbox", "--workspace", made.workspace_id)
    return made


def violations(page: Page) -> list[str]:
    found = Axe().run(page, options=OPTIONS).response["violations"]
    return [
        f"{one['id']}: {one['help']} at {[node['target'] for node in one['nodes']][:3]}"
        for one in found
    ]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_has_an_accessibility_violation(
    person: Person, stack: Stack, shop: Workspace, theme: str, width: str
) -> None:
    page = person(theme=theme)
    page.set_viewport_size(WIDTHS[width])  # type: ignore[arg-type]
    found: dict[str, list[str]] = {}
    for path in PUBLIC:
        page.goto(path)
        found[path] = violations(page)
    page.goto("/sign-up")
    page.get_by_test_id("sign-up-submit").click()
    page.locator("[aria-invalid=true]").first.wait_for()
    found["sign-up with errors"] = violations(page)
    for field in ("name", "password", "workspace"):
        page.get_by_test_id(f"sign-up-{field}").fill("a long enough word")
    page.get_by_test_id("sign-up-email").fill(f"{theme}{width}{stack.port}@example.com")
    page.get_by_test_id("sign-up-submit").click()
    page.wait_for_url("**/dashboard")
    page.goto("/verify-email")
    page.get_by_test_id("verify-address").wait_for()
    found["/verify-email"] = violations(page)
    page = person(shop, theme=theme)
    page.set_viewport_size(WIDTHS[width])  # type: ignore[arg-type]
    for path in PRIVATE:
        if path == "thread":
            page.goto("/messages")
            ready(page)
            page.locator("[data-testid^=conversation-]").filter(has_text="Ana").click()
            page.locator("[data-direction]").first.wait_for()
        else:
            page.goto(path)
            if path not in {"/sign-out", "/sandbox/phone"}:
                ready(page)
        page.wait_for_timeout(300)
        found[path] = violations(page)

    assert {path: what for path, what in found.items() if what} == {}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_of_the_settings_has_an_accessibility_violation(
    person: Person, shop: Workspace, theme: str, width: str
) -> None:
    page = person(shop, theme=theme)
    page.set_viewport_size(WIDTHS[width])  # type: ignore[arg-type]
    found: dict[str, list[str]] = {}
    for name in SETTINGS:
        page.goto(f"/settings/{name}")
        ready(page)
        page.locator(".settings-main .card").first.wait_for()
        found[name] = violations(page)
    page.goto("/settings/team")
    page.get_by_test_id("invite-submit").click()
    page.locator("[aria-invalid=true]").first.wait_for()
    found["team with errors"] = violations(page)
    page.goto("/workspaces/new")
    found["new workspace"] = violations(page)

    assert {name: what for name, what in found.items() if what} == {}

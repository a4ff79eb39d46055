"""Pictures of the product as it is, for README and for looking at: `make pictures`.

Starts the whole product on an empty directory, plays a morning at a small shop and writes PNG
files to docs/pictures. Not a test: a person looks at them, beside the design.
"""

import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import launch
from tests.e2e.stack import Stack, Workspace, make_stack

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
MINUTE, HOUR, DAY = 60, 3600, 86_400

TALKS: dict[str, list[tuple[str, int]]] = {
    "Daniel Price": [("Do you ship to Ireland?", 3 * DAY)],
    "Chen Wei": [("Thank you, the order arrived", DAY + 2 * HOUR)],
    "Amara Okafor": [
        ("Could I collect it on Saturday?", 70 * MINUTE),
        ("Around ten?", 69 * MINUTE),
    ],
    "Jonas Weber": [("Is the refund on its way?", 50 * MINUTE)],
    "Oakwood Interiors": [("When could you deliver twelve of them?", 21 * HOUR)],
    "Tomás Herrera": [("Perfect, thank you so much!", 6 * MINUTE)],
}
# A talk that is played for real, through the customer's phone and the inbox: (customer, answer).
PLAYED = [
    ("Good morning! These arrived safe and sound.", "They look beautiful together. Thank you!"),
    ("Is the *sage* one back in stock?", "It is, since this morning. Shall I set some aside?"),
    ("Yes please, two of the tall ones 🙏", ""),
]


def main() -> None:
    """Write every picture in both themes."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        stack = make_stack(Path(folder) / "data", APP_NAME="Parley")
        stack.start()
        try:
            shop = stack.workspace("Marigold Home", owner="Maya Lindqvist")
            for name, said in TALKS.items():
                stack.receive(shop, said, name=name)
            browser = launch(playwright)
            _play(browser, stack, shop)
            for theme in ("light", "dark"):
                _desktop(browser, stack, shop, theme)
                _phone(browser, stack, shop, theme)
        finally:
            stack.stop()


def _play(browser: Browser, stack: Stack, shop: Workspace) -> None:
    """Let a customer write on the phone and answer in the inbox, until the ticks are read."""
    page = _person(browser, stack, "light", DESKTOP)
    _sign_in(page, shop)
    stack.cli("connect-sandbox", "--workspace", shop.workspace_id)
    phone = page.context.new_page()
    phone.goto("/sandbox/phone")
    for number, (said, answer) in enumerate(PLAYED):
        phone.get_by_test_id("phone-input").fill(said)
        phone.get_by_test_id("phone-send").click()
        phone.get_by_test_id(f"phone-message-{2 * number + 1}").wait_for()
        if number == 0:
            page.goto("/messages")
            page.locator("[data-testid^=conversation-]").filter(has_text="Ana").click()
        page.get_by_test_id("thread-log").get_by_text(said.replace("*", "")[:12]).wait_for()
        if answer:
            page.get_by_test_id("composer-input").fill(answer)
            page.get_by_test_id("composer-send").click()
            page.locator("[data-status=read]").nth(number).wait_for()
    page.goto("/dashboard")  # the last one stays unread
    page.context.close()


def _desktop(browser: Browser, stack: Stack, shop: Workspace, theme: str) -> None:
    page = _person(browser, stack, theme, DESKTOP)
    for name in ("sign-in", "sign-up"):
        page.goto(f"/{name}")
        _shoot(page, f"{name}-{theme}")
    _sign_in(page, shop)
    page.wait_for_timeout(600)
    _shoot(page, f"dashboard-{theme}")
    page.goto("/phone-numbers")
    page.wait_for_timeout(600)
    _shoot(page, f"phone-numbers-{theme}")
    for name in ("templates/new", "settings/team"):
        page.goto(f"/{name}")
        page.wait_for_timeout(800)
        _shoot(page, f"{name.replace('/', '-')}-{theme}")
    page.goto("/messages")
    page.wait_for_timeout(800)
    _shoot(page, f"inbox-empty-{theme}")
    page.locator("[data-testid^=conversation-]").filter(has_text="Ana").click()
    page.wait_for_timeout(800)
    _shoot(page, f"inbox-{theme}")
    page.goto("/sandbox/phone")
    page.wait_for_timeout(600)
    _shoot(page, f"customer-phone-{theme}")


def _phone(browser: Browser, stack: Stack, shop: Workspace, theme: str) -> None:
    page = _person(browser, stack, theme, PHONE)
    page.goto("/sign-in")
    _shoot(page, f"phone-sign-in-{theme}")
    _sign_in(page, shop)
    page.wait_for_timeout(600)
    _shoot(page, f"phone-dashboard-{theme}")
    page.get_by_test_id("workspace-menu").click()
    page.wait_for_timeout(400)
    _shoot(page, f"phone-menu-{theme}")
    page.goto("/phone-numbers")
    page.wait_for_timeout(600)
    _shoot(page, f"phone-phone-numbers-{theme}")
    page.goto("/messages")
    page.wait_for_timeout(800)
    _shoot(page, f"phone-list-{theme}")
    page.locator("[data-testid^=conversation-]").filter(has_text="Ana").click()
    page.wait_for_timeout(800)
    _shoot(page, f"phone-thread-{theme}")


def _person(browser: Browser, stack: Stack, theme: str, size: dict[str, int]) -> Page:
    context = browser.new_context(
        base_url=stack.base_url,
        viewport=size,  # type: ignore[arg-type]
        color_scheme="dark" if theme == "dark" else "light",
        locale="en-GB",
        timezone_id="Europe/London",
    )
    return context.new_page()


def _sign_in(page: Page, shop: Workspace) -> None:
    page.goto("/sign-in")
    page.get_by_test_id("sign-in-email").fill(shop.email)
    page.get_by_test_id("sign-in-password").fill(shop.password)
    page.get_by_test_id("sign-in-submit").click()
    page.wait_for_url("**/dashboard")


def _shoot(page: Page, name: str) -> None:
    page.screenshot(path=FOLDER / f"{name}.png")


if __name__ == "__main__":
    main()

"""axe-core over every page, both themes and widths: nothing against WCAG A, AA or good practice."""

import pyotp
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.e2e.conftest import Person, control, new_email, ready
from tests.e2e.stack import Stack, Workspace
from tests.e2e.test_accounts import (
    PASSWORD,
    open_mail,
    open_mailbox,
    settings,
    sign_in,
    sign_up,
)
from tests.e2e.test_closed_window import have_approved, have_conversation
from tests.e2e.test_connecting import add, connected, start
from tests.e2e.test_oauth import come_by_provider
from tests.oidc_provider import Provider

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
    """Look at the page, or at the open dialog or menu alone: it lies above the page's landmarks,
    and what is behind a dialog is dimmed on purpose.

    axe takes the dimming for the background of a dialog's buttons, so it is not drawn meanwhile.
    """
    is_covered = page.locator(".q-dialog").count() > 0
    if is_covered:
        page.add_style_tag(content=".q-dialog__backdrop { display: none }")
    is_open = page.locator(".q-menu").count() > 0
    part = ".q-dialog" if is_covered else ".q-menu" if is_open else None
    found = Axe().run(page, part, OPTIONS).response["violations"]
    return [
        f"{one['id']}: {one['help']} at {node['html'][:200]}: {node['failureSummary'][:300]}"
        for one in found
        for node in one["nodes"][:2]
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


class Looks:
    """What axe finds on a page while one goes through it."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.found: dict[str, list[str]] = {}

    def at(self, name: str) -> None:
        self._page.wait_for_timeout(400)
        self.found[name] = violations(self._page)

    def at_options(self, name: str, testid: str) -> None:
        self._page.locator(f"[data-testid^={testid}]").first.click()
        self._page.get_by_role("option").first.wait_for()
        self.at(name)
        self._page.keyboard.press("Escape")
        self._page.get_by_role("listbox").wait_for(state="detached")

    @property
    def wrong(self) -> dict[str, list[str]]:
        return {name: what for name, what in self.found.items() if what}


ONCE_EACH = pytest.mark.parametrize(
    ("theme", "width"), [("light", "desktop"), ("dark", "phone")], ids=["light", "dark"]
)


@ONCE_EACH
def test_no_list_or_dialog_of_the_settings_has_an_accessibility_violation(
    person: Person, stack: Stack, theme: str, width: str
) -> None:
    shop = stack.workspace(f"Open {theme}")
    stack.colleague(shop, "Ben")
    page = person(shop, theme=theme)
    page.set_viewport_size(WIDTHS[width])  # type: ignore[arg-type]
    looks = Looks(page)

    settings(page, "team")
    page.get_by_test_id("invite-email").fill(new_email("cleo"))
    page.get_by_test_id("invite-submit").click()
    page.locator("[data-testid^=invitation-withdraw-]").wait_for()
    looks.at("a team of two and an invitation")
    looks.at_options("the roles of an invitation", "invite-role")
    looks.at_options("the role of a member", "member-role-")
    page.locator("[data-testid^=member-remove-]").click()
    page.get_by_test_id("member-remove-cancel").wait_for()
    looks.at("the question before somebody is removed")
    page.get_by_test_id("member-remove-cancel").click()
    settings(page, "profile")
    looks.at_options("the time zones", "profile-time_zone")
    settings(page, "audit")
    page.get_by_test_id("audit-filter").wait_for()
    looks.at("the diary")
    looks.at_options("the kinds of entries", "audit-filter")
    settings(page, "developers")
    page.get_by_test_id("key-name").fill("Web shop")
    page.get_by_test_id("key-scopes-number:read").click()
    page.get_by_test_id("key-submit").click()
    page.get_by_test_id("new-api-key").wait_for()
    looks.at("a new key")
    page.get_by_test_id("new-api-key-kept").click()
    page.locator("[data-testid^=key-revoke-]").wait_for()
    looks.at("a list of keys")
    stack.let_proof_grow_old(shop)
    settings(page, "security")
    page.get_by_test_id("second-factor-on").click()
    page.get_by_test_id("proof-password").wait_for()
    looks.at("the question for the password")

    assert looks.wrong == {}


@ONCE_EACH
def test_no_menu_where_one_writes_has_an_accessibility_violation(
    person: Person, stack: Stack, theme: str, width: str
) -> None:
    shop = stack.workspace(f"Menus {theme}")
    stack.receive(shop, [("Hello", 60)], name="Ana")
    page = person(shop, theme=theme)
    page.set_viewport_size(WIDTHS[width])  # type: ignore[arg-type]
    looks = Looks(page)

    page.goto("/templates/new")
    ready(page)
    looks.at_options("the languages of a template", "template-language")
    page.goto("/messages")
    ready(page)
    page.locator("[data-testid^=conversation-]").click()
    page.get_by_test_id("composer-more").click()
    page.get_by_test_id("compose-link").wait_for()
    looks.at("what one can send")
    page.get_by_test_id("compose-link").click()
    page.get_by_test_id("compose-url").wait_for()
    looks.at("a link to send")
    if width == "desktop":
        page.goto("/dashboard")
        ready(page)
        page.get_by_test_id("workspace-menu").click()
        page.get_by_test_id("menu-settings").wait_for()
        looks.at("the menu of the account")

    assert looks.wrong == {}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_step_of_numbers_and_templates_has_an_accessibility_violation(
    person: Person, stack: Stack, theme: str, width: str
) -> None:
    shop = connected(stack, f"Axe {theme} {width}")
    page = person(shop, theme=theme)
    page.set_viewport_size(WIDTHS[width])  # type: ignore[arg-type]
    looks = Looks(page)

    have_approved(page)
    page.locator("[data-testid^=open-template-]").click()
    page.get_by_test_id("template-status").wait_for()
    looks.at("an approved template")
    have_conversation(page, stack, shop)
    page.goto("/messages")
    ready(page)
    page.locator("[data-testid^=conversation-]").click()
    page.get_by_test_id("composer-choose-template").wait_for()
    looks.at("a closed window")
    page.get_by_test_id("composer-choose-template").click()
    page.get_by_test_id("pick-order_waits").wait_for()
    looks.at("the templates to choose from")
    page.get_by_test_id("pick-order_waits").click()
    page.get_by_test_id("template-submit").click()
    page.locator("[aria-invalid=true]").first.wait_for()
    looks.at("a template that lacks a value")

    start(page, "own")
    page.get_by_test_id("account-submit").click()
    page.locator("[aria-invalid=true]").first.wait_for()
    looks.at("an account with errors")
    start(page, "new")
    add(page, f"+44770090013{list(WIDTHS).index(width) + 2 * (theme == 'dark')}")
    page.get_by_test_id("ask-code-submit").wait_for()
    looks.at("how the code comes")
    page.get_by_test_id("ask-code-submit").click()
    page.get_by_test_id("code-code").wait_for()
    looks.at("the code")

    control(page, tokenExpired=True)
    page.goto("/phone-numbers")
    page.locator("[data-testid^=open-number-]").first.click()
    page.get_by_test_id("number-check").click()
    page.locator(".notice").first.wait_for()
    looks.at("a number whose token has ended, under a banner")
    page.get_by_test_id("number-disconnect").click()
    page.get_by_test_id("number-disconnect-confirm").wait_for()
    looks.at("the question before it is let go")

    assert looks.wrong == {}


@ONCE_EACH
def test_no_page_behind_a_mailed_link_has_an_accessibility_violation(
    person: Person, provider: Provider, theme: str, width: str
) -> None:
    ana, ben = new_email("ana"), new_email("ben")
    found: dict[str, list[str]] = {}
    page, guest = person(theme=theme), person(theme=theme)
    for one in (page, guest):
        one.set_viewport_size(WIDTHS[width])  # type: ignore[arg-type]

    def look(name: str, page: Page) -> None:
        page.wait_for_timeout(300)
        found[name] = violations(page)

    sign_up(page, "Ana", ana)
    open_mailbox(page, "Confirm your e-mail address", ana)
    look("one mail", page)
    page.get_by_test_id("mail-link").first.click()
    page.get_by_test_id("verify-email-submit").wait_for()
    look("confirm", page)
    page.get_by_test_id("verify-email-submit").click()
    page.get_by_test_id("verified").wait_for()
    look("confirmed", page)

    settings(page, "team")
    page.get_by_test_id("invite-email").fill(ben)
    page.get_by_test_id("invite-submit").click()
    page.get_by_text("The invitation is on its way.").wait_for()
    open_mail(guest, "Ana invites you", ben)
    look("an invitation", guest)

    settings(page, "security")
    page.get_by_test_id("second-factor-on").click()
    secret = page.get_by_test_id("second-factor-secret").inner_text()
    look("a new authenticator", page)
    page.get_by_test_id("second-factor-code").fill(pyotp.TOTP(secret).now())
    page.get_by_test_id("second-factor-submit").click()
    page.get_by_test_id("recovery-codes").wait_for()
    look("recovery codes", page)
    sign_in(guest, ana, PASSWORD)
    guest.get_by_test_id("sign-in-code").wait_for()
    look("the code at sign-in", guest)

    guest.goto("/reset-password")
    guest.get_by_test_id("forgot-password-email").fill(ana)
    guest.get_by_test_id("forgot-password-submit").click()
    guest.get_by_test_id("forgot-password-sent").wait_for()
    look("a link is on its way", guest)
    open_mail(guest, "Choose a new password", ana)
    look("a new password", guest)
    provider.set_user(f"axe-{theme}", email=ana)
    come_by_provider(guest, f"axe-{theme}")
    guest.get_by_test_id("link-password").wait_for()
    look("an address that nobody vouches for", guest)

    assert {name: what for name, what in found.items() if what} == {}

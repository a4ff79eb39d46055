"""The frame around every page: its menu, the skip link, the theme, on a desk and on a phone."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Person, ready
from tests.e2e.stack import Stack, Workspace
from tests.e2e.test_accessibility import violations

NAME = "A shop with a name longer than the sidebar and longer than the menu that shows all of it"


@pytest.fixture(scope="module")
def shop(stack: Stack) -> Workspace:
    made = stack.workspace(NAME)
    stack.receive(made, [("Hello", 60)], name="Ana")
    return made


@pytest.fixture
def newcomer(stack: Stack, shop: Workspace) -> Workspace:
    """Somebody in the shop who has chosen nothing yet: what one chooses comes along."""
    return stack.colleague(shop, "Newcomer")


def theme(page: Page) -> str:
    return str(page.evaluate("document.documentElement.dataset.theme"))


def use_the_menu(page: Page, shop: Workspace) -> None:
    button = page.get_by_test_id("workspace-menu")
    expect(button).to_have_attribute("aria-expanded", "false")

    button.focus()
    page.keyboard.press("Enter")
    menu = page.get_by_role("menu")
    expect(menu).to_contain_text(shop.email)
    expect(menu).to_contain_text(NAME)
    expect(button).to_have_attribute("aria-expanded", "true")
    box, view = menu.bounding_box(), page.viewport_size
    assert box is not None
    assert view is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= view["width"]
    expect(menu.get_by_role("menuitem", name="Sign out")).to_be_in_viewport(ratio=1)
    expect(menu.get_by_role("menuitemradio", checked=True)).to_have_text("Same as this device")
    # A menu stands at the end of the body: it belongs to its button, not to a landmark.
    assert [found for found in violations(page) if not found.startswith("region:")] == []

    for _entry in ("Settings", "New workspace", "Light", "Dark"):
        page.keyboard.press("ArrowDown")
    expect(menu.get_by_role("menuitemradio", name="Dark")).to_be_focused()
    page.keyboard.press("Enter")
    assert theme(page) == "dark"
    expect(menu.get_by_role("menuitemradio", checked=True)).to_have_text("Dark")
    page.keyboard.press("End")
    expect(menu.get_by_role("menuitem", name="Sign out")).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).to_have_count(0)
    expect(button).to_be_focused()
    expect(button).to_have_attribute("aria-expanded", "false")


def leave(page: Page) -> None:
    page.get_by_test_id("workspace-menu").click()
    page.get_by_test_id("sign-out").click()
    page.wait_for_url("**/sign-out")


def test_deeper_wrong_path_is_the_page_for_it_and_no_json(person: Person, shop: Workspace) -> None:
    page = person(shop)
    for path in ("/messages/x/y", "/dashboard/foo", "/phone-numbers/1"):
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 404
        assert answer.headers["content-type"].startswith("text/html")


def test_the_workspace_menu_works_from_the_keyboard(person: Person, newcomer: Workspace) -> None:
    page = person(newcomer)

    use_the_menu(page, newcomer)
    leave(page)


@pytest.mark.phone
def test_on_a_phone_the_menu_is_the_last_tab(person: Person, newcomer: Workspace) -> None:
    page = person(newcomer)

    expect(page.get_by_test_id("workspace-menu").get_by_text("More")).to_be_in_viewport(ratio=1)
    use_the_menu(page, newcomer)
    leave(page)


@pytest.mark.phone
@pytest.mark.parametrize("path", ["/dashboard", "/messages", "/phone-numbers"])
def test_on_a_phone_the_theme_is_at_hand_and_covers_nothing(
    person: Person, shop: Workspace, path: str
) -> None:
    page = person(shop)
    page.goto(path)
    ready(page)
    toggle, title = page.get_by_test_id("theme-toggle"), page.get_by_role("heading", level=1)
    before = theme(page)
    expect(title).to_be_in_viewport(ratio=1)

    toggle.click()

    assert {before, theme(page)} == {"light", "dark"}
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    toggle_box = toggle.bounding_box()
    assert toggle_box is not None
    for button in page.locator(".bar-actions .btn").all():
        expect(button).to_be_in_viewport(ratio=1)
        box = button.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= toggle_box["x"] or box["y"] >= toggle_box["y"] + 40


def test_a_theme_chosen_here_is_there_in_another_browser_before_its_first_paint(
    person: Person, newcomer: Workspace
) -> None:
    here, there = person(newcomer), person(newcomer)
    there.add_init_script(
        "new MutationObserver((_, seen) => { if (document.body) {"
        " window.themeAtBody = document.documentElement.dataset.theme; seen.disconnect() } })"
        ".observe(document, { childList: true, subtree: true })"
    )
    here.get_by_test_id("theme-toggle").click()
    assert (theme(here), theme(there)) == ("dark", "light")

    for _try in range(20):  # it is stored a moment later
        there.goto("/dashboard")
        if theme(there) == "dark":
            break
        there.wait_for_timeout(300)
    assert there.evaluate("window.themeAtBody") == "dark"

    ready(there)
    there.get_by_test_id("theme-toggle").click()  # what is chosen here since is not undone
    there.goto("/dashboard")
    assert theme(there) == "light"


@pytest.mark.phone
def test_on_a_phone_a_thread_has_the_screen_to_itself(person: Person, shop: Workspace) -> None:
    page = person(shop)
    page.goto("/messages")
    page.locator("[data-testid^=conversation-]").click()
    page.get_by_test_id("composer-input").wait_for()

    expect(page.get_by_test_id("workspace-menu")).to_be_hidden()
    expect(page.get_by_test_id("theme-toggle")).to_be_hidden()


def test_a_long_workspace_name_ends_in_an_ellipsis(person: Person, shop: Workspace) -> None:
    page = person(shop)

    name = page.get_by_test_id("workspace-menu").get_by_text(re.compile("A shop with"))
    assert name.evaluate("e => e.scrollWidth > e.clientWidth")
    assert name.evaluate("e => getComputedStyle(e).textOverflow") == "ellipsis"
    page.get_by_test_id("workspace-menu").click()
    for line in (shop.email, NAME):
        shown = page.get_by_role("menu").get_by_text(line, exact=True)
        expect(shown).to_have_attribute("title", line)
        box = shown.bounding_box()
        assert box is not None
        assert box["height"] <= 20  # one line


def test_the_skip_link_leads_past_the_navigation(person: Person, shop: Workspace) -> None:
    page = person(shop)
    page.reload()
    ready(page)
    page.get_by_test_id("open-inbox").wait_for()

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    expect(page.get_by_role("link", name="Skip to content")).to_be_in_viewport(ratio=1)
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")

    assert page.evaluate("document.activeElement.closest('main') !== null")
    page.get_by_test_id("nav-inbox").click()
    page.wait_for_url("**/messages")
    expect(page.get_by_test_id("nav-inbox")).to_have_attribute("aria-current", "page")


def test_at_tablet_width_icons_alone_still_have_names(person: Person, shop: Workspace) -> None:
    page = person(shop)
    page.set_viewport_size({"width": 900, "height": 800})

    for testid in ("workspace-menu", "me-menu"):
        expect(page.get_by_test_id(testid)).to_have_accessible_name(re.compile("A shop with"))
    assert violations(page) == []

"""The inbox as people use it: threads, drafts, keys, widths, themes."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Person, ready
from tests.e2e.stack import Stack, Workspace

HOUR = 3600


@pytest.fixture(scope="module")
def shop(stack: Stack) -> Workspace:
    """A workspace with a long thread, one to answer, and one whose 24-hour window has closed."""
    made = stack.workspace("Shop")
    stack.receive(made, [(f"Old message number {n}", 7200 - n) for n in range(130)], name="Long")
    stack.receive(made, [("Is the sage one back?", 60)], name="Priya Raman")
    stack.receive(made, [("From last week", 7 * 24 * HOUR)], name="Chen Wei")
    return made


def open_thread(page: Page, name: str) -> None:
    page.goto("/messages")
    ready(page)
    page.locator("[data-testid^=conversation-]").filter(has_text=name).click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def read_thread(page: Page, name: str) -> None:
    """Read a conversation to its end, and leave it."""
    open_thread(page, name)
    log = page.get_by_test_id("thread-log")
    expect(log.locator("[data-direction]").first).to_be_visible()
    log.evaluate("element => { element.scrollTop = element.scrollHeight }")
    row = page.locator("[data-testid^=conversation-]").filter(has_text=name)
    expect(row).to_have_attribute("data-unread", "0")
    page.goto("/messages")


def test_older_messages_come_on_scroll_without_a_jump(person: Person, shop: Workspace) -> None:
    page = person(shop)
    read_thread(page, "Long")
    open_thread(page, "Long")
    expect(page.get_by_test_id("thread-log").get_by_text("Old message number 129")).to_be_visible()
    expect(page.get_by_text("Old message number 10", exact=True)).to_have_count(0)

    # What stands at the top of the view must stay where it is while older ones come above it.
    anchor = page.get_by_text("Old message number 82", exact=True)
    log = page.get_by_test_id("thread-log")
    log.evaluate("element => { element.scrollTop = 180 }")
    before = anchor.bounding_box()
    expect(page.get_by_text("Old message number 60", exact=True)).to_be_attached()
    after = anchor.bounding_box()
    assert before is not None
    assert after is not None
    assert abs(after["y"] - before["y"]) < 6  # a jump is at least a line, 20 pixels

    log.evaluate("element => { element.scrollTop = 100 }")
    expect(page.get_by_text("Old message number 0", exact=True)).to_be_attached()
    assert page.locator("[data-direction]").count() == 130


def test_new_messages_do_not_steal_the_place_of_somebody_who_reads(
    person: Person, stack: Stack
) -> None:
    own = stack.workspace("Reader")
    stack.receive(own, [(f"Line {n}", 4000 - n) for n in range(60)], name="Talker")
    page = person(own)
    open_thread(page, "Talker")
    expect(page.get_by_test_id("thread-log").get_by_text("Line 59", exact=True)).to_be_visible()
    log = page.get_by_test_id("thread-log")
    log.evaluate("element => { element.scrollTop = 600 }")
    page.wait_for_timeout(200)
    place = log.evaluate("element => element.scrollTop")

    stack.receive(own, [("A new one", 0)], name="Talker")

    pill = page.get_by_test_id("new-messages-pill")
    expect(pill).to_contain_text("1 new")
    assert abs(log.evaluate("element => element.scrollTop") - place) < 3
    pill.click()
    expect(page.get_by_test_id("thread-log").get_by_text("A new one")).to_be_in_viewport()


def test_unread_line_stays_until_one_answers_and_the_count_goes(
    person: Person, stack: Stack
) -> None:
    own = stack.workspace("Unread")
    stack.receive(own, [("One", 50), ("Two", 40)], name="Waiting")
    page = person(own)
    page.goto("/messages")
    row = page.locator("[data-testid^=conversation-]")
    expect(row).to_have_attribute("data-unread", "2")

    row.click()

    expect(page.get_by_test_id("unread-line")).to_contain_text("2 new messages")
    expect(row).to_have_attribute("data-unread", "0")
    page.wait_for_timeout(300)
    expect(page.get_by_test_id("unread-line")).to_be_visible()
    page.get_by_test_id("composer-input").fill("An answer")
    page.get_by_test_id("composer-input").press("Enter")
    expect(page.get_by_test_id("unread-line")).to_have_count(0)


@pytest.mark.parametrize("unread", [48, 50, 70, 260])
def test_thread_opens_at_the_oldest_unread_message_however_many_there_are(
    person: Person, stack: Stack, unread: int
) -> None:
    own = stack.workspace("Many unread")
    stack.receive(own, [(f"Old {n}", 9000 - n) for n in range(60)], name="Writer")
    page = person(own)
    read_thread(page, "Writer")
    row = page.locator("[data-testid^=conversation-]")
    stack.receive(own, [(f"Note {n}", 3000 - n) for n in range(unread)], name="Writer")
    expect(row).to_have_attribute("data-unread", str(unread))

    row.click()

    line, log = page.get_by_test_id("unread-line"), page.get_by_test_id("thread-log")
    expect(line).to_contain_text(f"{unread} new messages")
    expect(log.get_by_text("Note 0", exact=True)).to_be_in_viewport()
    page.wait_for_timeout(500)  # what is loaded above must not push it away
    expect(line).to_be_in_viewport()
    expect(log.get_by_text("Note 0", exact=True)).to_be_in_viewport()
    expect(log.get_by_text("Old 59", exact=True)).to_be_in_viewport()
    expect(page.locator("[data-testid=unread-line] + [data-direction]")).to_contain_text("Note 0")
    expect(row).to_have_attribute("data-unread", str(unread))  # the newest was not seen yet

    log.evaluate("element => { element.scrollTop = 0 }")
    expect(log.get_by_text("Old 0", exact=True)).to_be_attached()
    expect(line).to_have_count(1)


def test_enter_sends_shift_enter_breaks_and_a_double_click_is_one_message(
    person: Person, stack: Stack
) -> None:
    own = stack.workspace("Keys")
    stack.receive(own, [("Hello", 30)], name="Key Customer")
    page = person(own)
    open_thread(page, "Key Customer")
    box = page.get_by_test_id("composer-input")

    box.fill("first line")
    box.press("Shift+Enter")
    box.press_sequentially("second line")
    page.get_by_test_id("composer-send").dblclick()

    bubble = page.locator("[data-direction=outbound]")
    expect(bubble).to_have_count(1)
    expect(bubble).to_contain_text("first line")
    expect(box).to_have_value("")
    counted = stack.cli("stats", "--workspace", own.workspace_id)
    assert counted["messages"]["outbound"] == 1


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
def test_a_long_draft_scrolls_inside_a_box_that_leaves_room_for_the_thread(
    person: Person, shop: Workspace, size: tuple[int, int]
) -> None:
    page = person(shop)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    open_thread(page, "Long")
    box = page.get_by_test_id("composer-input")
    low = box.bounding_box()

    box.fill("A long answer " * 293)

    high, frame = box.bounding_box(), page.get_by_test_id("composer").bounding_box()
    log = page.get_by_test_id("thread-log").bounding_box()
    assert low
    assert high
    assert frame
    assert log
    assert low["height"] < high["height"] <= 240
    assert log["height"] > frame["height"]
    assert high["width"] > 0.85 * frame["width"]  # the counter takes nothing from the text
    assert box.evaluate("e => e.scrollHeight > e.clientHeight && e.clientTop >= 11")
    expect(page.get_by_text("4,102 of 4,096 characters")).to_be_visible()
    box.fill("")
    again = box.bounding_box()
    assert again
    assert again["height"] == low["height"]


def test_draft_survives_a_reload_and_shows_in_the_list(person: Person, shop: Workspace) -> None:
    page = person(shop)
    open_thread(page, "Priya Raman")
    page.get_by_test_id("composer-input").fill("Half a sentence")
    row = page.locator("[data-testid^=conversation-]").filter(has_text="Priya Raman")
    expect(row).to_contain_text("Draft: Half a sentence")

    page.reload()
    ready(page)

    expect(page.get_by_test_id("composer-input")).to_have_value("Half a sentence")
    open_thread(page, "Long")
    expect(page.get_by_test_id("composer-input")).to_have_value("")


def test_closed_window_replaces_the_composer(person: Person, shop: Workspace) -> None:
    page = person(shop)
    open_thread(page, "Chen Wei")

    expect(page.get_by_text("The 24-hour window has closed")).to_be_visible()
    expect(page.get_by_test_id("composer-input")).to_have_count(0)
    open_thread(page, "Priya Raman")
    expect(page.get_by_test_id("composer-window")).to_contain_text(re.compile(r"23h \d+m left"))


def test_search_and_unread_scope_narrow_the_list(person: Person, shop: Workspace) -> None:
    page = person(shop)
    page.goto("/messages")
    ready(page)
    rows = page.locator("[data-testid^=conversation-]")
    expect(rows).to_have_count(3)

    page.get_by_test_id("inbox-search").fill("chen")
    expect(rows).to_have_count(1)
    page.get_by_test_id("inbox-search").fill("nobody of this name")
    expect(page.get_by_test_id("inbox-empty")).to_contain_text("Nothing found")
    page.get_by_test_id("inbox-clear").click()
    expect(rows).to_have_count(3)


def test_a_filtered_list_takes_in_what_comes_and_matches(person: Person, stack: Stack) -> None:
    own = stack.workspace("Filters")
    stack.receive(own, [("Good morning", 60)], name="Ana Long")
    page = person(own)
    page.goto("/messages")
    ready(page)
    rows = page.locator("[data-testid^=conversation-]")
    expect(rows).to_have_count(1)
    page.get_by_test_id("inbox-search").fill("new")
    expect(page.get_by_test_id("inbox-empty")).to_contain_text("Nothing found")

    stack.receive(own, [("Not looked for", 2)], name="Somebody Else")
    stack.receive(own, [("Looked for", 1)], name="Newcomer")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Newcomer")
    stack.receive(own, [("And again", 0)], name="Newcomer")
    expect(rows).to_contain_text("And again")

    page.get_by_test_id("inbox-search").fill("")
    expect(rows).to_have_count(3)
    for row in rows.all():
        row.click()
        expect(row).to_have_attribute("data-unread", "0")
    page.get_by_test_id("scope-unread").click()
    expect(page.get_by_test_id("inbox-empty")).to_contain_text("All caught up")
    stack.receive(own, [("Back again", 0)], name="Ana Long")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Back again")


def test_hostile_words_are_words(person: Person, stack: Stack) -> None:
    own = stack.workspace("Hostile")
    hostile = "<img src=x onerror=alert(1)>{{constructor.constructor('alert(1)')()}}"
    stack.receive(own, [(hostile, 20), ("javascript:alert(1)", 10)], name="<script>x</script>")
    page = person(own)
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    page.goto("/messages")
    page.locator("[data-testid^=conversation-]").click()

    expect(page.locator("[data-direction=inbound]").first).to_contain_text(hostile)
    assert page.locator("[data-direction=inbound] img, [data-direction=inbound] a").count() == 0


@pytest.mark.phone
def test_on_a_phone_one_pane_at_a_time_and_nothing_scrolls_sideways(
    person: Person, shop: Workspace
) -> None:
    page = person(shop)
    page.goto("/messages")
    ready(page)
    expect(page.locator(".bottom-bar")).to_be_visible()
    page.locator("[data-testid^=conversation-]").filter(has_text="Priya").click()
    expect(page.get_by_test_id("composer-input")).to_be_visible()
    expect(page.locator(".bottom-bar")).to_be_hidden()
    expect(page.locator("[data-testid^=conversation-]").first).to_be_hidden()

    page.get_by_test_id("thread-back").click()

    expect(page.locator("[data-testid^=conversation-]").first).to_be_visible()
    expect(page.locator(".bottom-bar")).to_be_visible()
    width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1]


def test_theme_is_there_before_the_first_paint_and_stays(person: Person, shop: Workspace) -> None:
    page = person(shop)
    first = page.evaluate("document.documentElement.dataset.theme")
    page.get_by_test_id("theme-toggle").click()
    chosen = page.evaluate("document.documentElement.dataset.theme")
    assert {first, chosen} == {"light", "dark"}

    # `html` has the theme when the first body element is parsed: nothing white was painted.
    page.add_init_script(
        "new MutationObserver((_, seen) => { if (document.body) {"
        " window.themeAtBody = document.documentElement.dataset.theme; seen.disconnect() } })"
        ".observe(document, { childList: true, subtree: true })"
    )
    page.goto("/messages")
    assert page.evaluate("window.themeAtBody") == chosen
    page.goto("/dashboard")
    assert page.evaluate("document.documentElement.dataset.theme") == chosen


def test_no_page_reload_happens_between_pages(person: Person, shop: Workspace) -> None:
    page = person(shop)
    page.evaluate("window.stillHere = true")
    for testid, address in (
        ("nav-inbox", "/messages"),
        ("nav-phone-numbers", "/phone-numbers"),
        ("nav-dashboard", "/dashboard"),
    ):
        page.get_by_test_id(testid).click()
        page.wait_for_url(f"**{address}")
        expect(page.get_by_test_id(testid)).to_have_attribute("aria-current", "page")
    page.go_back()
    page.wait_for_url("**/phone-numbers")
    assert page.evaluate("window.stillHere") is True

"""Two people of a workspace, each with a sign-in and a browser of their own, in one thread."""

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Person, ready
from tests.e2e.stack import Stack


def test_two_people_see_the_same_thread_live_and_a_stranger_nothing(
    person: Person, stack: Stack
) -> None:
    own, other = stack.workspace("Both"), stack.workspace("Stranger")
    colleague = stack.colleague(own, name="Sam Colleague")
    first, second, stranger = person(own), person(colleague), person(other)
    stack.receive(own, [("Anybody there?", 30)], name="Nadia")
    for page in (first, second):
        open_only_thread(page)
    stranger.goto("/messages")
    ready(stranger)

    stack.receive(own, [("Hello again", 0)], name="Nadia")
    for page in (first, second):
        expect(page.get_by_test_id("thread-log").get_by_text("Hello again")).to_be_visible()

    second.get_by_test_id("composer-input").fill("Sam is here")
    second.get_by_test_id("composer-send").click()

    answer = first.locator("[data-direction=outbound]")
    expect(answer).to_contain_text("Sam is here")
    expect(answer).to_contain_text("Sam Colleague")
    status = second.locator("[data-direction=outbound]").get_attribute("data-status")
    expect(answer).to_have_attribute("data-status", status or "")
    wamid, status_word = "wamid.both.1", "read"
    [(message_id,)] = stack.query("SELECT id FROM messages WHERE text = 'Sam is here'")
    stack.post_status(own, wamid, status_word, callback=f"{message_id}.0")
    for page in (first, second):
        expect(page.locator("[data-direction=outbound]")).to_have_attribute("data-status", "read")

    expect(stranger.locator("[data-testid^=conversation-]")).to_have_count(0)
    assert "Nadia" not in stranger.content()


def open_only_thread(page: Page) -> None:
    page.goto("/messages")
    ready(page)
    page.locator("[data-testid^=conversation-]").click()
    expect(page.get_by_test_id("thread-log").get_by_text("Anybody there?")).to_be_visible()

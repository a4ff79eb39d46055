"""Two people of one workspace in one conversation, and somebody of another who must see nothing."""

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Person, customer_says, customer_switches, ready
from tests.e2e.stack import Stack


def answer(page: Page, text: str) -> None:
    page.get_by_test_id("composer-input").fill(text)
    page.get_by_test_id("composer-input").press("Enter")


def test_two_people_see_the_customer_and_each_other_and_a_rival_sees_nothing(
    person: Person, stack: Stack
) -> None:
    shop = stack.workspace("Duo", owner="Ana Owner")
    stack.cli("connect-sandbox", "--workspace", shop.workspace_id)
    ana, ben = person(shop), person(stack.colleague(shop, "Ben"))
    customer_says(ana, "Is the sage one back?")
    ana.goto("/messages")
    ready(ana)
    ana.locator("[data-testid^=conversation-]").click()
    ana.wait_for_url("**/messages/*")
    thread = ana.url
    ben.goto(thread)
    ready(ben)
    expect(ben.locator("[data-direction=inbound]")).to_contain_text("Is the sage one back?")
    rival = person(stack.workspace("Rival Duo"))
    rival.goto("/messages")
    ready(rival)
    heard: list[str] = []  # whatever reaches the rival's browser over its socket
    rival.on(
        "websocket", lambda socket: socket.on("framereceived", lambda got: heard.append(str(got)))
    )
    rival.reload()
    ready(rival)

    customer_says(ben, "And the tall one?")
    for page in (ana, ben):
        expect(page.locator("[data-direction=inbound]").last).to_contain_text("And the tall one?")
    answer(ana, "Back since Monday.")
    theirs = ben.locator("[data-direction=outbound]").first
    expect(theirs).to_contain_text("Back since Monday.")
    expect(theirs).to_contain_text("Ana Owner")
    expect(theirs).to_have_attribute("data-status", "read")
    customer_switches(ana, showsReceipts=False)
    answer(ben, "The tall one, too.")
    theirs = ana.locator("[data-direction=outbound]").last
    expect(theirs).to_contain_text("The tall one, too.")
    expect(theirs).to_contain_text("Ben")
    expect(theirs).to_have_attribute("data-status", "delivered")
    for page in (ana, ben):
        expect(page.locator("[data-direction]")).to_have_count(4)

    expect(rival.locator("[data-testid^=conversation-]")).to_have_count(0)
    assert heard, "The rival's socket was not heard."
    private = ("Is the sage", "the tall one", "since Monday", "The tall one")
    assert not [frame for frame in heard if any(words in frame for words in private)]
    assert rival.request.get(thread).status == 404

"""A message whose fate nobody saw, in the browser: it says so, settles by itself, or is sent again.

Graph is played by a server that takes a request and hangs up without an answer.
"""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Person, ready
from tests.e2e.stack import Stack, Workspace


class Graph(ThreadingHTTPServer):
    """Takes messages; answers only when told to."""

    def __init__(self) -> None:
        self.is_silent = True
        self.taken: list[dict[str, Any]] = []
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Graph

    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"])
        self.server.taken.append(json.loads(self.rfile.read(size)))
        if self.server.is_silent:
            self.close_connection = True
            return
        wamid = f"wamid.answered.{len(self.server.taken)}"
        body = json.dumps({"messages": [{"id": wamid}]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name it has
        """Say nothing."""


@pytest.fixture
def graph() -> Iterator[Graph]:
    made = Graph()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def shop(stack: Stack, graph: Graph) -> Workspace:
    """A workspace whose provider is this test's, with one customer who has written."""
    made = stack.workspace("Unsure", graph_url=graph.url)
    stack.receive(made, [("Is it there yet?", 60)], name="Mina")
    return made


def write(page: Page, text: str) -> Locator:
    """Open the thread, send a text, and return its bubble once nobody saw what became of it."""
    page.goto("/messages")
    ready(page)
    page.locator("[data-testid^=conversation-]").click()
    page.get_by_test_id("composer-input").fill(text)
    page.get_by_test_id("composer-send").click()
    bubble = page.locator("[data-direction=outbound]").filter(has_text=text)
    expect(bubble).to_have_attribute("data-status", "uncertain")
    expect(bubble).to_contain_text("We could not confirm that this message was sent.")
    return bubble


def test_an_uncertain_message_waits_for_a_person_who_sends_it_again(
    person: Person, shop: Workspace, graph: Graph
) -> None:
    page = person(shop)
    bubble = write(page, "It leaves today")
    page.wait_for_timeout(1500)
    assert len(graph.taken) == 1  # nothing sends it again by itself

    graph.is_silent = False
    bubble.get_by_role("button", name="Send again").click()

    expect(bubble).to_have_attribute("data-status", "sent")
    expect(bubble.get_by_role("button")).to_have_count(0)
    expect(page.locator("[data-direction=outbound]")).to_have_count(1)
    assert [taken["text"]["body"] for taken in graph.taken] == ["It leaves today"] * 2


def test_an_uncertain_message_settles_by_its_status(
    person: Person, shop: Workspace, stack: Stack, graph: Graph
) -> None:
    page = person(shop)
    bubble = write(page, "It left yesterday")
    [taken] = graph.taken

    stack.post_status(shop, "wamid.late", "delivered", callback=taken["biz_opaque_callback_data"])

    expect(bubble).to_have_attribute("data-status", "delivered")
    expect(bubble).not_to_contain_text("could not confirm")
    assert len(graph.taken) == 1

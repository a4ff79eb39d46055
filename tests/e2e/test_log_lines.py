"""What a run leaves in the log: every request by its path, nothing of its query or its body."""

import json
import re
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import Person, ready
from tests.e2e.stack import Stack, Workspace
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def shop(stack: Stack) -> Workspace:
    return stack.workspace("Logged Shop")


def lines(stack: Stack) -> list[dict[str, Any]]:
    text = stack.log_path.read_text(errors="replace")
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def test_requests_are_logged_by_path_and_sockets_without_their_ids(
    person: Person, stack: Stack, shop: Workspace
):
    page = person(shop)
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    page.goto("/messages?conversation=from-the-query")
    ready(page)
    stack.receive(shop, [("A very private text", 1)], name="Private Person")
    page.get_by_text("A very private text").first.wait_for()
    answer = httpx.get(f"{stack.base_url}/nothing/here?token=secret-of-the-query", trust_env=False)
    page.close()

    [socket] = sockets
    ids = re.findall(r"(?:client_id|tab_id)=([^&]+)", socket)
    assert ids
    wait_until(lambda: any(line.get("path") == "/nothing/here" for line in lines(stack)))
    text = stack.log_path.read_text(errors="replace")
    for word in (*ids, "from-the-query", "secret-of-the-query", "private text", "Private Person"):
        assert word not in text
    asked = [line for line in lines(stack) if line["event"] == "request"]
    [unknown] = [line for line in asked if line["path"] == "/nothing/here"]
    assert (unknown["status"], unknown["method"]) == (404, "GET")
    assert unknown["request_id"] == answer.headers["x-request-id"]
    assert "/messages" in {line["path"] for line in asked}
    assert not [line for line in asked if line["path"].startswith("/static/")]
    refused = httpx.post(stack.base_url + shop.webhook_path, content=b"{}", trust_env=False)
    assert refused.status_code == 401
    wait_until(lambda: any(line.get("status") == 401 for line in lines(stack)))

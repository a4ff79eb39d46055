"""A page of the shell without a browser: loaded over HTTP, connected by a raw socket."""

import html
import json
import re
from typing import Any

import httpx

from tests.e2e.raw_socket import RawSocket

ELEMENTS = re.compile(r"parseElements\(String\.raw`(.*?)`\)", re.DOTALL)
CLIENT_ID = re.compile(r"'client_id': '([\w-]+)'")
CHOOSING_A_THEME = "theme_chosen"


class OpenPage:
    """What a browser knows of a page, and what an attacker would who has seen its source."""

    def __init__(self, client: httpx.Client, path: str = "/settings/security") -> None:
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        found, elements = CLIENT_ID.search(answer.text), ELEMENTS.search(answer.text)
        assert found is not None
        assert elements is not None
        self.client_id = found[1]
        self._elements: dict[str, Any] = json.loads(html.unescape(elements[1]))

    @property
    def handshake(self) -> dict[str, Any]:
        return {
            "client_id": self.client_id, "tab_id": "tab", "document_id": "document",
            "next_message_id": 0,
        }  # fmt: skip

    def choosing(self, theme: object) -> dict[str, Any]:
        """Return the event by which the page says that somebody chose a theme."""
        listener = next(
            (int(id_), event["listener_id"])
            for id_, element in self._elements.items()
            for event in element.get("events", [])
            if event["type"] == CHOOSING_A_THEME
        )
        return {
            "id": listener[0], "client_id": self.client_id, "listener_id": listener[1],
            "args": [json.dumps(theme)],
        }  # fmt: skip

    def join(self, socket: RawSocket) -> None:
        assert socket.call("handshake", self.handshake) is True

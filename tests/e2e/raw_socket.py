"""A socket.io client of twenty lines, over a plain websocket, that sends what an attacker would."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

PATH = "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"


class RawSocket:
    """An open socket.io connection."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        assert str(connection.recv(5)).startswith("0")
        connection.send("40")
        assert str(connection.recv(5)).startswith("40")

    def call(self, event: str, data: dict[str, Any]) -> Any:
        """Send an event and return its acknowledgement."""
        self._connection.send("420" + json.dumps([event, data]))
        while not (answer := str(self._connection.recv(5))).startswith("430"):
            pass
        return json.loads(answer[3:])[0]

    def emit(self, event: str, data: Any) -> None:
        self._connection.send("42" + json.dumps([event, data]))

    def ends_within(self, seconds: float) -> list[str]:
        """Return what was said until the server ended the connection; fail if it did not."""
        said: list[str] = []
        deadline = time.monotonic() + seconds
        with suppress(ConnectionClosed):
            while not said or not said[-1].startswith("41"):
                said.append(str(self._connection.recv(max(0.01, deadline - time.monotonic()))))
        return said

    def hears(self, event: str, seconds: float = 10) -> str:
        """Return the next frame of this event."""
        while not (frame := str(self._connection.recv(seconds))).startswith(f'42["{event}"'):
            pass
        return frame

    def hears_nothing(self, seconds: float) -> bool:
        """Tell whether no event comes within so many seconds."""
        try:
            return not str(self._connection.recv(seconds)).startswith("42")
        except TimeoutError:
            return True


@contextmanager
def raw_socket(
    base_url: str, headers: dict[str, str], *, client_id: str = ""
) -> Iterator[RawSocket]:
    """Open a connection; a refusal raises websockets' InvalidStatus."""
    address = base_url.replace("http://", "ws://") + PATH
    if client_id:
        address += f"&client_id={client_id}"
    with connect(address, additional_headers=headers, proxy=None) as connection:
        yield RawSocket(connection)

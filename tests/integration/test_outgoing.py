"""Calls to addresses of other people, over real sockets: where they go, and where they never do."""

import _socket
import ipaddress
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from app.config import configure
from app.services.outgoing import MAX_ANSWER, AddressRefused, NoAnswer, get_json

SPELLINGS = (
    "127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "0x7f.1", "127.1", "127.0.1",
    "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
    "localhost", "LOCALHOST", "169.254.169.254", "[fd00:ec2::254]", "0", "0.0.0.0",  # noqa: S104  # to refuse
)  # fmt: skip


class Handler(BaseHTTPRequestHandler):
    """A receiver on this machine, as an attacker would like to reach it."""

    server: "Receiver"

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(302 if self.path == "/away" else 200)
        if self.path == "/away":
            self.send_header("Location", "http://127.0.0.1:1/secret")
        self.end_headers()
        self.wfile.write(b" " * (MAX_ANSWER + 1) if self.path == "/huge" else b'{"a": 1}')

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""


class Receiver(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []
        self.host = f"127.0.0.1:{self.server_address[1]}"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("host", SPELLINGS)
def test_this_machine_is_not_reached_however_it_is_spelled(
    host: str, monkeypatch: pytest.MonkeyPatch
):
    # The system's own reading of numbers, which the guard of the tests knows less of.
    monkeypatch.setattr(socket, "getaddrinfo", _socket.getaddrinfo)

    with pytest.raises(AddressRefused) as refused:
        get_json(f"https://{host}/secret")

    assert str(refused.value) == str(AddressRefused())


def test_operator_lets_a_receiver_through_by_host_and_port(receiver: Receiver):
    with pytest.raises(AddressRefused):
        get_json(f"http://{receiver.host}/")

    configure(outgoing_allow=(receiver.host,))

    assert get_json(f"http://{receiver.host}/") == {"a": 1}
    assert receiver.asked == ["/"]


@pytest.mark.parametrize("path", ["/away", "/huge"])
def test_redirects_are_not_followed_and_answers_have_an_end(receiver: Receiver, path: str):
    configure(outgoing_allow=(receiver.host, "127.0.0.1:1"))

    with pytest.raises(NoAnswer):
        get_json(f"http://{receiver.host}{path}")

    assert receiver.asked == [path]


def test_no_proxy_of_the_environment_is_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch):
    configure(outgoing_allow=(receiver.host,))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    assert get_json(f"http://{receiver.host}/") == json.loads('{"a": 1}')


def is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def resolver(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let the system's resolver answer these, one after the other; returns what was looked up."""
    looked_up: list[str] = []
    left = list(answers)

    def getaddrinfo(host: str, port: int, *_args: Any, **_options: Any) -> list[Any]:
        looked_up.append(host)
        found = [host] if is_literal(host) else left.pop(0)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return looked_up


def test_name_that_changes_its_meaning_is_asked_once(monkeypatch: pytest.MonkeyPatch):
    looked_up = resolver(monkeypatch, ["93.184.216.34"], ["127.0.0.1"])
    called: list[tuple[str, int]] = []

    def create_connection(address: tuple[str, int], *_args: Any, **_options: Any) -> None:
        called.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", create_connection)

    with pytest.raises(NoAnswer):
        get_json("https://rebinding.example/")

    assert called == [("93.184.216.34", 443)]
    assert looked_up == ["rebinding.example"]


def test_name_with_one_private_address_among_public_ones_is_refused(
    monkeypatch: pytest.MonkeyPatch,
):
    resolver(monkeypatch, ["93.184.216.34", "10.0.0.1"])

    with pytest.raises(AddressRefused):
        get_json("https://both.example/")


def test_name_that_nobody_knows_is_refused_alike(monkeypatch: pytest.MonkeyPatch):
    resolver(monkeypatch, [])

    with pytest.raises(AddressRefused):
        get_json("https://nowhere.example/")

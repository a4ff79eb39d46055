"""The guard of outgoing requests, over real sockets: where it connects, and where never."""

import json
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.config import configure
from app.services.outgoing import (
    MAX_ANSWER,
    AddressRefused,
    NoAnswer,
    client_options,
    get_json,
)

PUBLIC, OTHER_PUBLIC = "93.184.216.34", "2606:4700::1111"
NAME = "hooks.example.com"
Resolve = Callable[..., list[str]]


class Server(ThreadingHTTPServer):
    """Answers what it is told to, and keeps who called."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.status, self.headers, self.body = 200, dict[str, str](), b'{"ok": true}'

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:  # http.server's name
        self.server.requests.append((self.path, dict(self.headers)))
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.server.body)

    do_CONNECT = do_GET  # noqa: N815  # the same

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def servers() -> Iterator[tuple[Server, Server]]:
    """Return one that the operator lets through, and another one."""
    both = Server(), Server()
    threads = [threading.Thread(target=one.serve_forever, args=(0.02,)) for one in both]
    for thread in threads:
        thread.start()
    configure(outgoing_allow=(f"localhost:{both[0].port}",))
    yield both
    for one, thread in zip(both, threads, strict=True):
        one.shutdown()
        thread.join()
        one.server_close()


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Let a name mean other addresses at each look-up; returns the look-ups that were made."""

    def answer_with(*answers: Sequence[str]) -> list[str]:
        asked: list[str] = []
        real = socket.getaddrinfo

        def look_up(host: Any, *args: Any, **options: Any) -> Any:
            if host != NAME:
                return real(host, *args, **options) if _is_here(host) else _entries([host])
            asked.append(host)
            return _entries(answers[min(len(asked), len(answers)) - 1])

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        return asked

    return answer_with


def _is_here(host: str) -> bool:
    return host in {"localhost", "127.0.0.1"}


def _entries(addresses: Sequence[str]) -> list[Any]:
    return [
        (
            socket.AF_INET6 if ":" in address else socket.AF_INET,
            socket.SOCK_STREAM,
            6,
            "",
            (address, 443, 0, 0) if ":" in address else (address, 443),
        )
        for address in addresses
    ]


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "017700000001",
        "0177.0.0.1",
        "0x7f.1",
        "127.1",
        "127.0.1",
        "0",
        "0.0.0.0",  # noqa: S104  # an address to refuse
        "localhost",
        "LOCALHOST",
        "localhost.",
        "127。0。0。1",
        "①②⑦.0.0.1",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:0:0:1]",
        "[::1%25lo]",
        "a@127.0.0.1",
        "a..b",
        "x" * 64,
    ],
)
def test_every_spelling_of_this_machine_is_refused_in_the_same_words(
    host: str, monkeypatch: pytest.MonkeyPatch
):
    numbers = {"2130706433", "0x7f000001", "017700000001", "0177.0.0.1", "0x7f.1", "0"}
    numbers |= {"127.1", "127.0.1", "localhost."}
    guarded = socket.getaddrinfo

    def as_the_system_does(name: Any, *args: Any, **options: Any) -> Any:
        """The tests' own guard knows no such spellings; the system takes them for this machine."""
        if str(name).startswith("::ffff:"):
            return _entries([name])
        if name in numbers:
            spelled = "localhost" if name == "localhost." else socket.inet_ntoa(_number(name))
            return guarded(spelled, *args, **options)
        return guarded(name, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", as_the_system_does)

    with pytest.raises(AddressRefused) as refused:
        get_json(f"https://{host}/")

    assert str(refused.value) == str(AddressRefused())
    assert vars(refused.value) == vars(AddressRefused())


def _number(name: str) -> bytes:
    return socket.inet_aton(name)


def test_name_that_changes_its_meaning_is_looked_up_once(
    resolver: Resolve, monkeypatch: pytest.MonkeyPatch
):
    asked, called = resolver([PUBLIC], ["127.0.0.1"]), []

    def nobody_answers(address: Any, *_args: Any, **_options: Any) -> None:
        called.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", nobody_answers)

    with pytest.raises(NoAnswer):
        get_json(f"https://{NAME}/")

    assert asked == [NAME]
    assert called == [(PUBLIC, 443)]


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], [PUBLIC, "10.0.0.1"], ["::ffff:10.0.0.1"], [OTHER_PUBLIC, "fe80::1%lo"], []],
)
def test_name_with_any_private_address_is_refused(resolver: Resolve, addresses: list[str]):
    resolver(addresses)

    with pytest.raises(AddressRefused) as refused:
        get_json(f"https://{NAME}/")

    assert str(refused.value) == str(AddressRefused())


def test_operator_lets_one_name_through_at_one_port(servers: tuple[Server, Server]):
    allowed, other = servers

    assert get_json(f"http://localhost:{allowed.port}/x") == {"ok": True}
    for url in (
        f"http://localhost:{other.port}/x",
        f"http://127.0.0.1:{allowed.port}/x",
        f"http://localhost.:{allowed.port}/x",
        "https://localhost/x",
    ):
        with pytest.raises(AddressRefused):
            get_json(url)

    assert [path for path, _headers in allowed.requests] == ["/x"]
    assert not other.requests


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_redirect_is_not_followed_and_would_be_refused(servers: tuple[Server, Server], host: str):
    allowed, other = servers
    allowed.status, allowed.headers = 302, {"Location": f"http://{host}:{other.port}/inner"}
    url = f"http://localhost:{allowed.port}/"

    with pytest.raises(NoAnswer):
        get_json(url)
    with httpx.Client(**client_options()) as client, pytest.raises(AddressRefused):
        client.get(url, follow_redirects=True)

    assert not other.requests


def test_neither_proxies_nor_passwords_of_the_environment_are_used(
    servers: tuple[Server, Server], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    allowed, proxy = servers
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv(name.upper(), f"http://127.0.0.1:{proxy.port}")
    (tmp_path / ".netrc").write_text("machine localhost login ana password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))

    assert get_json(f"http://localhost:{allowed.port}/")

    (_path, headers) = allowed.requests[0]
    assert "Authorization" not in headers
    assert not proxy.requests


def test_answer_that_is_too_large_or_no_json_is_none(servers: tuple[Server, Server]):
    allowed, _other = servers
    for body in (json.dumps("x" * MAX_ANSWER).encode(), b"<html>", b"\xff\xfe\xfd"):
        allowed.body = body
        with pytest.raises(NoAnswer) as refused:
            get_json(f"http://localhost:{allowed.port}/")
        assert str(refused.value) == str(NoAnswer())


def test_cookies_of_the_other_side_are_not_kept_for_the_next_call(servers: tuple[Server, Server]):
    allowed, _other = servers
    allowed.headers = {"Set-Cookie": "a=b"}

    for _call in range(2):
        get_json(f"http://localhost:{allowed.port}/")

    assert all("Cookie" not in headers for _path, headers in allowed.requests)

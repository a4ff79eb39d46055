"""Slow and oversized requests over a raw socket, served by uvicorn as the product is served.

The times are short here; everything else is the product's own configuration.
"""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from app import limits, serving
from app.config import configure, settings
from app.limits import TimedProtocol
from tests.subprocesses import free_port
from tests.waiting import wait_until

HEAD_S, PAUSE_S, BODY_S = 0.4, 0.3, 0.9
FORM = b"content-type: application/x-www-form-urlencoded\r\n"


async def echo_size(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


async def deaf(_request: Request) -> Response:
    """Answer without reading the body, as a page does that somebody posts to."""
    return PlainTextResponse("no", 404)


def test_the_product_waits_as_long_as_is_written() -> None:
    assert (limits.HEAD_S, limits.BODY_PAUSE_S, limits.BODY_S) == (15, 10, 60)
    assert limits.FILE_S == 900
    assert limits.LINES_PER_ADDRESS == 500


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Serve a small application on a free port."""
    for name, value in {"HEAD_S": HEAD_S, "BODY_PAUSE_S": PAUSE_S, "BODY_S": BODY_S}.items():
        monkeypatch.setattr(limits, name, value)
    free = free_port()
    configure(port=free)
    sockets = serving.bind(settings())
    routes = [
        Route("/deaf", deaf, methods=["POST"]),
        Route("/{path:path}", echo_size, methods=["GET", "POST"]),
    ]
    running = uvicorn.Server(serving.configuration(Starlette(routes=routes), settings()))
    thread = threading.Thread(target=running.run, args=(sockets,))
    thread.start()
    while not running.started:
        time.sleep(0.01)
    yield free
    running.should_exit = True
    thread.join()


@pytest.fixture
def line(port: int) -> Iterator[socket.socket]:
    with closing(connect(port)) as connected:
        yield connected


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=5)


def head(path: str, port: int, *headers: bytes, method: str = "POST") -> bytes:
    lines = b"".join(header.removesuffix(b"\r\n") + b"\r\n" for header in headers)
    return f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n".encode() + lines + b"\r\n"


def answer(line: socket.socket) -> tuple[int, str]:
    """Return the status and everything else up to the end of the connection, or a pause."""
    received = b""
    try:
        while chunk := line.recv(65_536):
            received += chunk
    except TimeoutError:
        received += b" [still open]"
    except ConnectionResetError:
        received += b" [reset]"
    return int(received[9:12] or 0), received.decode("latin-1")


def drip(line: socket.socket, data: bytes, *, every_s: float, for_s: float) -> float:
    """Send the same bytes again and again; return after how long the server had enough."""
    began = time.monotonic()
    line.settimeout(every_s)
    while time.monotonic() - began < for_s:
        try:
            line.sendall(data)
            if line.recv(65_536) is not None:  # an answer, or the end
                break
        except TimeoutError:
            continue
        except OSError:
            break
    line.settimeout(5)
    return time.monotonic() - began


def test_connections_that_never_finish_their_head_are_closed(port: int):
    lines = [connect(port) for _ in range(50)]
    for number, half_open in enumerate(lines):
        half_open.sendall(b"POST /x HTTP/1.1\r\nhost: a"[: number % 20])

    began = time.monotonic()
    closed = [answer(half_open) for half_open in lines]

    assert closed == [(0, "")] * 50
    assert time.monotonic() - began < HEAD_S * 5
    for half_open in lines:
        half_open.close()


def test_one_address_cannot_take_every_connection(port: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "LINES_PER_ADDRESS", 20)
    monkeypatch.setattr(limits, "HEAD_S", 30)
    lines = [connect(port) for _ in range(30)]
    request = head("/x", port, b"connection: close", method="GET")
    for half_open in lines:
        half_open.settimeout(0.3)

    assert [answer(half_open)[1] for half_open in lines[20:]] == [""] * 10  # refused at once
    with closing(socket.create_connection(("127.0.0.1", port), 5, ("127.0.0.2", 0))) as other:
        other.sendall(request)
        assert answer(other)[0] == 200, "another address is not disturbed"
    for half_open in lines:
        half_open.close()
    wait_until(lambda: not TimedProtocol._lines)
    with closing(connect(port)) as again:
        again.sendall(request)
        assert answer(again)[0] == 200, "what is closed is given back"


def test_a_trusted_proxy_brings_as_many_as_it_likes(port: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "LINES_PER_ADDRESS", 5)
    configure(trusted_proxies=["127.0.0.0/8"])
    lines = [connect(port) for _ in range(12)]
    for line in lines:
        line.sendall(head("/x", port, b"connection: close", method="GET"))

    assert [answer(line)[0] for line in lines] == [200] * 12
    for line in lines:
        line.close()


def test_a_head_that_drips_is_closed_on_a_used_connection_too(port: int, line: socket.socket):
    line.sendall(head("/x", port, b"content-length: 2") + b"ab")
    assert line.recv(65_536).startswith(b"HTTP/1.1 200")

    assert drip(line, b"GET", every_s=0.05, for_s=5) < HEAD_S * 3


def test_an_endless_head_is_cut_off(port: int, line: socket.socket):
    line.sendall(head("/x", port)[:-2] + b"x-long: ")
    for _ in range(4):
        time.sleep(0.02)
        line.sendall(b"a" * 4096)

    status, text = answer(line)

    assert status == 431
    assert "[still open]" not in text


@pytest.mark.parametrize("header", [b"cookie: " + b"a" * 17_000, b"x: y\r\n" * 6_000])
def test_a_large_head_at_once_is_refused(port: int, line: socket.socket, header: bytes):
    line.sendall(head("/api/x", port, b"connection: close", header, method="GET"))

    status, text = answer(line)

    assert status == 431
    assert "head_too_large" in text


def test_a_body_that_stops_is_refused_in_words(port: int, line: socket.socket):
    line.sendall(head("/sign-in", port, FORM, b"content-length: 100") + b"email=")

    status, text = answer(line)

    assert status == 408
    assert "text/html" in text
    assert "took too long" in text
    assert "x-request-id" in text
    assert "[still open]" not in text


def test_a_body_that_drips_for_ever_is_refused(port: int, line: socket.socket):
    line.sendall(head("/api/x", port, b"content-length: 60000"))

    took = drip(line, b"a", every_s=0.1, for_s=10)

    assert BODY_S * 0.9 < took < BODY_S * 3


def test_a_body_that_nobody_reads_does_not_keep_the_connection(port: int, line: socket.socket):
    line.sendall(head("/deaf", port, b"content-length: 1000000000"))
    began = time.monotonic()

    status, text = answer(line)

    assert (status, text[-2:]) == (404, "no")
    assert "connection: close" in text
    assert time.monotonic() - began < limits.LINGER_S * 2


@pytest.mark.parametrize(
    ("path", "limit", "kind"),
    [
        ("/sign-in", 64 * 1024, "text/html"),
        ("/messages", 64 * 1024, "text/html"),
        ("/api/contacts", 1024 * 1024, "application/json"),
        ("/_nicegui_ws/socket.io/", 1024 * 1024, "application/json"),
        # A picture of 5 MB and what a form writes around it.
        ("/_nicegui/client/x/upload/1", 5 * 1024 * 1024 + 64 * 1024, "application/json"),
        ("/api/webhooks/whatsapp", 3 * 1024 * 1024, "application/json"),
    ],
)
@pytest.mark.parametrize("is_chunked", [False, True])
def test_every_route_has_a_largest_body(
    port: int, path: str, limit: int, kind: str, *, is_chunked: bool
):
    for size, expected in ((limit, 200), (limit + 1, 413)):
        framing = b"transfer-encoding: chunked" if is_chunked else b"content-length: %d" % size
        body = b"a" * size
        if is_chunked:
            body = b"%x\r\n%s\r\n0\r\n\r\n" % (size, body)
        with closing(connect(port)) as line:
            line.sendall(head(path, port, framing, b"connection: close") + body)
            status, text = answer(line)

        assert status == expected
        if status == 413:
            assert kind in text
            assert "more than we accept" in text
        else:
            assert text.endswith(str(limit))


@pytest.mark.parametrize("path", ["/api/media", "/sandbox/phone/files", "/sandbox/graph/v25.0/1"])
def test_file_of_100_mb_may_come_and_no_larger_one(port: int, line: socket.socket, path: str):
    largest = 100 * 1024 * 1024 + 64 * 1024  # and what a form writes around it
    assert limits._limit_of(path) == largest

    line.sendall(head(path, port, b"content-length: %d" % (largest + 1)))

    assert answer(line)[0] == 413


def test_a_body_far_too_large_is_not_read_to_its_end(port: int, line: socket.socket):
    line.sendall(head("/sign-in", port, b"content-length: 400000000"))
    sent = 0
    try:
        while sent < 400_000_000:
            sent += line.send(b"a" * 1_000_000)
    except OSError:
        pass

    assert sent < 100_000_000


CHUNKED = b"transfer-encoding: chunked"


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ([b"content-length: 4", CHUNKED], b"0\r\n\r\n"),
        ([CHUNKED, b"content-length: 4"], b"0\r\n\r\n"),
        ([b"content-length: 4", b"content-length: 5"], b"abcde"),
        ([b"content-length: 4, 5"], b"abcde"),
        ([b"content-length: -1"], b""),
        ([b"content-length: 0x4"], b"abcd"),
        ([b"content-length: 99999999999999999999999"], b""),
        ([b"content-length : 4"], b"abcd"),
        ([b"transfer-encoding: xchunked"], b"0\r\n\r\n"),
        ([b"transfer-encoding: chunked, identity"], b"0\r\n\r\n"),
        ([CHUNKED], b"-1\r\nabcd\r\n0\r\n\r\n"),
        ([CHUNKED], b"4\r\nabcdef\r\n0\r\n\r\n"),
        ([b"x: a\nsmuggled: b"], b""),
        ([b" folded: a"], b""),
        ([b"x: a\0b"], b""),
    ],
)
def test_a_request_that_two_readers_would_read_differently_is_refused(
    port: int, line: socket.socket, headers: list[bytes], body: bytes
) -> None:
    hidden = head("/hidden", port, method="GET")

    line.sendall(head("/sign-in", port, *headers) + body + hidden)
    status, text = answer(line)

    assert status in {400, 0}
    assert text.count("HTTP/1.1 ") <= 1
    assert "[still open]" not in text

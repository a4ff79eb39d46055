"""A load generator that costs little: prepared requests over kept connections, no HTTP library."""

import asyncio
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.factories import Number, Team
from tests.webhook_factories import sign, text_message, webhook_body

OK = b"HTTP/1.1 200"


@dataclass(slots=True)
class Result:
    """What the answers were; latencies in seconds, from the moment a request was due."""

    seconds: float = 0.0
    refused: int = 0
    latencies: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


def webhook_requests(
    teams: Sequence[Team], port: int, count: int, *, tag: str, customers: int = 500
) -> list[bytes]:
    """Write whole signed requests, each with one message of its own."""
    return [
        webhook_request(
            teams[index % len(teams)].number,
            port,
            text_message(
                f"Message {index}",
                sender=f"4478{index % customers:08d}",
                wamid=f"wamid.{tag}.{index}",
            ),
        )
        for index in range(count)
    ]


def webhook_request(number: Number, port: int, *messages: dict[str, object]) -> bytes:
    body = webhook_body(number, list(messages))
    head = (
        f"POST {number.webhook_path} HTTP/1.1\r\n"
        f"Host: 127.0.0.1:{port}\r\n"
        f"X-Hub-Signature-256: {sign(body, number.app_secret)}\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class _Connection(asyncio.Protocol):
    """One request at a time; the answers are small and end with their body."""

    def __init__(self) -> None:
        self._answer: asyncio.Future[bool] | None = None
        self._transport: asyncio.WriteTransport | None = None
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    async def ask(self, request: bytes) -> bool:
        assert self._transport is not None
        self._buffer = b""
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        if not separator or self._answer is None or self._answer.done():
            return
        start = head.lower().index(b"content-length:") + len(b"content-length:")
        if len(body) >= int(head[start:].split(b"\r\n", 1)[0]):
            self._answer.set_result(head.startswith(OK))

    def connection_lost(self, _exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(False)


async def closed_loop(
    port: int, requests: Iterator[bytes], *, seconds: float, connections: int = 50
) -> Result:
    """Send one request after the other on each connection for so long."""
    result = Result()
    began = time.perf_counter()

    async def keep_asking() -> None:
        connection = await _connect(port)
        for request in requests:
            sent = time.perf_counter()
            if sent - began > seconds:
                break
            if await connection.ask(request):
                result.latencies.append(time.perf_counter() - sent)
            else:
                result.refused += 1

    await asyncio.gather(*(keep_asking() for _ in range(connections)))
    result.seconds = time.perf_counter() - began
    return result


async def open_loop(
    port: int, requests: Sequence[bytes], *, per_second: float, connections: int = 100
) -> Result:
    """Send at a fixed rate whatever the answers take; a wait for a connection counts as latency."""
    result = Result()
    idle = deque([await _connect(port) for _ in range(connections)])
    waiting: deque[tuple[float, bytes]] = deque()
    began = time.perf_counter()

    async def ask(connection: _Connection, due: float, request: bytes) -> None:
        while True:
            if await connection.ask(request):
                result.latencies.append(time.perf_counter() - due)
            else:
                result.refused += 1
                connection = await _connect(port)
            if not waiting:
                idle.append(connection)
                return
            due, request = waiting.popleft()

    async with asyncio.TaskGroup() as group:
        for index, request in enumerate(requests):
            due = began + index / per_second
            if (pause := due - time.perf_counter()) > 0:
                await asyncio.sleep(pause)
            if idle:
                group.create_task(ask(idle.popleft(), due, request))
            else:
                waiting.append((due, request))
    result.seconds = time.perf_counter() - began
    return result


async def _connect(port: int) -> _Connection:
    _, connection = await asyncio.get_running_loop().create_connection(
        _Connection, "127.0.0.1", port
    )
    return connection

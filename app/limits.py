"""How much one request may bring, how long it may take, and how many lines one address may hold.

Uvicorn limits none of it: a head that never ends stays open for ever, a body grows in memory, and
one address can take every connection there is. The single machine has no proxy in front, so all
are limited here, for every route.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import ClassVar

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app import paths
from app.config import settings
from app.errors import AppError
from app.i18n import mark
from app.proxies import Proxies
from app.services import pictures
from app.services.media import kinds
from app.services.rate_limits import address_key

LINES_PER_ADDRESS = 500
HEAD_S = 15.0
MAX_HEAD = 16 * 1024
BODY_PAUSE_S, BODY_S, FILE_S = 10.0, 60.0, 900.0  # 100 MB at 1 Mbit/s
LINGER_S, LINGER_BYTES = 2.0, 32 * 1024 * 1024
FORM, CALL, WEBHOOK = 64 * 1024, 1024 * 1024, 3 * 1024 * 1024
MEDIA = kinds.LARGEST + FORM  # a file and what a multipart body writes around it
UPLOAD = pictures.MAX_BYTES + FORM  # a picture and what a multipart body writes around it
MAX_BODY = {paths.WEBHOOKS: WEBHOOK, paths.MEDIA: MEDIA, paths.UPLOADS: UPLOAD}
MAX_BODY |= dict.fromkeys((paths.SANDBOX_FILES, paths.SANDBOX_GRAPH), MEDIA)
MAX_BODY |= dict.fromkeys(paths.PROGRAMS, CALL)  # all else are forms

Refuse = Callable[[Scope, AppError], Response]


class TooLarge(AppError):
    """A body over the limit of its route."""

    code, status = "body_too_large", 413
    sentence = mark("This is more than we accept at once. Please send less.")


class HeadTooLarge(AppError):
    """An address and headers of more than 16 KB."""

    code, status = "head_too_large", 431
    sentence = mark("The address or the cookies of this request are too long.")


class TooSlow(AppError):
    """A body that did not arrive in time."""

    code, status = "body_too_slow", 408
    sentence = mark("This took too long to arrive. Please check your connection and try again.")


class Limits:
    """ASGI wrapper: bodies are cut off at the limit of their route, in size and in time.

    The application sees a client that went away; what the client gets is `refuse`'s response. A
    body is counted when the application asks for it, so that a route may refuse it before.
    """

    def __init__(self, app: ASGIApp, *, refuse: Refuse) -> None:
        self._app = app
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
        elif _head_size(scope) > MAX_HEAD:
            await self._refuse_head(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._app(scope, receive, send)
        else:
            await self._limit(scope, receive, send)

    async def _limit(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = _Body(scope, receive)
        has_started = False

        async def send_or_refuse(message: Message) -> None:
            nonlocal has_started
            if has_started or body.refusal is None:
                has_started = True
                await body.send(message, send)

        try:
            await self._app(scope, body.receive, send_or_refuse)
        except ClientDisconnect:
            if body.refusal is None:
                return  # it is gone: there is nobody to answer, and nothing is wrong
        if body.refusal is not None and not has_started:
            response = self._refuse(scope, body.refusal)
            await response(scope, receive, lambda message: body.send(message, send))

    async def _refuse_head(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4431})
        else:
            await self._refuse(scope, HeadTooLarge())(scope, receive, send)


class _Body:
    """The body of one request on its way in."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        headers = dict(scope["headers"])
        declared = headers.get(b"content-length", b"0")
        self._declared = int(declared) if declared.isdigit() else 0
        self._is_complete = not self._declared and b"transfer-encoding" not in headers
        self._limit = _limit_of(scope["path"])
        self._patience_s = FILE_S if self._limit == MEDIA else BODY_S
        self._receive = receive
        self._size = 0
        self._deadline: float | None = None
        self.refusal: AppError | None = None

    async def receive(self) -> Message:
        """Return the next part; a client that sends too much or too slowly is gone."""
        if self.refusal is not None:
            return {"type": "http.disconnect"}
        if self._is_complete:
            return await self._receive()
        if self._declared > self._limit:
            return self._cut_off(TooLarge())
        now = asyncio.get_running_loop().time()
        self._deadline = self._deadline or now + self._patience_s
        try:
            async with asyncio.timeout_at(min(now + BODY_PAUSE_S, self._deadline)):
                message = await self._next()
        except TimeoutError:
            return self._cut_off(TooSlow())
        return self._cut_off(TooLarge()) if self._size > self._limit else message

    async def send(self, message: Message, send: Send) -> None:
        """Send a part of the response; its end waits a little for a body that nobody reads.

        The connection is closed after such a response. Closed at once, with bytes of the body on
        their way, the client would see a reset connection instead of the response.
        """
        if message["type"] == "http.response.start" and not self._is_complete:
            headers = [*message.get("headers", []), (b"connection", b"close")]
            await send({**message, "headers": headers})
        elif message.get("more_body") or self._is_complete:
            await send(message)
        else:
            await send({**message, "more_body": True})
            await self._drain()
            await send({"type": "http.response.body", "body": b""})

    async def _next(self) -> Message:
        message = await self._receive()
        self._size += len(message.get("body", b""))
        self._is_complete = not message.get("more_body", False)
        return message

    async def _drain(self) -> None:
        most = self._size + LINGER_BYTES
        try:
            async with asyncio.timeout(LINGER_S):
                while not self._is_complete and self._size < most:
                    await self._next()
        except TimeoutError:
            return

    def _cut_off(self, refusal: AppError) -> Message:
        self.refusal = refusal
        return {"type": "http.disconnect"}


class TimedProtocol(HttpToolsProtocol):
    """Uvicorn's HTTP, where a head has to be there within 15 seconds and 16 KB.

    An address has at most 500 connections at a time; configured proxies have as many as they like.
    Open pages are not among them: the gate counts those by person.
    """

    _lines: ClassVar[Counter[str]] = Counter()
    _address: str | None = None
    _timer: asyncio.TimerHandle | None = None
    _size = 0
    _is_in_message = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        super().connection_made(transport)
        if self._take_line():
            self._expect_head()
        else:
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        self._give_line_back()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        self._give_line_back()
        super().handle_websocket_upgrade()

    def data_received(self, data: bytes) -> None:
        if self._timer is None and not self._is_in_message:
            self._expect_head()  # the first bytes on a connection that was kept alive
        super().data_received(data)
        if self._timer is None or self.transport.is_closing():
            return
        self._size += len(data)
        if self._size > MAX_HEAD:
            self.transport.write(
                b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
                b"content-length: 0\r\nconnection: close\r\n\r\n"
            )
            self.transport.close()

    def on_headers_complete(self) -> None:
        self._stop_timer()
        self._is_in_message = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._is_in_message = False
        super().on_message_complete()

    def _take_line(self) -> bool:
        address = self.client[0] if self.client else ""
        if Proxies(settings().trusted_proxies).know(address):
            return True
        key = address_key(address)
        if self._lines[key] >= LINES_PER_ADDRESS:
            return False
        self._lines[key] += 1
        self._address = key
        return True

    def _give_line_back(self) -> None:
        if self._address is None:
            return
        self._lines[self._address] -= 1
        if not self._lines[self._address]:
            del self._lines[self._address]
        self._address = None

    def _expect_head(self) -> None:
        self._size = 0
        self._timer = self.loop.call_later(HEAD_S, self.transport.close)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _limit_of(path: str) -> int:
    return next((limit for prefix, limit in MAX_BODY.items() if path.startswith(prefix)), FORM)


def _head_size(scope: Scope) -> int:
    headers = sum(len(name) + len(value) + 4 for name, value in scope["headers"])
    return headers + len(scope.get("raw_path") or b"") + len(scope["query_string"])

"""The outermost layer of the web process: which hosts, which proxies, which headers, one log line.

Plain ASGI, because every request passes here, webhooks too.
"""

import time
from collections.abc import Callable

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import content_policy, log, paths
from app.config import Settings
from app.errors import AppError, MethodNotAllowed
from app.i18n import mark
from app.ids import new_id
from app.proxies import Proxies, address_of
from app.services import audit

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
FORWARDED = (b"x-forwarded-", b"forwarded")
HEADERS = {
    content_policy.HEADER: content_policy.NO_PAGE,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), payment=(), microphone=(self)",
}
# Routine, webhooks by the thousand (each is a row of its own); their failures are logged.
UNLOGGED = (f"{paths.STATIC}/", paths.NICEGUI_FILES, paths.HEALTHZ, paths.READYZ, paths.WEBHOOKS)
FAILURE = 400
HSTS = "max-age=31536000; includeSubDomains"

Refuse = Callable[[Scope, AppError], Response]


class ForeignHost(AppError):
    """Somebody asks here for another site."""

    code, status = "foreign_host", 421
    sentence = mark("This host is not served here.")


class Edge:
    """Refuses foreign hosts and odd methods, ignores forged proxies, adds the safe headers."""

    def __init__(
        self, app: ASGIApp, *, settings: Settings, hosts: frozenset[str], refuse: Refuse
    ) -> None:
        self._app = app
        self._refuse = refuse
        self._hosts = hosts
        safe = HEADERS | (
            {"Strict-Transport-Security": HSTS}
            if settings.is_production and settings.is_https
            else {}
        )
        self._headers = [(name.lower().encode(), value.encode()) for name, value in safe.items()]
        self._proxies = Proxies(settings.trusted_proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        refusal = self._refusal_of(scope)
        self._resolve_client(scope)
        audit.client_ip.set(scope["client"][0] if scope.get("client") else None)
        request_id = str(new_id())
        scope.setdefault("state", {})["request_id"] = request_id

        answer = _Answer()

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                message["headers"] = headers = list(message.get("headers", ()))
                headers.append((b"x-request-id", request_id.encode()))
                self._add_headers(headers, scope["path"])
            await send(message)

        with log.bind(request_id=request_id):
            try:
                if refusal is None:
                    await self._app(scope, receive, send_with_headers)
                else:
                    await self._answer(refusal, scope, receive, send_with_headers)
            finally:
                answer.log(scope)

    def _resolve_client(self, scope: Scope) -> None:
        """Believe forwarding headers of configured proxies only; nobody else's reach the app."""
        if scope.get("client") and self._proxies.know(scope["client"][0]):
            # Several lines of one header are one list, in their order.
            lines = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
            for hop in reversed(b",".join(lines).decode("latin-1").split(",")):
                address = address_of(hop)
                if address is None:  # what stands before it is no proxy's word
                    break
                if not self._proxies.know(address):
                    scope["client"] = (address, 0)
                    break
        scope["headers"] = [
            (name, value)
            for name, value in scope["headers"]
            if not name.lower().startswith(FORWARDED)
        ]

    def _add_headers(self, raw: list[tuple[bytes, bytes]], path: str) -> None:
        present = {name.lower() for name, _ in raw}
        raw.extend(header for header in self._headers if header[0] not in present)
        kind = next((value for name, value in raw if name.lower() == b"content-type"), b"")
        is_page = kind.startswith((b"text/html", b"application/json"))
        is_bare = path.startswith(paths.API) and b"cache-control" not in present
        if is_page or is_bare:  # what it is differs by who asks
            headers = MutableHeaders(raw=raw)
            headers["Cache-Control"] = "no-store"
            headers.add_vary_header("Cookie")

    def _refusal_of(self, scope: Scope) -> AppError | None:
        host = dict(scope["headers"]).get(b"host", b"")
        if host.decode("latin-1").lower() not in self._hosts:
            return ForeignHost()
        if scope["type"] == "http" and scope["method"] not in METHODS:
            return MethodNotAllowed(METHODS)
        return None

    async def _answer(self, error: AppError, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse in JSON below /api, else in a word: a page would ask this host for its look."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4000 + error.status})
            return
        response = (
            self._refuse(scope, error)
            if scope["path"].startswith(paths.API)
            else PlainTextResponse(error.message, error.status)
        )
        if isinstance(error, MethodNotAllowed):
            response.headers["Allow"] = ", ".join(error.allowed)
        await response(scope, receive, send)


class _Answer:
    """What becomes of one request, for the log: never its query, which may hold secrets."""

    def __init__(self) -> None:
        self.status = 0  # nothing was answered: a socket, or somebody who went away
        self._start = time.monotonic()

    def log(self, scope: Scope) -> None:
        path = scope["path"]
        if path.startswith(UNLOGGED) and self.status < FAILURE:
            return
        log.get(__name__).info(
            "request",
            method=scope.get("method", "SOCKET"),
            path=path,
            status=self.status,
            ms=round((time.monotonic() - self._start) * 1000, 1),
        )

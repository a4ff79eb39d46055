"""Who may ask NiceGUI for what: the ASGI side of the gate."""

from collections import Counter
from collections.abc import Callable
from urllib.parse import parse_qs
from uuid import UUID

from nicegui import core
from starlette.datastructures import URL
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app import paths
from app.errors import AppError, MethodNotAllowed, NotAuthenticated, NotFound, RateLimited
from app.gate.bindings import Bindings
from app.gate.budgets import Window
from app.i18n import mark
from app.services.sessions import SessionView
from app.web import find_session, require_same_origin

UNAUTHENTICATED_CLOSE = 4401
NO_ANSWER = "No response returned."
PAGES_PER_MINUTE = 60
LINES_PER_PERSON = 100  # open pages, each with a socket
LINE_WAIT_S = 30
READING = ("GET", "HEAD")
# An upload is a POST, a page and a file are read; the socket's polling does both.
METHODS = (*READING, "POST")

Refuse = Callable[[Scope, AppError], Response]


class LengthMissing(AppError):
    """An upload that does not say how long it is."""

    code, status = "length_required", 411
    sentence = mark("This upload does not say how large it is.")


class Gate:
    """ASGI wrapper around NiceGUI's application."""

    def __init__(
        self, app: ASGIApp, *, bindings: Bindings, page_prefixes: tuple[str, ...], refuse: Refuse
    ) -> None:
        self._app = app
        self._bindings = bindings
        self._prefixes = page_prefixes
        self._refuse = refuse
        self._builds = Window(amount=PAGES_PER_MINUTE, seconds=60)
        self._lines: Counter[UUID] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        is_private = path.startswith(paths.NICEGUI_PRIVATE)
        if path.startswith(paths.NICEGUI_FILES) and not is_private:
            await self._serve(scope, receive, send)
            return
        try:
            is_page = any(path == one or path.startswith(one + "/") for one in self._prefixes)
            if not is_private and not is_page:
                raise NotFound
            session = await find_session(HTTPConnection(scope))
            if session is None:
                raise NotAuthenticated
            if scope["type"] == "http":
                self._check(scope, session, is_page=is_page)
            self._check_socket(scope, session)
        except AppError as error:
            await self._respond(self._answer(scope, error), scope, receive, send)
            return
        scope.setdefault("state", {})["session"] = session
        if scope["path"].startswith(paths.NICEGUI_SOCKET):
            await self._hold_line(session.user_id, scope, receive, send)
        else:
            await self._serve(scope, receive, send)

    async def _hold_line(self, person: UUID, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve an open page for as long as it is open; one person has so many at a time."""
        self._lines[person] += 1
        try:
            await self._serve(scope, receive, send)
        finally:
            self._lines[person] -= 1
            if not self._lines[person]:
                del self._lines[person]

    def _check(self, scope: Scope, session: SessionView, *, is_page: bool) -> None:
        """Raise what speaks against a request of somebody who is signed in."""
        if scope["method"] not in (allowed := READING if is_page else METHODS):
            raise MethodNotAllowed(allowed)
        if is_page:
            if wait_s := self._builds.wait_s(session.id):
                raise RateLimited(int(wait_s) + 1)
            return
        if scope["method"] not in READING:
            require_same_origin(Request(scope))
        kind, _, rest = scope["path"].removeprefix(paths.NICEGUI_FILES).partition("/")
        if kind == "auto":
            raise NotFound  # files by a path that can be guessed; no page of ours makes any
        if kind == "client":
            if self._bindings.session_of(rest.partition("/")[0]) != session.id:
                raise NotFound
            if scope["method"] not in READING and not _has_length(scope):
                raise LengthMissing

    def _check_socket(self, scope: Scope, session: SessionView) -> None:
        """Refuse to go on with a connection that somebody else began: its id may have leaked."""
        if not scope["path"].startswith(paths.NICEGUI_SOCKET):
            return
        if self._lines[session.user_id] >= LINES_PER_PERSON:
            raise RateLimited(LINE_WAIT_S)
        asked = parse_qs(scope["query_string"].decode("latin-1")).get("sid", [])
        if any(session_of_socket(core.sio.environ.get(one)) != session.id for one in asked):
            raise NotFound

    def _answer(self, scope: Scope, error: AppError) -> Response:
        if isinstance(error, NotAuthenticated) and scope["type"] == "http":
            is_private = scope["path"].startswith(paths.NICEGUI_PRIVATE)
            if not is_private and scope["method"] in READING:
                return RedirectResponse(_door(scope), 303)
            return PlainTextResponse(error.message, error.status)
        return self._refuse(scope, error)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; a browser that goes away before the answer begins is no fault.

        Starlette's middleware, which NiceGUI uses, raises then. Were the browser still there,
        uvicorn would answer 500 and log that nothing was answered.
        """
        try:
            await self._app(scope, receive, send)
        except RuntimeError as error:
            if str(error) != NO_ANSWER:
                raise

    async def _respond(
        self, response: Response, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": UNAUTHENTICATED_CLOSE})
            return
        await response(scope, receive, send)


def session_of_socket(environ: dict[str, object] | None) -> UUID | None:
    """Return the session whose cookie a socket showed when it was opened."""
    scope = (environ or {}).get("asgi.scope")
    state = scope.get("state", {}) if isinstance(scope, dict) else {}
    session = state.get("session")
    return session.id if isinstance(session, SessionView) else None


def _has_length(scope: Scope) -> bool:
    return any(name == b"content-length" and value.isdigit() for name, value in scope["headers"])


def _door(scope: Scope) -> str:
    target = URL(scope=scope)
    query = f"?{target.query}" if target.query else ""
    return str(URL(paths.SIGN_IN).include_query_params(next=target.path + query))

"""The gate in front of NiceGUI, which authenticates nothing by itself after a page has loaded.

Nobody without a live session reaches a page, its socket or its uploads, and no server-side client
comes into being for a visitor. A page is bound to the session that loaded it: the socket must show
the same one, events must come over that page's own socket, and a revoked session's pages close.
NiceGUI's private names that this needs are checked at start (`self_test`).
"""

import asyncio
import inspect
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from nicegui import Client, background_tasks, core
from starlette.datastructures import URL
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app import db, events, log, paths
from app.errors import Unavailable
from app.events import Bell
from app.hub import Fetch, Subscription, hub
from app.services import sessions
from app.services.sessions import Place, SessionView
from app.web import allowed_origins, find_session, forget_sessions

UNAUTHENTICATED_CLOSE = 4401
RECHECK_S = 5.0
NO_ANSWER = "No response returned."
EVENTS_PER_S, EVENT_BURST = 50.0, 200.0


class Gate:
    """ASGI wrapper around NiceGUI's application."""

    def __init__(self, app: ASGIApp, *, page_prefixes: tuple[str, ...], not_found: Any) -> None:
        self._app = app
        self._prefixes = page_prefixes
        self._not_found = not_found

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        is_private = path.startswith(paths.NICEGUI_PRIVATE)
        if path.startswith(paths.NICEGUI_FILES) and not is_private:
            await self._serve(scope, receive, send)
            return
        is_page = any(path == prefix or path.startswith(prefix + "/") for prefix in self._prefixes)
        if not is_private and not is_page:
            await self._respond(await self._not_found(scope), scope, receive, send)
            return
        try:
            session = await find_session(HTTPConnection(scope))
        except Unavailable as error:
            await self._respond(PlainTextResponse(error.message, 503), scope, receive, send)
            return
        if session is None:
            await self._respond(_refusal(scope, is_page=is_page), scope, receive, send)
            return
        scope.setdefault("state", {})["session"] = session
        await self._serve(scope, receive, send)

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


class Bindings:
    """Which page belongs to which session; closes the pages of a session that has ended."""

    def __init__(self) -> None:
        self._session_of: dict[str, UUID] = {}
        self._place_of: dict[str, Place] = {}
        self._subscriptions: dict[UUID, Subscription] = {}
        self._buckets: dict[str, tuple[float, float]] = {}
        self._task: asyncio.Task[None] | None = None

    def bind(self, client: Client, view: SessionView) -> None:
        """Remember whose page this is, and for where it was built, until it is deleted."""
        session_id = view.id
        self._session_of[client.id] = session_id
        self._place_of[client.id] = view.place
        if session_id not in self._subscriptions:
            self._subscriptions[session_id] = hub.join(
                events.session_topic(session_id),
                lambda: _revocation_fetch(session_id),
                lambda _batch: self.recheck_soon(),
            )
        client.on_delete(lambda: self._unbind(client.id))

    def session_of(self, client_id: str) -> UUID | None:
        """Return the session that loaded a page."""
        return self._session_of.get(client_id)

    def start(self) -> None:
        """Look every five seconds whether the sessions of open pages are still live."""
        self._task = background_tasks.create(self._recheck_forever(), name="session recheck")

    def stop(self) -> None:
        """Stop looking and forget all pages."""
        if self._task is not None:
            self._task.cancel()
        self._session_of.clear()
        self._place_of.clear()
        self._subscriptions.clear()

    def recheck_soon(self) -> None:
        """Look at once: a bell says that a session has ended."""
        forget_sessions()
        background_tasks.create(self._recheck(), name="session recheck now")

    def may_send_event(self, socket_id: str) -> bool:
        """Count an event of a socket; False when it floods."""
        now = time.monotonic()
        tokens, last = self._buckets.get(socket_id, (EVENT_BURST, now))
        tokens = min(EVENT_BURST, tokens + (now - last) * EVENTS_PER_S)
        self._buckets[socket_id] = (max(tokens - 1, 0), now)
        return tokens >= 1

    def forget_socket(self, socket_id: str) -> None:
        """Stop counting for a socket that is gone."""
        self._buckets.pop(socket_id, None)

    def close_pages(self, session_id: UUID) -> None:
        """Send every open page of a session to the sign-in page, then delete it here."""
        for client_id in [key for key, owner in self._session_of.items() if owner == session_id]:
            client = Client.instances.get(client_id)
            if client is None:
                self._unbind(client_id)
            else:
                background_tasks.create(_close(client), name="close page")

    def _unbind(self, client_id: str) -> None:
        self._place_of.pop(client_id, None)
        session_id = self._session_of.pop(client_id, None)
        if session_id is None or session_id in self._session_of.values():
            return
        if subscription := self._subscriptions.pop(session_id, None):
            subscription.leave()

    async def _recheck_forever(self) -> None:
        while True:
            await asyncio.sleep(RECHECK_S)
            await self._recheck()

    async def _recheck(self) -> None:
        bound = set(self._session_of.values())
        if not bound:
            return
        try:
            live = await asyncio.to_thread(_live, bound)
        except Unavailable:
            return  # without the database no page can do anything; the next look decides
        for session_id in bound - live.keys():
            log.get(__name__).info("pages_closed", session_id=str(session_id))
            self.close_pages(session_id)
        for client_id, session_id in list(self._session_of.items()):
            if session_id in live:
                self._follow(client_id, live[session_id])

    def _follow(self, client_id: str, place: Place) -> None:
        """Let a page load again whose person is somewhere else now, or something else."""
        before = self._place_of.get(client_id, place)
        client = Client.instances.get(client_id)
        if client is None or before == place:
            return
        self._place_of[client_id] = place
        if before[0] == place[0]:
            client.run_javascript("location.reload()")
        else:
            client.run_javascript("location.assign('/dashboard')")


bindings = Bindings()


def install() -> None:
    """Put the guards into NiceGUI. Call once per process, after `ui.run_with`."""
    self_test()
    if not getattr(Client, "is_guarded", False):
        _guard_client()
    core.sio.eio.cors_allowed_origins = list(allowed_origins())
    for name in ("event", "javascript_response", "ack"):
        core.sio.on(name, _guarded(core.sio.handlers["/"][name]))
    core.sio.on("log", _ignore)


def self_test() -> None:
    """Refuse to start on a NiceGUI whose private hooks are not the ones we know."""
    accept = inspect.signature(Client.accept_handshake)
    missing = [
        name
        for name, is_there in {
            "accept_handshake": list(accept.parameters)[1:] == ["socket_id", "tab_id", "environ"],
            "_socket_to_document_id": "_socket_to_document_id" in inspect.getsource(Client),
            "_delete_tasks": "_delete_tasks" in inspect.getsource(Client),
            "handlers": {"event", "javascript_response", "ack", "log"}
            <= set(core.sio.handlers.get("/", {})),
        }.items()
        if not is_there
    ]
    if missing:
        raise RuntimeError(f"NiceGUI has changed where the gate holds on to it: {missing}.")


def _guard_client() -> None:
    original_init, original_accept = Client.__init__, Client.accept_handshake

    def guarded_init(self: Client, page: Any, *, request: Any = None) -> None:
        original_init(self, page, request=request)
        session = getattr(request.state, "session", None) if request is not None else None
        if session is not None:
            bindings.bind(self, session)

    def guarded_accept(
        self: Client, socket_id: str, tab_id: str, environ: dict[str, Any] | None
    ) -> bool:
        owner = bindings.session_of(self.id)
        scope = (environ or {}).get("asgi.scope", {})
        shown = scope.get("state", {}).get("session")
        if environ is not None and (shown is None or shown.id != owner):
            return False
        return original_accept(self, socket_id, tab_id, environ)

    Client.__init__ = guarded_init  # type: ignore[method-assign]  # NiceGUI offers no hook
    Client.accept_handshake = guarded_accept  # type: ignore[method-assign]  # same
    Client.is_guarded = True  # type: ignore[attr-defined]  # tests build the app many times


def _guarded(handler: Any) -> Any:
    if getattr(handler, "is_guarded", False):
        return handler

    async def guarded(sid: str, message: Any) -> None:
        client = Client.instances.get(message.get("client_id", "")) if _is_frame(message) else None
        if client is None or sid not in client._socket_to_document_id:  # noqa: SLF001  # self_test
            return
        if not bindings.may_send_event(sid):
            log.get(__name__).warning("socket_floods", sid=sid)
            await core.sio.disconnect(sid)
            return
        try:
            result = handler(sid, message)
            if inspect.isawaitable(result):
                await result
        except (KeyError, TypeError, ValueError) as error:
            log.get(__name__).warning("ill_formed_frame", error=type(error).__name__)

    guarded.is_guarded = True  # type: ignore[attr-defined]  # see install
    return guarded


def _is_frame(message: Any) -> bool:
    return isinstance(message, dict) and isinstance(message.get("client_id"), str)


async def _ignore(_sid: str, _message: Any) -> None:
    """Drop browser log frames: anybody could write lines into our log with them."""


def _refusal(scope: Scope, *, is_page: bool) -> Response:
    if is_page and scope["method"] in {"GET", "HEAD"}:
        target = URL(scope=scope)
        query = f"?{target.query}" if target.query else ""
        return RedirectResponse(
            str(URL(paths.SIGN_IN).include_query_params(next=target.path + query)), 303
        )
    return PlainTextResponse("Please sign in.", 401)


def _revocation_fetch(session_id: UUID) -> Fetch:
    async def fetch(bells: Sequence[Bell]) -> UUID | None:
        return session_id if bells else None

    return fetch


def _live(bound: set[UUID]) -> dict[UUID, Place]:
    with db.transaction() as session:
        return sessions.live_among(session, bound)


async def _close(client: Client) -> None:
    client.run_javascript("location.replace('/sign-in')")
    await asyncio.sleep(0.1)  # the outbox sends on its next turn
    sockets = list(client._socket_to_document_id)  # noqa: SLF001  # self_test knows it
    for task in client._delete_tasks.values():  # noqa: SLF001  # same
        task.cancel()
    if client.id in Client.instances:
        client.delete()
    for socket_id in sockets:
        bindings.forget_socket(socket_id)
        await core.sio.disconnect(socket_id)

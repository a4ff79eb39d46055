"""The gate inside NiceGUI: every page is bound, every frame of a socket is looked at first.

NiceGUI offers no hooks for this, so private names are held on to; `self_test` knows them all.
"""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

from nicegui import Client, core
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from socketio.exceptions import (  # type: ignore[import-untyped]  # it ships no types
    ConnectionRefusedError as Refused,
)

from app import log
from app.gate.bindings import bindings
from app.gate.requests import session_of_socket
from app.web import allowed_origins

HANDLERS = ("connect", "handshake", "event", "javascript_response", "ack", "log", "disconnect")
MAX_ARGS = 20
NO_FRAME = (KeyError, TypeError, ValueError)

Say = Callable[[Client], None]


class Frame(BaseModel):
    """What every frame of a page names: the page. The rest is its handler's."""

    model_config = ConfigDict(strict=True)

    client_id: str = Field(max_length=64)


class Event(Frame):
    """Something that happened to an element; each argument is a JSON text."""

    id: int
    listener_id: str = Field(max_length=64)
    args: list[str | None] = Field(default_factory=list, max_length=MAX_ARGS)


class JavascriptResponse(Frame):
    """What a script that we sent has found."""

    request_id: str = Field(max_length=64)


class Ack(Frame):
    """How far a page has read."""

    next_message_id: int


FRAMES: dict[str, type[Frame]] = {
    "event": Event,
    "javascript_response": JavascriptResponse,
    "ack": Ack,
}


def install(*, say_unavailable: Say) -> None:
    """Put the guards into NiceGUI. Call once per process, after `ui.run_with`.

    `say_unavailable` tells a person that a click had no effect, because nobody can be asked
    whether they still may.
    """
    self_test()
    if not getattr(Client, "is_guarded", False):
        _guard_client()
    core.sio.eio.cors_allowed_origins = list(allowed_origins())
    handlers = core.sio.handlers["/"]
    for name, frame in FRAMES.items():
        core.sio.on(name, _guarded(handlers[name], frame, say_unavailable))
    core.sio.on("connect", _connecting(handlers["connect"]))
    core.sio.on("handshake", _shaking(handlers["handshake"]))
    core.sio.on("disconnect", _leaving(handlers["disconnect"]))
    core.sio.on("log", _ignore)


def self_test() -> None:
    """Refuse to start on a NiceGUI whose private hooks are not the ones we know."""
    made = inspect.getsource(inspect.unwrap(Client.__init__))
    known = {
        "Client.__init__": _takes(Client.__init__, "page", "request"),
        "accept_handshake": _takes(Client.accept_handshake, "socket_id", "tab_id", "environ"),
        "delete": _takes(Client.delete),
        "on_delete": _takes(Client.on_delete, "handler"),
        "instances": isinstance(getattr(Client, "instances", None), dict),
        "_socket_to_document_id": "self._socket_to_document_id: dict[str, str] = {}" in made,
        "_delete_tasks": "self._delete_tasks: dict[str, asyncio.Task] = {}" in made,
        "environ": isinstance(getattr(core.sio, "environ", None), dict),
        "cors_allowed_origins": hasattr(core.sio.eio, "cors_allowed_origins"),
        "handlers": set(HANDLERS) <= set(core.sio.handlers.get("/", {})),
    }
    if missing := [name for name, is_there in known.items() if not is_there]:
        raise RuntimeError(f"NiceGUI has changed where the gate holds on to it: {missing}.")


def _takes(method: Callable[..., Any], *names: str) -> bool:
    return list(inspect.signature(method).parameters)[1:] == list(names)


def _guard_client() -> None:
    original_init, original_accept = Client.__init__, Client.accept_handshake

    @wraps(original_init)
    def guarded_init(self: Client, page: Any, *, request: Any = None) -> None:
        original_init(self, page, request=request)
        session = getattr(request.state, "session", None) if request is not None else None
        if session is not None:
            bindings.bind(self, session)

    @wraps(original_accept)
    def guarded_accept(
        self: Client, socket_id: str, tab_id: str, environ: dict[str, Any] | None
    ) -> bool:
        shown, owner = session_of_socket(environ), bindings.session_of(self.id)
        if environ is not None and (shown is None or shown != owner):
            return False
        return original_accept(self, socket_id, tab_id, environ)

    Client.__init__ = guarded_init  # type: ignore[method-assign]  # NiceGUI offers no hook
    Client.accept_handshake = guarded_accept  # type: ignore[method-assign]  # same
    Client.is_guarded = True  # type: ignore[attr-defined]  # tests build the app many times


def _guarded(handler: Any, frame: type[Frame], say_unavailable: Say) -> Any:
    """Let through what a live session's own page sends over its own socket, and not too much."""

    async def guarded(sid: str, message: Any = None) -> None:
        if not await _may_send(sid):
            return
        try:
            client_id = frame.model_validate(message).client_id
        except ValidationError:
            bindings.note_ill_formed(sid)
            return
        client = Client.instances.get(client_id)
        if client is None or sid not in client._socket_to_document_id:  # noqa: SLF001  # self_test
            return
        if not await bindings.is_live(client_id):
            if bindings.may_complain(client_id):
                say_unavailable(client)
            return
        try:
            handler(sid, message)
        except NO_FRAME:
            bindings.note_ill_formed(sid)

    return _marked(guarded, handler)


def _connecting(handler: Any) -> Any:
    async def connecting(sid: str, environ: Any, auth: Any = None) -> None:
        try:
            await handler(sid, environ, auth)
        except NO_FRAME as error:
            raise Refused("This is no page of ours.") from error

    return _marked(connecting, handler)


def _shaking(handler: Any) -> Any:
    async def shaking(sid: str, message: Any = None) -> bool:
        if not await _may_send(sid):
            return False
        try:
            return bool(await handler(sid, message))
        except NO_FRAME:
            bindings.note_ill_formed(sid)
            return False

    return _marked(shaking, handler)


def _leaving(handler: Any) -> Any:
    def leaving(sid: str, *_reason: Any) -> None:
        bindings.forget_socket(sid)
        handler(sid)

    return _marked(leaving, handler)


async def _may_send(sid: str) -> bool:
    if bindings.frames.take(sid):
        return True
    log.get(__name__).warning("socket_floods", sid=sid)
    await core.sio.disconnect(sid)
    return False


async def _ignore(sid: str, _message: Any = None) -> None:
    """Drop browser log frames: anybody could write lines into our log with them."""
    await _may_send(sid)


def _marked(guard: Any, handler: Any) -> Any:
    """Return the guard, or the handler if it is one: tests build the application many times."""
    if getattr(handler, "is_guarded", False):
        return handler
    guard.is_guarded = True
    return guard

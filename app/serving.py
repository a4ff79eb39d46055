"""How the application is served: the address, uvicorn behind the edge, the limits, the order."""

import errno
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from app import paths
from app.config import Settings
from app.edge import Edge
from app.errors import AppError
from app.limits import CALL, Limits, TimedProtocol
from app.problems import OperatorProblem
from app.process import settle_memory
from app.refusals import refuse
from app.web import allowed_hosts

GRACEFUL_S = 20
MAX_CONNECTIONS = 2_000
BACKLOG = 2048


class AddressUnusable(OperatorProblem):
    """The process cannot listen where HOST and PORT say; the message says what to change."""

    code = "address_unusable"


class PortInUse(AddressUnusable):
    """Another program listens there."""

    code = "port_in_use"

    def __init__(self, port: int) -> None:
        super().__init__(f"Port {port} is in use; set PORT to another.")


def bind(settings: Settings) -> list[socket.socket]:
    """Take HOST and PORT before anything is started; nobody is let in until `serve`.

    Raises:
        PortInUse, AddressUnusable: with what to change.
    """
    with _understood(settings):
        found = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        return [_bound(family, address) for family, _kind, _protocol, _name, address in found]


def serve(
    app: FastAPI,
    settings: Settings,
    sockets: Sequence[socket.socket],
    *,
    on_ready: Callable[[], None],
) -> None:
    """Serve until SIGTERM or Ctrl-C; requests under way get 20 seconds to finish.

    Raises:
        PortInUse: another process began to listen since `bind`.
    """
    for listener in sockets:
        with _understood(settings):
            listener.listen(BACKLOG)
    settle_memory()
    app.add_exception_handler(Exception, _fail)
    config = configuration(app, settings)
    for number in (signal.SIGINT, signal.SIGTERM):
        # Uvicorn raises a signal again after its shutdown; whoever called us goes on from here.
        signal.signal(number, lambda *_: None)
    Server(config, on_ready).run(sockets=list(sockets))


def configuration(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    """Return how uvicorn serves an application: behind the edge, within the limits."""
    limited = Limits(Heads(Shortcut(app)), refuse=refuse)
    return uvicorn.Config(
        Edge(limited, settings=settings, hosts=allowed_hosts(), refuse=refuse),
        loop="uvloop",
        http=TimedProtocol,
        ws_max_size=CALL,
        limit_concurrency=MAX_CONNECTIONS,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACEFUL_S,
        lifespan="on",
    )


def _bound(family: int, address: tuple[Any, ...]) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:  # the other family has a socket of its own
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    try:
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener


@contextmanager
def _understood(settings: Settings) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(settings.port) from error
        if error.errno == errno.EACCES:
            reason = f"Port {settings.port} is not for ordinary users; set PORT to another."
        else:
            reason = f"{settings.host} is no address of this machine; set HOST to another."
        raise AddressUnusable(reason) from error


class Heads:
    """Asks the routes for what a HEAD would get, which none of them then has to know.

    The server, which sees the request as it came, leaves the body out.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}
        await self._app(scope, receive, send)


class Shortcut:
    """Takes webhooks straight to their route: the layers before it cost as much as keeping a body.

    The routes stay the application's own; what they match here they would match there.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        routes = getattr(getattr(app, "router", None), "routes", [])
        self._router = Router(
            [one for one in routes if getattr(one, "path", "").startswith(paths.WEBHOOKS)],
            default=app,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_webhook = scope["type"] == "http" and scope["path"].startswith(paths.WEBHOOKS)
        if is_webhook and scope["method"] in {"GET", "POST"}:
            await self._router(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class Server(uvicorn.Server):
    """Says when it answers."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()


async def _fail(request: Request, _error: Exception) -> Response:
    """Answer what nobody expected; uvicorn logs it with its traceback."""
    return refuse(request.scope, AppError())

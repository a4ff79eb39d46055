"""The web process: the outer application, NiceGUI behind the gate, and uvicorn."""

import errno
import gc
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from nicegui import core, ui
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope

from app import gate, log
from app.api.intake import committer
from app.api.routes import add_routes, error_response
from app.components import theme
from app.components.shell import on_start, on_stop
from app.config import Settings
from app.edge import Edge
from app.errors import AppError
from app.hub import hub
from app.limits import CALL, Limits, TimedProtocol
from app.pages import public, root
from app.problems import OperatorProblem
from app.web import allowed_hosts, find_session

RECONNECT_S = 30.0
GRACEFUL_S = 20
MAX_CONNECTIONS = 2_000
PROGRAMS = ("/api/", "/sandbox/", "/_nicegui")
BACKLOG = 2048
STATIC = Path(__file__).parent / "static"


def build(settings: Settings, sandbox: ASGIApp | None) -> FastAPI:
    """Put the application together: fast routes first, NiceGUI last and behind the gate."""
    app = FastAPI(
        title=settings.app_name,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=_lifespan(sandbox),
    )
    add_routes(app)
    app.mount("/static", StaticFiles(directory=STATIC))
    app.router.add_route("/favicon.ico", _favicon, methods=["GET"])
    if sandbox is not None:
        app.mount("/sandbox", sandbox)
    app.include_router(public.router)
    theme.register_styles()
    root.register()
    on_start(hub.start)
    on_start(gate.bindings.start)
    on_stop(hub.stop)
    on_stop(gate.bindings.stop)
    ui.run_with(
        app,
        title=settings.app_name,
        favicon=STATIC / "favicon.svg",
        dark=None,
        language="en-US",
        tailwind=False,
        reconnect_timeout=RECONNECT_S,
        binding_refresh_interval=0.5,
        show_welcome_message=False,
    )
    app.router.routes[-1].app = gate.Gate(  # type: ignore[attr-defined]  # the mount of run_with
        core.app, page_prefixes=root.PREFIXES, not_found=_not_found
    )
    gate.install()
    return app


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
    gc.collect()
    gc.freeze()  # a full collection over NiceGUI's objects takes 67 ms: it was the slowest percent
    gc.set_threshold(50_000, 20, 50)
    config = configuration(app, settings)
    for number in (signal.SIGINT, signal.SIGTERM):
        # Uvicorn raises a signal again after its shutdown; whoever called us goes on from here.
        signal.signal(number, lambda *_: None)
    Server(config, on_ready).run(sockets=list(sockets))


def configuration(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    """Return how uvicorn serves an application: behind the edge, within the limits."""
    limited = Limits(app, refuse=_refuse)
    return uvicorn.Config(
        Edge(limited, settings=settings, hosts=allowed_hosts()),
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


class Server(uvicorn.Server):
    """Says when it answers."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()


async def viewer(request: Request) -> str | None:
    """Return the workspace of the person behind a request, for the sandbox's pages."""
    session = await find_session(request)
    return str(session.workspace_id) if session else None


def _lifespan(sandbox: Any) -> Any:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        if sandbox is not None:
            await sandbox.state.sandbox.start()
        log.get(__name__).info("web_started")
        yield
        await committer.close()
        if sandbox is not None:
            await sandbox.state.sandbox.stop()
        log.get(__name__).info("web_stopped")

    return lifespan


async def _favicon(_request: Request) -> FileResponse:
    return FileResponse(STATIC / "icon-192.png")


def _refuse(scope: Scope, error: AppError) -> Response:
    """Answer programs in JSON, and people with a page."""
    if scope["path"].startswith(PROGRAMS):
        return error_response(error)
    return public.refusal_page(error)


async def _not_found(_scope: Scope) -> Any:
    return public.not_found_page()

"""The web process's application: fast routes first, NiceGUI last and behind the gate."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from nicegui import Client, core, ui
from starlette.concurrency import run_in_threadpool
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from app import gate, log, paths
from app.api import rest
from app.api.intake import committer
from app.api.routes import add_catch_all, add_routes
from app.components import feedback, theme
from app.components.shell import on_start, on_stop
from app.config import Settings
from app.content_policy import ContentPolicy
from app.errors import Unavailable
from app.hub import hub
from app.pages import api_docs, public, root
from app.refusals import refuse
from app.theme_cookie import ThemeCookie
from app.web import find_session

RECONNECT_S = 30.0
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
    app.mount(paths.STATIC, StaticFiles(directory=STATIC))
    app.router.add_route(paths.FAVICON, _favicon, methods=["GET"])
    if sandbox is not None:
        app.mount(paths.SANDBOX, ContentPolicy(sandbox))
    app.include_router(public.router)
    app.include_router(api_docs.new_router(rest.document))
    add_catch_all(app)
    # The bar would watch every request of the page, and screen readers would meet it unnamed.
    core.app.config.quasar_config["loadingBar"]["skipHijack"] = True
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
        gzip_middleware_factory=None,  # the nonce is written before
    )
    app.router.routes[-1].app = gate.Gate(  # type: ignore[attr-defined]  # the mount of run_with
        ThemeCookie(GZipMiddleware(ContentPolicy(core.app, is_compiling=True))),
        bindings=gate.bindings,
        page_prefixes=root.PREFIXES,
        refuse=refuse,
    )
    gate.install(say_unavailable=_say_unavailable)
    return app


async def viewer(request: Request) -> str | None:
    """Return the workspace of the person behind a request, for the sandbox's pages."""
    session = await find_session(request)
    return str(session.workspace_id) if session else None


def _lifespan(sandbox: Any) -> Any:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        if sandbox is not None:
            await sandbox.state.sandbox.start()
        await run_in_threadpool(int)  # loads what the first request would wait for
        log.get(__name__).info("web_started")
        yield
        await committer.close()
        if sandbox is not None:
            await sandbox.state.sandbox.stop()
        log.get(__name__).info("web_stopped")

    return lifespan


async def _favicon(_request: Request) -> FileResponse:
    return FileResponse(STATIC / "icon-192.png")


def _say_unavailable(client: Client) -> None:
    with client:
        feedback.toast(Unavailable().explanation, kind="error")

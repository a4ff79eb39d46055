"""A stand-in for Meta's WhatsApp Cloud API: its own ASGI app, mounted at /sandbox.

It knows nothing of the product: signed webhooks go out over HTTP as Meta sends them, and the
product calls it as it calls Graph. State is one SQLite file in `DATA_DIR`. `app.state.sandbox`
has `await start()` and `await stop()` for the outer app's lifespan.
"""

import random

from fastapi import FastAPI, HTTPException
from fastapi.exceptions import RequestValidationError
from starlette.staticfiles import StaticFiles

from app.config import Settings
from app.sandbox import (
    control,
    graph,
    graph_accounts,
    graph_media,
    graph_numbers,
    graph_templates,
    graph_uploads,
    phone,
    phone_files,
    phone_kinds,
)
from app.sandbox.errors import GraphError
from app.sandbox.lifecycle import Timings
from app.sandbox.refusals import answer_invalid, answer_refusal
from app.sandbox.runtime import Sandbox, Viewer
from app.sandbox.store import FILE_NAME, PhoneTaken, SandboxNumber, Store

__all__ = ["FILE_NAME", "PhoneTaken", "SandboxNumber", "Store", "Timings", "create_sandbox"]

DEFAULT_TIMINGS = Timings()


def create_sandbox(
    settings: Settings,
    *,
    viewer: Viewer,
    timings: Timings = DEFAULT_TIMINGS,
    rng: random.Random | None = None,
) -> FastAPI:
    """Build the app; `viewer` returns the workspace id of the signed-in person or None."""
    app = FastAPI(title="Sandbox", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.sandbox = Sandbox(
        settings, viewer=viewer, timings=timings, rng=rng or random.SystemRandom()
    )
    app.include_router(control.router)
    app.include_router(phone.router)
    app.include_router(phone_files.router)
    app.include_router(phone_kinds.router)
    app.include_router(graph.router)
    app.include_router(graph_uploads.router)
    app.include_router(graph_numbers.router)
    app.include_router(graph_templates.router)
    app.include_router(graph_media.router)
    app.include_router(graph_accounts.router)
    app.add_exception_handler(GraphError, graph.answer_graph_error)
    app.add_exception_handler(HTTPException, answer_refusal)
    app.add_exception_handler(RequestValidationError, answer_invalid)
    app.mount("/static", StaticFiles(directory=phone.STATIC), name="static")
    return app

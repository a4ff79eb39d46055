"""The HTTP edge in process, over ASGI and within its limits; an empty database to itself."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from nicegui import core

from app.api.intake import committer
from app.api.routes import add_catch_all, add_routes, error_response
from app.limits import Limits
from app.serving import Shortcut


@pytest.fixture(autouse=True)
def _clean(database: None) -> None:
    """Empty everything before each test."""


@pytest.fixture
async def http(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the routes; background tasks run on this test's own loop."""
    monkeypatch.setattr(core, "loop", asyncio.get_running_loop())
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    add_routes(app)
    add_catch_all(app)
    limited = Limits(Shortcut(app), refuse=lambda _scope, error: error_response(error))
    transport = httpx.ASGITransport(limited)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        yield client
    await committer.close()

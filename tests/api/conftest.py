"""The HTTP edge in process, over ASGI and within its limits; an empty database to itself."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from nicegui import core

from app.api import rest
from app.api.intake import committer
from app.api.routes import add_catch_all, add_routes
from app.limits import Limits
from app.pages import api_docs, public
from app.refusals import refuse
from app.serving import Heads, Shortcut

BASE_URL = "http://127.0.0.1:8000"


@pytest.fixture(autouse=True)
def _clean(database: None) -> None:
    """Empty everything before each test."""


@pytest.fixture
async def http(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the routes; background tasks run on this test's own loop."""
    monkeypatch.setattr(core, "loop", asyncio.get_running_loop())
    async with httpx.AsyncClient(transport=_transport(), base_url=BASE_URL) as client:
        yield client
    await committer.close()


class Api:
    """The same for tests that set up and look up between requests, without a loop of their own."""

    def __init__(self) -> None:
        self._transport = _transport()

    def get(self, path: str, **request: Any) -> httpx.Response:
        return self.request("GET", path, **request)

    def post(self, path: str, **request: Any) -> httpx.Response:
        return self.request("POST", path, **request)

    def request(self, method: str, path: str, **request: Any) -> httpx.Response:
        return asyncio.run(self._request(method, path, **request))

    async def _request(self, method: str, path: str, **request: Any) -> httpx.Response:
        async with httpx.AsyncClient(transport=self._transport, base_url=BASE_URL) as client:
            return await client.request(method, path, **request)


@pytest.fixture
def api() -> Api:
    """The REST API, in process."""
    return Api()


def _transport() -> httpx.ASGITransport:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    add_routes(app)
    app.include_router(public.router)
    app.include_router(api_docs.new_router(rest.document))
    add_catch_all(app)
    return httpx.ASGITransport(Limits(Heads(Shortcut(app)), refuse=refuse))

"""The running sandbox: one object that the routes find at `app.state.sandbox`."""

import asyncio
import hmac
import random
from collections.abc import Awaitable, Callable
from typing import Annotated

import httpx
from fastapi import Depends, Request

from app.config import Settings
from app.sandbox.delivery import Delivery
from app.sandbox.lifecycle import Lifecycle, Timings
from app.sandbox.store import FILE_NAME, Store

PROVISIONING = "sandbox-provisioning"

Viewer = Callable[[Request], Awaitable[str | None]]


class Sandbox:
    """Store, delivery and settings; `await start()` and `await stop()` belong to the lifespan."""

    def __init__(
        self, settings: Settings, *, viewer: Viewer, timings: Timings, rng: random.Random
    ) -> None:
        self.settings = settings
        self.viewer = viewer
        self.timings = timings
        self.store = Store(settings.data_dir / FILE_NAME)
        self.lifecycle = Lifecycle(self.store, timings)
        self.delivery = Delivery(self.store, settings, timings, rng)
        self._client: httpx.AsyncClient | None = None
        self._provisioning = settings.derive(PROVISIONING)

    @property
    def client(self) -> httpx.AsyncClient:
        """The one client of all requests the sandbox makes; webhooks never take a proxy."""
        if self._client is None:
            self._client = httpx.AsyncClient(trust_env=False, timeout=self.timings.post_timeout_s)
        return self._client

    async def start(self) -> None:
        self.delivery.start(self.client)

    async def stop(self) -> None:
        """Stop delivering and let go of the file; what is queued goes out after the next start."""
        await self.delivery.stop()
        if self._client:
            await self._client.aclose()
            self._client = None
        await asyncio.to_thread(self.store.close)

    def is_provisioner(self, request: Request) -> bool:
        """Tell whether the request carries the bearer that only the product can derive."""
        return hmac.compare_digest(bearer_of(request).encode(), self._provisioning.encode())


def bearer_of(request: Request) -> str:
    """Return the token of a request; Graph's uploads call the scheme OAuth."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() in {"bearer", "oauth"} else ""


def _sandbox(request: Request) -> Sandbox:
    sandbox: Sandbox = request.app.state.sandbox
    return sandbox


CurrentSandbox = Annotated[Sandbox, Depends(_sandbox)]

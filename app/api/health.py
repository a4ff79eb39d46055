"""Is the process alive, and can it work?"""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from app import db, queue
from app.services import webhook_events

R = TypeVar("R")

PATIENCE_S = 2.0  # whoever asks waits a few seconds at most, also for a service that hangs


async def healthz(_request: Request) -> Response:
    """200 while the process answers."""
    return PlainTextResponse("OK")


async def readyz(_request: Request) -> Response:
    """200 when everything that is needed is there; 503 with what is not, within two seconds."""
    backlog, redis, worker = await asyncio.gather(
        _asked(_backlog_seconds), _asked(queue.is_reachable), _asked(queue.has_worker)
    )
    state = {
        "database": backlog is not None,
        "redis": bool(redis),
        "worker": bool(worker),
        "backlogSeconds": backlog,
    }
    is_ready = state["database"] and state["redis"] and state["worker"]
    return JSONResponse(state, 200 if is_ready else 503)


async def _asked(check: Callable[[], R]) -> R | None:
    """Return what a check says; None when it fails or takes too long."""
    try:
        return await asyncio.wait_for(asyncio.to_thread(check), PATIENCE_S)
    except Exception:  # noqa: BLE001  # whatever it is, the answer is: not ready
        return None


def _backlog_seconds() -> float:
    with db.transaction() as session:
        return round(webhook_events.backlog_seconds(session), 1)

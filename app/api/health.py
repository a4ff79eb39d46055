"""Is the process alive, and can it work?"""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from app import db, queue
from app.services import webhook_events


async def healthz(_request: Request) -> Response:
    """200 while the process answers."""
    return PlainTextResponse("OK")


async def readyz(_request: Request) -> Response:
    """200 when everything that is needed is there; 503 with what is not."""
    state = await asyncio.to_thread(_state)
    is_ready = state["database"] and state["redis"] and state["worker"]
    return JSONResponse(state, 200 if is_ready else 503)


def _state() -> dict[str, Any]:
    backlog: float | None = None
    try:
        with db.transaction() as session:
            backlog = round(webhook_events.backlog_seconds(session), 1)
    except Exception:  # noqa: BLE001  # whatever it is, the answer is: not ready
        backlog = None
    return {
        "database": backlog is not None,
        "redis": queue.is_reachable(),
        "worker": queue.has_worker(),
        "backlogSeconds": backlog,
    }

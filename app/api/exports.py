"""Files to keep: the workspace's diary as CSV."""

import asyncio
import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from app import db
from app.actor import Actor
from app.errors import NotAuthenticated, ValidationFailed
from app.i18n import gettext as _
from app.services import audit
from app.services.rate_limits import Limit
from app.web import count, find_session, refuse_foreign_page

T = TypeVar("T")

# Entries a query: the file is written as it is read, whatever its length.
ROWS = 1_000


async def audit_csv(request: Request) -> Response:
    """200 with the diary; 401 without a sign-in, 403 for roles that may not read it.

    The query takes what the page filters by: `action`, `userId`, `since` and `until` (times with
    a zone); 422 where one of them cannot be read.
    """
    refuse_foreign_page(request)  # taking it is written down, and counted
    session = await find_session(request)
    if session is None:
        raise NotAuthenticated
    filters = _filters(request)
    await count(request, (Limit.EXPORT_ACCOUNT, str(session.user_id)))
    await asyncio.to_thread(_begin, session.actor)
    return StreamingResponse(
        _lines(session.actor, filters),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": 'attachment; filename="activity.csv"',
            "Cache-Control": "no-store",
        },
    )


def _filters(request: Request) -> dict[str, Any]:
    return {
        "action": _read(request, "action", str),
        "user_id": _read(request, "userId", UUID),
        "since": _read(request, "since", _moment),
        "until": _read(request, "until", _moment),
    }


def _read(request: Request, name: str, kind: Callable[[str], T]) -> T | None:
    text = request.query_params.get(name)
    try:
        return kind(text) if text else None
    except ValueError:
        raise ValidationFailed({name: _("This cannot be read.")}) from None


def _moment(text: str) -> dt.datetime:
    moment = dt.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment


def _begin(actor: Actor) -> None:
    with db.transaction(actor.workspace_id) as session:
        audit.begin_export(session, actor)


def _lines(actor: Actor, filters: dict[str, Any]) -> Iterator[bytes]:
    yield audit.csv_head().encode("utf-8-sig")  # the mark by which spreadsheets know the encoding
    cursor: str | None = None
    while True:
        with db.transaction(actor.workspace_id) as session:
            page = audit.list_entries(session, actor, cursor=cursor, limit=ROWS, **filters)
        yield audit.csv_lines(page.items).encode()
        cursor = page.next_cursor
        if cursor is None:
            return

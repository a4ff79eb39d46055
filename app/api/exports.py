"""Files to keep: the workspace's diary as CSV."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from app import db
from app.actor import Actor
from app.errors import NotAuthenticated
from app.services import audit
from app.services.rate_limits import Limit
from app.web import count, find_session


async def audit_csv(request: Request) -> Response:
    """200 with the diary; 401 without a sign-in, 403 for roles that may not read it."""
    session = await find_session(request)
    if session is None:
        raise NotAuthenticated
    await count(request, (Limit.EXPORT_ACCOUNT, str(session.user_id)))
    text = await asyncio.to_thread(_export, session.actor)
    return Response(
        text.encode("utf-8-sig"),  # the mark by which spreadsheets know the encoding
        media_type="text/csv",
        headers={
            "Content-Disposition": 'attachment; filename="activity.csv"',
            "Cache-Control": "no-store",
        },
    )


def _export(actor: Actor) -> str:
    with db.transaction(actor.workspace_id) as session:
        return audit.export_csv(session, actor)

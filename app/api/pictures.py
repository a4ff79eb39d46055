"""Faces and logos, for people who may see them."""

import asyncio
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from app import db
from app.actor import Actor
from app.errors import NotAuthenticated, NotFound
from app.ids import parse_id
from app.services import drawing, pictures
from app.web import find_session

HEADERS = {
    # An address is one picture for ever: another picture has another address.
    "Cache-Control": "private, max-age=31536000, immutable",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Content-Disposition": "inline",
}


async def show(request: Request) -> Response:
    """200 with the picture; 401 without a sign-in, 404 for what is not the person's to see."""
    session = await find_session(request)
    if session is None:
        raise NotAuthenticated
    picture_id = parse_id(request.path_params["picture"])
    if picture_id is None:
        raise NotFound
    data = await asyncio.to_thread(_read, session.actor, picture_id)
    return Response(data, media_type=drawing.CONTENT_TYPE, headers=HEADERS)


def _read(actor: Actor, picture_id: UUID) -> bytes:
    with db.transaction(actor.workspace_id) as session:
        return pictures.get(session, actor, picture_id)

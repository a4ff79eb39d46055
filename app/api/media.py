"""Files of messages, for the sign-in that their link was made for."""

import asyncio
import re
from urllib.parse import quote
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from app import db
from app.actor import Actor
from app.errors import NotAuthenticated, NotFound
from app.ids import parse_id
from app.services.media import files, links
from app.services.media.files import Readable
from app.services.storage import Missing, Stored, storage
from app.web import find_session

RANGE = re.compile(r"bytes=(\d{1,12})?-(\d{1,12})?")
HEADERS = {
    "Accept-Ranges": "bytes",
    "Cache-Control": "private, max-age=600",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


async def show(request: Request) -> Response:
    """200, or 206 for a stretch; 401 without a sign-in; 404 for what is not the person's to see.

    `?small` asks for the small picture. A link that is over, or somebody else's, is a 404, too.
    """
    session = await find_session(request)
    if session is None or session.actor.session_id is None:
        raise NotAuthenticated
    file_id = parse_id(request.path_params["file"])
    query = request.query_params
    until, key = query.get("until", ""), query.get("key", "")
    if file_id is None or not links.is_good(session.actor.session_id, file_id, until, key):
        raise NotFound
    found = await asyncio.to_thread(_find, session.actor, file_id, is_small="small" in query)
    return await serve(request, found)


async def serve(request: Request, found: Readable) -> Response:
    """Answer with a file, or with the stretch of it that is asked for."""
    try:
        whole = await asyncio.to_thread(storage().open, found.key)
    except Missing as error:
        raise NotFound from error
    headers = {**HEADERS, "Content-Disposition": _disposition(found)}
    stretch = _stretch(request.headers.get("range", ""), whole.size)
    if stretch is None:
        return _answer(whole, found, 200, {**headers, "Content-Length": str(whole.size)})
    start, length = stretch
    if length <= 0:
        unmet = {**headers, "Content-Range": f"bytes */{whole.size}"}
        return Response(status_code=416, headers=unmet)
    part = await asyncio.to_thread(storage().open, found.key, start=start, length=length)
    headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{whole.size}"
    return _answer(part, found, 206, {**headers, "Content-Length": str(length)})


def _answer(stored: Stored, found: Readable, status: int, headers: dict[str, str]) -> Response:
    return StreamingResponse(
        stored.chunks, status_code=status, headers=headers, media_type=found.content_type
    )


def _stretch(asked: str, size: int) -> tuple[int, int] | None:
    """Read a Range header of one stretch; None where the whole file is meant."""
    found = RANGE.fullmatch(asked.strip())
    if found is None or (found[1] is None and found[2] is None):
        return None
    if found[1] is None:  # the last so many bytes
        length = min(int(found[2]), size)
        return size - length, length
    start = int(found[1])
    end = min(int(found[2]), size - 1) if found[2] is not None else size - 1
    return start, end - start + 1


def _disposition(found: Readable) -> str:
    kind = "inline" if found.is_inline else "attachment"
    if not found.filename:
        return kind
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", found.filename)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(found.filename, safe='')}"


def _find(actor: Actor, file_id: UUID, *, is_small: bool) -> Readable:
    with db.transaction(actor.workspace_id) as session:
        return files.readable(session, actor, file_id, is_small=is_small)

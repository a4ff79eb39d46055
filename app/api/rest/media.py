"""Files: bringing one to send, reading one that came."""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import Form, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from app import db, paths
from app.actor import Actor, Permission
from app.api.media import serve
from app.api.rest.operation import CurrentCall, UploadCall, asking, new_router, operation, reading
from app.api.rest.shapes import Answer
from app.errors import NotFound
from app.ids import parse_id
from app.services.media import files, uploads
from app.services.media.files import Readable
from app.services.media.uploads import FileView

router = new_router("Media")


class File(Answer):
    """A file of the workspace; `type` is as what it goes out best, `url` where its bytes are."""

    id: UUID
    type: str
    state: str
    content_type: str | None
    filename: str | None
    size_bytes: int | None
    sha256: str | None
    width: int | None
    height: int | None
    url: str


class OneFile(Answer):
    """One file."""

    media: File


@router.post("/media", status_code=201)
@asking(Permission.MESSAGE_SEND)
def upload_file(
    call: UploadCall,
    file: UploadFile,
    voice: Annotated[bool, Form()] = False,  # noqa: FBT002  # a field of the form
) -> OneFile:
    """Keep a file to send: at most 100 MB, and what its name says.

    With `voice` a recording of any kind becomes a voice message: OGG with Opus.
    """
    brought = uploads.bring(
        call.actor,
        file.file,
        filename=file.filename or "",
        declared=file.content_type or "",
        is_voice=voice,
    )
    return _one(brought)


@router.get("/media/{id}")
@operation(Permission.CONVERSATION_READ)
def get_file(call: CurrentCall, id: UUID) -> OneFile:  # noqa: A002  # as documented
    """Return what is known of a file, and where its bytes are."""
    return _one(uploads.get(call.session, call.actor, id))


@router.get("/media/{id}/content", response_class=Response)
@reading(Permission.CONVERSATION_READ)
async def read_file(request: Request, id: str) -> Response:  # noqa: A002  # as documented
    """Return a file, or the stretch of it that a Range header asks for."""
    file_id = parse_id(id)
    if file_id is None:
        raise NotFound
    found = await asyncio.to_thread(_find, request.state.actor, file_id)
    return await serve(request, found)


def _find(actor: Actor, file_id: UUID) -> Readable:
    with db.transaction(actor.workspace_id) as session:
        return files.readable(session, actor, file_id)


def _one(found: FileView) -> OneFile:
    return OneFile(
        media=File(
            id=found.id,
            type=found.kind.value,
            state=found.state.value,
            content_type=found.content_type,
            filename=found.filename,
            size_bytes=found.size_bytes,
            sha256=found.sha256,
            width=found.width,
            height=found.height,
            url=f"{paths.API}media/{found.id}/content",
        )
    )

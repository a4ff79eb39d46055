"""Graph's files: uploaded for a number, asked for by id, fetched by a link with the bearer."""

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from app.sandbox.errors import GraphError, unknown_object
from app.sandbox.graph import Waba
from app.sandbox.media import SandboxFile
from app.sandbox.runtime import CurrentSandbox, Sandbox, bearer_of

MB = 1024 * 1024
# Meta's media reference: what is taken, and how large it may be.
LIMITS = {
    "image/jpeg": 5 * MB,
    "image/png": 5 * MB,
    "image/webp": 500 * 1024,
    "audio/aac": 16 * MB,
    "audio/amr": 16 * MB,
    "audio/mpeg": 16 * MB,
    "audio/mp4": 16 * MB,
    "audio/ogg": 16 * MB,
    "video/mp4": 16 * MB,
    "video/3gpp": 16 * MB,
    "text/plain": 100 * MB,
    "application/pdf": 100 * MB,
    "application/msword": 100 * MB,
    "application/vnd.ms-excel": 100 * MB,
    "application/vnd.ms-powerpoint": 100 * MB,
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": 100 * MB,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": 100 * MB,
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": 100 * MB,
}

router = APIRouter()


@router.post("/graph/{version}/{object_id}/media")
async def upload(
    request: Request, object_id: str, waba_id: Waba, sandbox: CurrentSandbox
) -> dict[str, str]:
    """Take a file in for a number."""
    number = await asyncio.to_thread(sandbox.store.find_number, object_id)
    if number is None or number.waba_id != waba_id:
        raise unknown_object("POST", object_id)
    async with request.form(max_files=1, max_fields=5) as form:
        file = form.get("file")
        if form.get("messaging_product") != "whatsapp":
            raise _invalid("(#100) The parameter messaging_product is required.")
        if not isinstance(file, UploadFile):
            raise _invalid("(#100) The parameter file is required.")
        declared = form.get("type")
        said = (declared if isinstance(declared, str) else "") or file.content_type or ""
        content_type = said.partition(";")[0].strip().lower()
        data = await file.read()
        name = file.filename or ""
    if content_type not in LIMITS:
        raise _invalid(
            "(#100) Param file must be a file with one of the following types: "
            f"{', '.join(LIMITS)}. Received file of type '{content_type}'."
        )
    if len(data) > LIMITS[content_type]:
        raise _invalid("(#100) Media upload error: the file is too large.")
    put = sandbox.store.media.put
    kept = await asyncio.to_thread(put, object_id, content_type, name, data)
    return {"id": kept.id}


async def describe(
    request: Request, sandbox: Sandbox, waba_id: str, media_id: str
) -> dict[str, Any] | None:
    """Return a file of the account with a link to it; None when there is none."""
    file = await _own(sandbox, waba_id, media_id)
    if file is None:
        return None
    token = await asyncio.to_thread(sandbox.store.media.link, media_id)
    here = f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}"
    return {
        "url": f"{here}/media/{token}",
        "mime_type": file.content_type,
        "sha256": file.sha256,
        "file_size": file.size,
        "id": file.id,
        "messaging_product": "whatsapp",
    }


@router.delete("/graph/{version}/{object_id}")
async def delete(object_id: str, waba_id: Waba, sandbox: CurrentSandbox) -> dict[str, bool]:
    """Forget a file."""
    if await _own(sandbox, waba_id, object_id) is None:
        raise unknown_object("DELETE", object_id)
    await asyncio.to_thread(sandbox.store.media.delete, object_id)
    return {"success": True}


@router.get("/media/{token}")
async def fetch(token: str, request: Request, sandbox: CurrentSandbox) -> Response:
    """Bring a file: 401 without a token of its account, 404 once the link is over."""
    known = await asyncio.to_thread(sandbox.store.find_waba_by_token, bearer_of(request))
    if known is None or known[1]:
        return Response(status_code=401)
    file = await asyncio.to_thread(sandbox.store.media.follow, token)
    if file is None or await _own(sandbox, known[0], file.id) is None:
        return Response(status_code=404)
    data = await asyncio.to_thread(sandbox.store.media.read, file.id)
    return Response(data, media_type=file.content_type)


async def _own(sandbox: Sandbox, waba_id: str, media_id: str) -> SandboxFile | None:
    file = await asyncio.to_thread(sandbox.store.media.find, media_id)
    if file is None:
        return None
    number = await asyncio.to_thread(sandbox.store.find_number, file.meta_phone_number_id)
    return file if number is not None and number.waba_id == waba_id else None


def _invalid(message: str) -> GraphError:
    return GraphError(100, message)

"""Graph's resumable upload: a session is opened for an app, bytes are put in, a handle comes out.

A handle shows Meta's reviewers what a template's header will hold; nothing is sent by it.
"""

import asyncio
import base64
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ValidationError

from app.sandbox.errors import GraphError, unknown_object
from app.sandbox.graph import Waba
from app.sandbox.graph_media import MB
from app.sandbox.runtime import CurrentSandbox, Sandbox

# Meta's reference of the API, and its overview of template headers.
LIMITS = {
    "image/jpeg": 5 * MB,
    "image/png": 5 * MB,
    "video/mp4": 16 * MB,
    "application/pdf": 100 * MB,
}
PREFIX = "4::"

router = APIRouter(prefix="/graph/{version}")


class Announced(BaseModel):
    """What is going to be put in."""

    file_length: int
    file_type: str
    file_name: str = "file"


class Session(Announced):
    """The same for an account; its token is this in JSON."""

    waba_id: str


@router.post("/upload:{token}")
async def put_bytes(
    request: Request, token: str, waba_id: Waba, sandbox: CurrentSandbox
) -> dict[str, str]:
    """Take the file of a session in, whole."""
    asked = _read(token)
    if asked is None or asked.waba_id != waba_id:
        raise unknown_object("POST", f"upload:{token}")
    data = await request.body()
    if request.headers.get("file_offset") != "0" or len(data) != asked.file_length:
        raise GraphError(100, "Invalid parameter", details="The file is not whole.")
    number = (await asyncio.to_thread(sandbox.store.list_numbers, waba_id=waba_id))[0]
    put = sandbox.store.media.put
    kept = await asyncio.to_thread(
        put, number.meta_phone_number_id, asked.file_type, asked.file_name, data
    )
    return {"h": PREFIX + base64.urlsafe_b64encode(kept.id.encode()).decode()}


@router.post("/{object_id}/uploads")
async def open_session(
    object_id: str, waba_id: Waba, sandbox: CurrentSandbox, file: Annotated[Announced, Query()]
) -> dict[str, str]:
    """Open a session for a file of the app that the token belongs to."""
    number = (await asyncio.to_thread(sandbox.store.list_numbers, waba_id=waba_id))[0]
    if object_id != number.app_id:
        raise unknown_object("POST", object_id)
    if not 0 < file.file_length <= LIMITS.get(file.file_type, 0):
        details = f"{file.file_type} of {file.file_length} bytes."
        raise GraphError(100, "Invalid parameter", details=details)
    asked = Session(**file.model_dump(), waba_id=waba_id)
    token = base64.urlsafe_b64encode(asked.model_dump_json().encode()).decode()
    return {"id": f"upload:{token}"}


def find(sandbox: Sandbox, waba_id: str, handle: str) -> str | None:
    """Return the content type of the file behind a handle of this account."""
    try:
        media_id = base64.urlsafe_b64decode(handle.removeprefix(PREFIX)).decode()
    except ValueError:
        return None
    file = sandbox.store.media.find(media_id) if handle.startswith(PREFIX) else None
    own = {one.meta_phone_number_id for one in sandbox.store.list_numbers(waba_id=waba_id)}
    return file.content_type if file and file.meta_phone_number_id in own else None


def _read(token: str) -> Session | None:
    try:
        return Session.model_validate_json(base64.urlsafe_b64decode(token))
    except (ValueError, ValidationError):
        return None

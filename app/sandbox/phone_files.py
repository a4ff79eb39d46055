"""Files on the customer's phone: sent to the business, and those that came from it."""

import asyncio
import base64
from functools import partial
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response
from starlette.datastructures import FormData, UploadFile

from app.i18n import gettext as _
from app.sandbox.access import ChangingWorkspace, ViewingWorkspace
from app.sandbox.bubbles import message_json
from app.sandbox.chats import find_chat
from app.sandbox.media import SandboxFile
from app.sandbox.outgoing import CAPTION_LIMIT, CAPTIONED
from app.sandbox.runtime import CurrentSandbox

KINDS = ("image", "video", "audio", "document", "sticker")
MAX_BYTES = 16 * 1024 * 1024
SHOWN = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})

router = APIRouter()


@router.post("/phone/files", status_code=201)
async def send_file(
    request: Request, workspace: ChangingWorkspace, sandbox: CurrentSandbox
) -> dict[str, Any]:
    """Let the customer send a file: `number`, `customer`, `kind`, `file`, `caption`, `voice`."""
    async with request.form(max_files=1, max_fields=6) as form:
        number, customer = _text(form, "number"), _text(form, "customer")
        kind, caption = _text(form, "kind") or "document", _text(form, "caption")
        is_voice = _text(form, "voice") == "true"
        file = form.get("file")
        if not isinstance(file, UploadFile) or kind not in KINDS or len(caption) > CAPTION_LIMIT:
            raise HTTPException(422, _("Choose a file first."))
        data = await file.read()
        name, content_type = file.filename or "", file.content_type or "application/octet-stream"
    chat = await asyncio.to_thread(
        find_chat, sandbox.store, workspace, number, int(customer) if customer.isdecimal() else -1
    )
    if chat is None:
        raise HTTPException(404, _("There is no such chat."))
    if not data or len(data) > MAX_BYTES:
        raise HTTPException(422, _("A file has at least one byte and at most 16 MB."))
    put = partial(sandbox.store.media.put, chat.number.meta_phone_number_id)
    kept = await asyncio.to_thread(put, content_type, name, data)
    content = _content(kept, kind, caption, is_voice=is_voice)
    say = partial(sandbox.lifecycle.bring, chat.number, chat.customer, kind, content)
    message = await asyncio.to_thread(say)
    sandbox.delivery.wake()
    return {"message": message_json(message)}


@router.get("/phone/files/{media_id}")
async def show_file(
    media_id: str, workspace: ViewingWorkspace, sandbox: CurrentSandbox
) -> Response:
    """Show a picture in the chat; anything else is for saving."""
    file = await asyncio.to_thread(sandbox.store.media.find, media_id)
    numbers = await asyncio.to_thread(sandbox.store.list_workspace_numbers, workspace)
    own = {one.meta_phone_number_id for one in numbers}
    if file is None or file.meta_phone_number_id not in own:
        raise HTTPException(404, _("There is no such file."))
    data = await asyncio.to_thread(sandbox.store.media.read, media_id)
    is_shown = file.content_type in SHOWN
    return Response(
        data,
        media_type=file.content_type if is_shown else "application/octet-stream",
        headers={
            "Content-Disposition": "inline" if is_shown else "attachment",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, max-age=3600",
        },
    )


def _content(file: SandboxFile, kind: str, caption: str, *, is_voice: bool) -> dict[str, Any]:
    """Return Meta's member of a message with a file; its hash is base64 there."""
    content: dict[str, Any] = {
        "mime_type": file.content_type,
        "sha256": base64.b64encode(bytes.fromhex(file.sha256)).decode(),
        "id": file.id,
    }
    if caption and kind in CAPTIONED:
        content["caption"] = caption
    if kind == "document":
        content["filename"] = file.filename
    if kind == "audio":
        content["voice"] = is_voice
    if kind == "sticker":
        content["animated"] = False
    return content


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""

"""Graph's messages endpoint, and what all Graph routes share: the bearer and the error body.

Order of the checks: token (401), object (100/33), the failure that the control page asked for,
the body. Accounts, numbers and subscriptions are in `graph_accounts.py`.
"""

import asyncio
import json
import math
import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from app.sandbox import outgoing
from app.sandbox.behaviours import Scope
from app.sandbox.errors import GraphError, bad_token, expired_token, refusal, unknown_object
from app.sandbox.runtime import CurrentSandbox, Sandbox, bearer_of
from app.sandbox.store import SandboxNumber

TIMEOUT, LOST = "timeout", "lost"  # the message is accepted, and the sender does not learn it
VERSION = re.compile(r"v\d{1,3}\.\d{1,2}")
DISCONNECT_CHECK_S = 0.25

router = APIRouter(prefix="/graph/{version}")


async def authenticated_waba(version: str, request: Request, sandbox: CurrentSandbox) -> str:
    """Return the account of the bearer; raises the 401 of Graph."""
    if not VERSION.fullmatch(version):
        raise GraphError(2500, f"Unknown path components: /{version}")
    token = bearer_of(request) or request.query_params.get("access_token", "")
    found = await asyncio.to_thread(sandbox.store.find_waba_by_token, token)
    if found is None:
        raise bad_token()
    waba_id, is_expired = found
    if is_expired:
        raise expired_token()
    return waba_id


Waba = Annotated[str, Depends(authenticated_waba)]


async def read_json(request: Request) -> Any:
    """Read a body; Graph takes an absent one as an empty object."""
    raw = await request.body()
    try:
        return json.loads(raw) if raw.strip() else {}
    except ValueError:
        raise GraphError(100, "(#100) Invalid parameter", details="Invalid JSON.") from None


@router.post("/{object_id}/messages")
async def send_message(
    request: Request, object_id: str, waba_id: Waba, sandbox: CurrentSandbox
) -> Response:
    """Accept or refuse a message, or mark one as read."""
    number = await asyncio.to_thread(sandbox.store.find_number, object_id)
    if number is None or number.waba_id != waba_id:
        raise unknown_object("POST", object_id)
    if not number.is_registered:
        raise GraphError(133010)
    body = await read_json(request)
    if isinstance(body, dict) and "status" in body:
        mark = outgoing.parse(body)
        assert isinstance(mark, outgoing.ReadMark)  # noqa: S101  # it has a status
        await asyncio.to_thread(sandbox.lifecycle.mark_read, number, mark)
        return JSONResponse({"success": True})
    return await _send(request, sandbox, number, body)


async def _send(request: Request, sandbox: Sandbox, number: SandboxNumber, body: Any) -> Response:
    scope = Scope(workspace=number.workspace, meta_phone_number_id=number.meta_phone_number_id)
    failure = await asyncio.to_thread(sandbox.store.behaviours.take_failure, scope)
    if failure and failure not in {TIMEOUT, LOST}:
        raise refusal(failure)
    parsed = outgoing.parse(body)
    assert isinstance(parsed, outgoing.Outgoing)  # noqa: S101  # it has no status
    message, customer = await asyncio.to_thread(sandbox.lifecycle.send, number, parsed)
    sandbox.delivery.wake()
    if failure == TIMEOUT:
        await _hold(request, sandbox.timings.hold_s)
    if failure == LOST:
        return Response(status_code=502)
    contact = {"input": parsed.to}
    if parsed.wa_id or not customer.hides_phone:
        contact["wa_id"] = customer.wa_id
    if parsed.user_id:
        contact["user_id"] = customer.user_id
    return JSONResponse(
        {
            "messaging_product": "whatsapp",
            "contacts": [contact],
            "messages": [{"id": message.wamid}],
        }
    )


async def _hold(request: Request, seconds: float) -> None:
    """Wait, but no longer than the client does."""
    for _ in range(math.ceil(seconds / DISCONNECT_CHECK_S)):
        if await request.is_disconnected():
            return
        await asyncio.sleep(DISCONNECT_CHECK_S)


async def answer_graph_error(_: Request, error: Exception) -> JSONResponse:
    """Turn a `GraphError` into Meta's answer."""
    assert isinstance(error, GraphError)  # noqa: S101  # registered for it
    headers = {"WWW-Authenticate": 'OAuth "Facebook Platform"'} if error.status == 401 else None  # noqa: PLR2004
    return JSONResponse(error.body(), status_code=error.status, headers=headers)

"""Graph's reading side: numbers, accounts, webhook subscriptions, the token inspector."""

import asyncio
import secrets
from typing import Any
from urllib.parse import urlsplit

import httpx
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from app.sandbox import graph_media
from app.sandbox.callbacks import to_stored
from app.sandbox.errors import GraphError, bad_token, unknown_object
from app.sandbox.fields import pick_account, pick_number, subscription
from app.sandbox.graph import Waba, read_json
from app.sandbox.runtime import CurrentSandbox

SCOPES = ("whatsapp_business_management", "whatsapp_business_messaging")

router = APIRouter(prefix="/graph/{version}")


@router.get("/debug_token")
async def debug_token(
    waba_id: Waba, sandbox: CurrentSandbox, input_token: str = ""
) -> dict[str, Any]:
    """Tell what a token may do; here every token is one account's, and lasts."""
    target = await asyncio.to_thread(sandbox.store.find_waba_by_token, input_token)
    if target is None:
        return {"data": {"is_valid": False, "scopes": []}}
    if target[0] != waba_id:
        raise bad_token()
    number = (await asyncio.to_thread(sandbox.store.list_numbers, waba_id=waba_id))[0]
    return {
        "data": {
            "app_id": number.app_id,
            "type": "SYSTEM_USER",
            "is_valid": True,
            "expires_at": 0,
            "scopes": list(SCOPES),
            "granular_scopes": [{"scope": name, "target_ids": [waba_id]} for name in SCOPES],
        }
    }


@router.get("/{object_id}")
async def get_object(
    request: Request, object_id: str, waba_id: Waba, sandbox: CurrentSandbox, fields: str = ""
) -> dict[str, Any]:
    """Return a number or the account, with the fields asked for; or a file, with a link to it."""
    numbers = await asyncio.to_thread(sandbox.store.list_numbers, waba_id=waba_id)
    if object_id == waba_id:
        return pick_account(numbers[0], fields, sandbox.settings)
    for number in numbers:
        if number.meta_phone_number_id == object_id:
            return pick_number(number, fields, sandbox.settings)
    file = await graph_media.describe(request, sandbox, waba_id, object_id)
    if file is not None:
        return file
    raise unknown_object("GET", object_id)


@router.get("/{object_id}/phone_numbers")
async def list_phone_numbers(
    object_id: str, waba_id: Waba, sandbox: CurrentSandbox, fields: str = ""
) -> dict[str, Any]:
    _require_own(object_id, waba_id, "GET")
    numbers = await asyncio.to_thread(sandbox.store.list_numbers, waba_id=waba_id)
    data = [pick_number(number, fields, sandbox.settings) for number in numbers]
    return {"data": data, "paging": {"cursors": {"before": "MAZDZD", "after": "MAZDZD"}}}


@router.get("/{object_id}/subscribed_apps")
async def list_subscribed_apps(
    object_id: str, waba_id: Waba, sandbox: CurrentSandbox
) -> dict[str, Any]:
    _require_own(object_id, waba_id, "GET")
    number = (await asyncio.to_thread(sandbox.store.list_numbers, waba_id=waba_id))[0]
    return {"data": [subscription(number, sandbox.settings)] if number.is_subscribed else []}


@router.post("/{object_id}/subscribed_apps")
async def subscribe_app(
    request: Request, object_id: str, waba_id: Waba, sandbox: CurrentSandbox
) -> dict[str, Any]:
    """Subscribe; an address of one's own is verified before it is stored."""
    _require_own(object_id, waba_id, "POST")
    body = await read_json(request)
    wishes = {**request.query_params, **(body if isinstance(body, dict) else {})}
    number = (await asyncio.to_thread(sandbox.store.list_numbers, waba_id=waba_id))[0]
    url = wishes.get("override_callback_uri")
    if not url:
        await asyncio.to_thread(sandbox.store.set_callback, waba_id, number.callback)
        return {"success": True}
    if not wishes.get("verify_token"):
        raise GraphError(100, "(#100) The parameter verify_token is required.")
    await _verify(sandbox.client, str(url), str(wishes["verify_token"]))
    stored = to_stored(str(url), sandbox.settings)
    await asyncio.to_thread(sandbox.store.set_callback, waba_id, stored)
    sandbox.delivery.wake()
    number = (await asyncio.to_thread(sandbox.store.list_numbers, waba_id=waba_id))[0]
    return {"success": True, "data": [subscription(number, sandbox.settings)]}


@router.delete("/{object_id}/subscribed_apps")
async def unsubscribe_app(
    object_id: str, waba_id: Waba, sandbox: CurrentSandbox
) -> dict[str, bool]:
    _require_own(object_id, waba_id, "DELETE")
    await asyncio.to_thread(sandbox.store.unsubscribe, waba_id)
    return {"success": True}


@router.api_route("/{path:path}", methods=["GET", "POST", "DELETE"])
async def unknown_path(path: str, _: Waba) -> JSONResponse:
    raise GraphError(2500, f"Unknown path components: /{path}")


async def _verify(client: httpx.AsyncClient, url: str, verify_token: str) -> None:
    """Do Meta's verification request; raises its error 2200 when it is not answered right."""
    if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
        raise GraphError(100, "(#100) Invalid parameter", details="Invalid callback URI.")
    challenge = str(secrets.randbelow(10**10))
    query = {
        "hub.mode": "subscribe",
        "hub.challenge": challenge,
        "hub.verify_token": verify_token,
    }
    try:
        answer = await client.get(httpx.URL(url).copy_merge_params(query))
    except (httpx.HTTPError, httpx.InvalidURL):
        raise _not_verified("The request to the callback URL failed.") from None
    if answer.status_code != httpx.codes.OK:
        raise _not_verified(
            f"HTTP Status Code = {answer.status_code}; HTTP Message = {answer.reason_phrase}"
        )
    if answer.text.strip() != challenge:
        raise _not_verified("The response does not match challenge.")


def _not_verified(reason: str) -> GraphError:
    return GraphError(
        2200, f"(#2200) Callback verification failed with the following errors: {reason}"
    )


def _require_own(object_id: str, waba_id: str, method: str) -> None:
    if object_id != waba_id:
        raise unknown_object(method, object_id)

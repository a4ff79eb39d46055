"""Graph's way to a new number: add it, ask for a code, show the code, register, deregister."""

import asyncio
import re
from typing import Any

from fastapi import APIRouter, Request

from app.sandbox.errors import GraphError, unknown_object
from app.sandbox.graph import Waba, read_json
from app.sandbox.runtime import CurrentSandbox, Sandbox
from app.sandbox.store import SandboxNumber

COUNTRY, NATIONAL = re.compile(r"[0-9]{1,3}"), re.compile(r"[0-9]{4,14}")
SIX_DIGITS = re.compile(r"[0-9]{6}")
LANGUAGE = re.compile(r"[a-z]{2}_[A-Z]{2}")
NAME = range(2, 76)
METHODS = ("SMS", "VOICE")

router = APIRouter(prefix="/graph/{version}")


@router.post("/{object_id}/phone_numbers")
async def add_number(
    request: Request, object_id: str, waba_id: Waba, sandbox: CurrentSandbox
) -> dict[str, str]:
    """Add a number to the account; it can do nothing yet."""
    if object_id != waba_id:
        raise unknown_object("POST", object_id)
    body = await _body(request)
    country, national = body.get("cc", ""), body.get("phone_number", "")
    name = body.get("verified_name", "")
    if not COUNTRY.fullmatch(country) or not NATIONAL.fullmatch(national):
        raise _invalid("cc and phone_number are digits without +.")
    if len(name) not in NAME:
        raise _invalid("verified_name has 2 to 75 characters.")
    phone = "+" + (national if national.startswith(country) else country + national)
    add = sandbox.store.registrations.add
    return {"id": await asyncio.to_thread(add, waba_id, phone, name)}


@router.post("/{object_id}/request_code")
async def request_code(
    request: Request, object_id: str, waba_id: Waba, sandbox: CurrentSandbox
) -> dict[str, bool]:
    """Send a code to the number; the sandbox shows it on its phone page."""
    number = await _own(sandbox, waba_id, object_id)
    body = await _body(request)
    if body.get("code_method") not in METHODS or not LANGUAGE.fullmatch(body.get("language", "")):
        raise _invalid("code_method is SMS or VOICE, language is like en_US.")
    ask = sandbox.store.registrations.ask_for_code
    await asyncio.to_thread(ask, number.meta_phone_number_id, body["code_method"])
    await _show(sandbox, number)
    return {"success": True}


@router.post("/{object_id}/verify_code")
async def verify_code(
    request: Request, object_id: str, waba_id: Waba, sandbox: CurrentSandbox
) -> dict[str, bool]:
    """Take the code that the number was sent."""
    number = await _own(sandbox, waba_id, object_id)
    code = (await _body(request)).get("code", "")
    if not SIX_DIGITS.fullmatch(code):
        raise _invalid("code has six digits.")
    await asyncio.to_thread(sandbox.store.registrations.verify, number.meta_phone_number_id, code)
    await _show(sandbox, number)
    return {"success": True}


@router.post("/{object_id}/register")
async def register(
    request: Request, object_id: str, waba_id: Waba, sandbox: CurrentSandbox
) -> dict[str, bool]:
    """Register a verified number with a PIN; from now on it sends and receives."""
    number = await _own(sandbox, waba_id, object_id)
    body = await _body(request)
    if body.get("messaging_product") != "whatsapp" or not SIX_DIGITS.fullmatch(body.get("pin", "")):
        raise _invalid("messaging_product is whatsapp, pin has six digits.")
    pin = body["pin"]
    await asyncio.to_thread(sandbox.store.registrations.register, number.meta_phone_number_id, pin)
    await _show(sandbox, number)
    return {"success": True}


@router.post("/{object_id}/deregister")
async def deregister(object_id: str, waba_id: Waba, sandbox: CurrentSandbox) -> dict[str, bool]:
    """Let go of a number; it keeps its PIN."""
    number = await _own(sandbox, waba_id, object_id)
    await asyncio.to_thread(sandbox.store.registrations.deregister, number.meta_phone_number_id)
    return {"success": True}


async def _show(sandbox: Sandbox, number: SandboxNumber) -> None:
    """Let the phone page look again."""
    await asyncio.to_thread(sandbox.store.customers.touch, number.workspace)


async def _own(sandbox: Sandbox, waba_id: str, object_id: str) -> SandboxNumber:
    number = await asyncio.to_thread(sandbox.store.find_number, object_id)
    if number is None or number.waba_id != waba_id:
        raise unknown_object("POST", object_id)
    return number


async def _body(request: Request) -> dict[str, str]:
    """Return the members of a body that are texts; the others are as good as missing."""
    body: Any = await read_json(request)
    members = {**request.query_params, **(body if isinstance(body, dict) else {})}
    return {name: value for name, value in members.items() if isinstance(value, str)}


def _invalid(details: str) -> GraphError:
    return GraphError(100, "(#100) Invalid parameter", details=details)

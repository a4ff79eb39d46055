"""The customer's phone: a page on which one person plays the customers of their workspace.

The page asks `GET /phone/state` again and again; with the version it has, the answer is held until
something changed. Numbers and customers of another workspace do not exist here: 404.
"""

import asyncio
import hashlib
import math
from functools import lru_cache, partial
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader
from pydantic import Field

from app.i18n import gettext as _
from app.i18n import language
from app.sandbox.access import ChangingWorkspace, ViewingWorkspace, changing_workspace
from app.sandbox.bubbles import message_json
from app.sandbox.chats import (
    Chat,
    chat_state,
    customer_json,
    ensure_first_customer,
    find_chat,
)
from app.sandbox.control import CamelModel
from app.sandbox.identifiers import wa_id_of
from app.sandbox.outgoing import TEXT_LIMIT
from app.sandbox.phone_kinds import CALL
from app.sandbox.refusals import body_of
from app.sandbox.runtime import CurrentSandbox, Sandbox

HERE = Path(__file__).parent
STATIC = HERE / "static"
VERSION_CHECK_S = 0.1
UNKNOWN = "There is no such chat."

router = APIRouter()
templates = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True)


class StateQuery(CamelModel):
    """Which chat is open, and which version of it the page has."""

    number: str | None = None
    customer: int | None = None
    version: int | None = None


class NewCustomer(CamelModel):
    """The body of `POST /phone/customers`."""

    name: str = Field(max_length=100)
    phone: str = Field(max_length=40)


class Switches(CamelModel):
    """The body of `POST /phone/customers/{id}`; a switch that is not named stays."""

    is_online: bool | None = None
    shows_receipts: bool | None = None
    wants_marketing: bool | None = None
    hides_phone: bool | None = None


class NewMessage(CamelModel):
    """The body of `POST /phone/messages`: what a customer writes, perhaps quoting a message."""

    number: str
    customer: int
    text: str = Field(min_length=1, max_length=TEXT_LIMIT)
    reply_to: str | None = None


@router.get("/phone")
async def show_phone(request: Request, sandbox: CurrentSandbox) -> Response:
    base = request.scope.get("root_path", "")
    workspace = await sandbox.viewer(request)
    if workspace is None:
        return RedirectResponse(f"/sign-in?next={base}/phone", status_code=303)
    has_number = await asyncio.to_thread(ensure_first_customer, sandbox.store, workspace)
    theme = request.cookies.get("theme")
    page = templates.get_template("phone.html").render(
        _=_,
        app_name=sandbox.settings.app_name,
        base=base,
        has_number=has_number,
        kinds=_kinds(),
        lang=language.get(),
        text_limit=TEXT_LIMIT,
        theme=theme if theme in {"light", "dark"} else "system",
        v=_static_version(),
        words=_words(),
    )
    return HTMLResponse(page, headers={"Cache-Control": "no-store"})


@router.get("/phone/state")
async def show_state(
    request: Request,
    workspace: ViewingWorkspace,
    sandbox: CurrentSandbox,
    query: Annotated[StateQuery, Query()],
) -> dict[str, Any]:
    """Return the open chat; with the page's version, wait a little for a newer one."""
    find = partial(find_chat, sandbox.store, workspace, query.number, query.customer)
    chat = await asyncio.to_thread(find)
    if chat is None:
        raise HTTPException(404, UNKNOWN)
    if query.version is not None:
        await _wait_for_change(request, sandbox, workspace, query.version)
        chat = await asyncio.to_thread(find)
    assert chat is not None  # noqa: S101  # numbers and customers are never deleted
    return await asyncio.to_thread(chat_state, sandbox.store, workspace, chat)


@router.post("/phone/customers", status_code=201)
async def add_customer(
    new: Annotated[NewCustomer, Depends(body_of(NewCustomer, changing_workspace))],
    workspace: ChangingWorkspace,
    sandbox: CurrentSandbox,
) -> dict[str, Any]:
    wa_id, name = wa_id_of(new.phone), new.name.strip()
    if not name:
        raise HTTPException(422, _("Give the customer a name."))
    if wa_id is None:
        raise HTTPException(
            422, _("Write the number with its country code, as in +1 202 555 0143.")
        )
    customer = await asyncio.to_thread(sandbox.store.customers.create, workspace, name, wa_id)
    if customer is None:
        raise HTTPException(409, _("There is a customer with this number already."))
    return {"customer": customer_json(customer)}


@router.post("/phone/customers/{customer_id}")
async def set_switches(
    customer_id: int,
    wishes: Annotated[Switches, Depends(body_of(Switches, changing_workspace))],
    workspace: ChangingWorkspace,
    sandbox: CurrentSandbox,
) -> dict[str, Any]:
    customer = await asyncio.to_thread(sandbox.store.customers.find, workspace, customer_id)
    if customer is None:
        raise HTTPException(404, UNKNOWN)
    await asyncio.to_thread(
        sandbox.lifecycle.switch, customer, **wishes.model_dump(exclude_none=True)
    )
    sandbox.delivery.wake()
    changed = await asyncio.to_thread(sandbox.store.customers.find, workspace, customer_id)
    return {"customer": customer_json(changed or customer)}


@router.post("/phone/echoes", status_code=201)
async def write_echo(
    new: Annotated[NewMessage, Depends(body_of(NewMessage, changing_workspace))],
    workspace: ChangingWorkspace,
    sandbox: CurrentSandbox,
) -> dict[str, Any]:
    """Let the business answer in WhatsApp's own app."""
    chat = await asyncio.to_thread(find_chat, sandbox.store, workspace, new.number, new.customer)
    if chat is None:
        raise HTTPException(404, UNKNOWN)
    if not new.text.strip():
        raise HTTPException(422, _("Write something first."))
    echo = partial(sandbox.lifecycle.echo, chat.number, chat.customer, new.text)
    message = await asyncio.to_thread(echo)
    sandbox.delivery.wake()
    return {"message": message_json(message)}


@router.post("/phone/messages", status_code=201)
async def write_message(
    new: Annotated[NewMessage, Depends(body_of(NewMessage, changing_workspace))],
    workspace: ChangingWorkspace,
    sandbox: CurrentSandbox,
) -> dict[str, Any]:
    """Let the customer write to the business."""
    chat = await asyncio.to_thread(find_chat, sandbox.store, workspace, new.number, new.customer)
    if chat is None:
        raise HTTPException(404, UNKNOWN)
    if not new.text.strip():
        raise HTTPException(422, _("Write something first."))
    message = await asyncio.to_thread(_say, sandbox, chat, new)
    sandbox.delivery.wake()
    return {"message": message}


def _say(sandbox: Sandbox, chat: Chat, new: NewMessage) -> dict[str, Any]:
    known = new.reply_to and sandbox.store.messages.find(
        chat.number.meta_phone_number_id, new.reply_to
    )
    context = new.reply_to if known and known.customer_id == chat.customer.id else None
    message = sandbox.lifecycle.say(chat.number, chat.customer, new.text, context_wamid=context)
    return message_json(message)


async def _wait_for_change(
    request: Request, sandbox: Sandbox, workspace: str, version: int
) -> None:
    for _round in range(math.ceil(sandbox.timings.page_hold_s / VERSION_CHECK_S)):
        if await asyncio.to_thread(sandbox.store.customers.version, workspace) != version:
            return
        if await request.is_disconnected():
            return
        await asyncio.sleep(VERSION_CHECK_S)


def _words() -> dict[str, str]:
    """Return what the script writes into the page."""
    return {
        "offline": _("Offline: messages wait until the phone is online again."),
        "online": _("Online"),
        "typing": _("typing…"),
        "waiting": _("Waiting for the phone to be online"),
        "leaving": _("On its way: the business has not taken it yet"),
        "sent": _("Sent"),
        "read": _("Read by the business"),
        "reply": _("Reply to this message"),
        "replyTo": _("Replying to"),
        "react": _("React with a heart"),
        "unreact": _("Take the reaction back"),
        "change": _("Change this message"),
        "changing": _("Changing"),
        "remove": _("Delete for everybody"),
        "edited": _("Edited"),
        "you": _("You"),
        "lost": _("The connection was lost. Trying again."),
        "failed": _("That did not work. Please try again."),
    }


def _kinds() -> list[tuple[str, str, str]]:
    """Return what the phone can send beside text: name, icon, words."""
    return [
        ("location", "map-pin", _("A place")),
        ("contacts", "contact", _("A contact card")),
        ("order", "shopping-bag", _("An order")),
        ("form", "square-check", _("A form, filled in")),
        ("advertisement", "megaphone", _("A question to an advertisement")),
        (CALL, "phone", _("A call that nobody takes")),
        ("welcome", "message-circle", _("Opens the chat for the first time")),
        ("new_phone", "smartphone", _("Has a new phone")),
        ("unsupported", "info", _("Something that businesses do not get")),
    ]


@lru_cache
def _static_version() -> str:
    files = sorted(STATIC.iterdir())
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:10]

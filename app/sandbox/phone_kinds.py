"""Every other kind of message on the customer's phone: at a tap, a place or a call goes out."""

import asyncio
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException
from pydantic import Field

from app.i18n import gettext as _
from app.sandbox import kinds
from app.sandbox.access import ChangingWorkspace, changing_workspace
from app.sandbox.bubbles import message_json
from app.sandbox.chats import Chat, find_chat
from app.sandbox.control import CamelModel
from app.sandbox.kinds import Kind
from app.sandbox.outgoing import TEXT_LIMIT
from app.sandbox.refusals import body_of
from app.sandbox.runtime import CurrentSandbox, Sandbox

CALL = "call"

router = APIRouter()


class NewKind(CamelModel):
    """The body of `POST /phone/kinds`: a sample's name, or what to do with the message `target`.

    `value` is the emoji of a `reaction`, the new text of an `edit`, the id of a `choice`.
    """

    number: str
    customer: int
    kind: str = Field(max_length=20)
    target: str | None = None
    value: str = Field(default="", max_length=TEXT_LIMIT)


@router.post("/phone/kinds", status_code=201)
async def send_kind(
    new: Annotated[NewKind, Depends(body_of(NewKind, changing_workspace))],
    workspace: ChangingWorkspace,
    sandbox: CurrentSandbox,
) -> dict[str, Any]:
    """Let the customer do something else than write; a call rings and is not taken."""
    chat = await asyncio.to_thread(find_chat, sandbox.store, workspace, new.number, new.customer)
    if chat is None:
        raise HTTPException(404, _("There is no such chat."))
    if new.kind == CALL:
        ring = partial(sandbox.lifecycle.ring, chat.number, chat.customer)
        await asyncio.to_thread(ring)
        sandbox.delivery.wake()
        return {"message": None}
    made = await asyncio.to_thread(_make, sandbox, chat, new)
    if made is None:
        raise HTTPException(422, _("This cannot be done with that message."))
    bring = partial(
        sandbox.lifecycle.bring,
        chat.number,
        chat.customer,
        made.type,
        made.content,
        beside=made.beside,
        context_wamid=made.context_wamid,
    )
    message = await asyncio.to_thread(bring)
    sandbox.delivery.wake()
    return {"message": message_json(message)}


def _make(sandbox: Sandbox, chat: Chat, new: NewKind) -> Kind | None:
    if new.kind in kinds.SAMPLES:
        return kinds.SAMPLES[new.kind]()
    target = new.target and sandbox.store.messages.find(
        chat.number.meta_phone_number_id, new.target
    )
    if not target or target.customer_id != chat.customer.id:
        return None
    make = kinds.ABOUT.get(new.kind)
    return make(target, new.value) if make else None

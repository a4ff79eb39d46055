"""Webhook bodies as Meta writes them, signed and stored as the webhook route does it."""

import datetime as dt
import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app import db
from app.clock import utc_now
from app.db import DbRole
from app.ids import new_id
from app.services.whatsapp import signatures
from tests.factories import Number, new_wamid


def webhook_body(
    number: Number,
    messages: Sequence[dict[str, Any]] = (),
    statuses: Sequence[dict[str, Any]] = (),
    *,
    names: dict[str, str] | None = None,
) -> bytes:
    """Return a body as Meta would POST it: one entry, one change, with the senders' contacts."""
    value: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": number.phone.lstrip("+"),
            "phone_number_id": number.meta_id,
        },
    }
    if messages:
        value["contacts"] = contacts_of(messages, names or {})
        value["messages"] = list(messages)
    if statuses:
        value["statuses"] = list(statuses)
    return envelope({"field": "messages", "value": value}, waba_id=number.waba_id)


def envelope(*changes: Any, waba_id: str = "1") -> bytes:
    entry = [{"id": waba_id, "changes": list(changes)}]
    return json.dumps({"object": "whatsapp_business_account", "entry": entry}).encode()


def contacts_of(messages: Sequence[dict[str, Any]], names: dict[str, str]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for message in messages:
        wa_id, user_id = message.get("from"), message.get("from_user_id")
        key = wa_id or user_id
        if not isinstance(key, str):
            continue
        contact: dict[str, Any] = {"profile": {"name": names.get(key, f"Customer {key[-4:]}")}}
        contact |= {"wa_id": wa_id} if wa_id else {}
        found[key] = contact | ({"user_id": user_id} if user_id else {})
    return list(found.values())


def text_message(
    text: str = "Hello",
    *,
    sender: str | None = "447700900148",
    wamid: str | None = None,
    at: dt.datetime | int | str | None = None,
    **members: Any,
) -> dict[str, Any]:
    message: dict[str, Any] = {
        "id": wamid or new_wamid(),
        "timestamp": seconds(at),
        "type": "text",
        "text": {"body": text},
        **members,
    }
    return message if sender is None else {"from": sender, **message}


def status(
    wamid: str,
    word: str = "delivered",
    *,
    at: dt.datetime | int | str | None = None,
    callback: UUID | str | None = None,
    code: int | None = None,
    **members: Any,
) -> dict[str, Any]:
    update = {
        "id": wamid,
        "status": word,
        "timestamp": seconds(at),
        "recipient_id": "447700900148",
        **members,
    }
    if callback:
        update["biz_opaque_callback_data"] = str(callback)
    if code:
        update["errors"] = [{"code": code, "title": f"Error {code}"}]
    return update


def seconds(at: dt.datetime | int | str | None) -> str:
    if isinstance(at, (int, str)):
        return str(at)
    return str(int((at or utc_now()).timestamp()))


def sign(body: bytes, secret: str) -> str:
    """Return the header's value as Meta makes it."""
    return signatures.sign(secret, body)


def store_event(account_id: UUID | None, body: bytes) -> UUID:
    """Keep a body as the webhook route does, after its signature was found right."""
    return store_events((account_id, body))[0]


def store_events(*bodies: tuple[UUID | None, bytes]) -> list[UUID]:
    """Keep many bodies, each with the account it came for, in this order."""
    ids = [new_id() for _ in bodies]
    with db.connect(DbRole.APP) as connection:
        connection.cursor().executemany(
            "INSERT INTO webhook_events (id, type, account_id, payload)"
            " VALUES (%s, 'whatsapp', %s, %s)",
            [(event_id, *body) for event_id, body in zip(ids, bodies, strict=True)],
        )
    return ids

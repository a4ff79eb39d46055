"""The single updates in a webhook body, each able to stand alone: the unit of retry."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from app.services.whatsapp.bodies import Unreadable
from app.services.whatsapp.payloads import (
    MESSAGES,
    BadChange,
    Change,
    ContactInfo,
    GraphError,
    IncomingMessage,
    Metadata,
    StatusUpdate,
    explain,
    read_change,
    read_message,
    read_status,
    read_time,
)

RAW = "raw"
# The fields beside `messages` that `news` acts on.
NEWS_FIELDS = frozenset(
    {
        "message_template_status_update",
        "message_template_quality_update",
        "template_category_update",
        "phone_number_quality_update",
        "phone_number_name_update",
    }
)
STATUSES = "statuses"
ERRORS = "errors"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who wrote: a phone's digits, a business-scoped id, or both."""

    wa_id: str | None
    user_id: str | None
    name: str | None


@dataclass(frozen=True, slots=True)
class Origin:
    """The event that an item came with, its account, and when it came."""

    event_id: UUID
    account_id: UUID | None
    received_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One message or one status; `payload` is a body's value with nothing but this item in it."""

    origin: Origin
    key: str
    meta_phone_number_id: str
    payload: dict[str, Any]
    message: IncomingMessage | None = None
    sender: Sender | None = None
    status: StatusUpdate | None = None

    @property
    def wamid(self) -> str | None:
        """Meta's id of the message that this is about."""
        update = self.message or self.status
        return update.id if update else None


@dataclass(frozen=True, slots=True, kw_only=True)
class BadItem:
    """An update that nobody can read or apply, with the reason."""

    origin: Origin
    key: str
    payload: dict[str, Any]
    wamid: str | None
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedError(BadItem):
    """What Meta reports of a number or an account: nothing to apply, but a person must see it."""

    meta_phone_number_id: str | None
    code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What Meta tells of an account: its templates, its numbers. `at` orders what it says."""

    origin: Origin
    key: str
    field: str
    value: dict[str, Any]
    waba_id: str
    at: dt.datetime
    wamid: None = None

    @property
    def payload(self) -> dict[str, Any]:
        """What to keep for another try."""
        change = {"field": self.field, "value": self.value}
        return {RAW: change, "waba_id": self.waba_id, "at": int(self.at.timestamp())}


def split(changes: Sequence[Change | BadChange], origin: Origin) -> Iterator[Item | News | BadItem]:
    """Yield what changes hold. Fields that nobody acts on are kept with the event only."""
    for change in changes:
        if isinstance(change, BadChange):
            yield BadItem(
                origin=origin,
                key=change.key,
                payload={RAW: change.raw},
                wamid=None,
                error="This part of the body is no change with a field and a value.",
            )
        elif change.field == MESSAGES:
            yield from split_value(change.value, origin, change.key)
        elif change.field in NEWS_FIELDS:
            yield News(
                origin=origin,
                key=change.key,
                field=change.field,
                value=change.value,
                waba_id=change.waba_id,
                at=read_time(change.at, origin.received_at),
            )


def split_again(
    payload: dict[str, Any], origin: Origin, key: str
) -> Iterator[Item | News | BadItem]:
    """Yield the item that was put aside with this payload, for another try."""
    if RAW in payload:
        change = read_change(payload[RAW], key)
        if isinstance(change, Change):
            change = replace(change, waba_id=payload.get("waba_id", ""), at=payload.get("at"))
        yield from split([change], origin)
    else:
        yield from split_value(payload, origin, key)


def split_value(value: dict[str, Any], origin: Origin, prefix: str) -> Iterator[Item | BadItem]:
    """Yield the items of one change's value; `prefix` makes their keys unique in the event."""
    for kind in (MESSAGES, STATUSES, ERRORS):
        raws = value.get(kind)
        if not isinstance(raws, list):
            continue
        for index, raw in enumerate(raws):
            payload = {"metadata": value.get("metadata"), kind: [raw]}
            if kind == MESSAGES:
                payload["contacts"] = _contacts_for(value.get("contacts"), raw)
            key = f"{prefix}.{kind[0]}{index}"
            yield _reported(payload, origin, key) if kind == ERRORS else _item(payload, origin, key)


def _item(payload: dict[str, Any], origin: Origin, key: str) -> Item | BadItem:
    [raw] = payload.get(MESSAGES) or payload[STATUSES]
    try:
        return _read(payload, raw, origin, key)
    except Unreadable as error:
        wamid = raw.get("id") if isinstance(raw, dict) else None
        return BadItem(
            origin=origin,
            key=key,
            payload=payload,
            wamid=str(wamid)[:255] if wamid else None,
            error=str(error)[:1000],
        )


def _read(payload: dict[str, Any], raw: Any, origin: Origin, key: str) -> Item:
    if not isinstance(raw, dict):
        raise Unreadable("The item is not an object.")
    message = read_message(raw, origin.received_at) if MESSAGES in payload else None
    return Item(
        origin=origin,
        key=key,
        meta_phone_number_id=_number(payload["metadata"]),
        payload=payload,
        message=message,
        sender=_sender(message, payload["contacts"]) if message else None,
        status=None if message else read_status(raw, origin.received_at),
    )


def _reported(payload: dict[str, Any], origin: Origin, key: str) -> ReportedError:
    [raw] = payload[ERRORS]
    fault = GraphError.model_validate(raw if isinstance(raw, dict) else {})
    try:
        number = _number(payload["metadata"])
    except Unreadable:
        number = None
    words = fault.details or fault.title or fault.message or "without words"
    return ReportedError(
        origin=origin,
        key=key,
        payload=payload,
        wamid=None,
        error=f"WhatsApp reports error {fault.code} for this number: {words}"[:1000],
        meta_phone_number_id=number,
        code=fault.code,
    )


def _number(metadata: Any) -> str:
    try:
        return Metadata.model_validate(metadata).phone_number_id
    except ValueError as error:
        raise Unreadable(explain(error)) from error


def _contacts_for(contacts: Any, raw: Any) -> list[dict[str, Any]]:
    """Return the contact that belongs to a message, so that a batch does not carry all of them."""
    if not isinstance(contacts, list) or not isinstance(raw, dict):
        return []
    people = [contact for contact in contacts if isinstance(contact, dict)]
    names = [name for name in (raw.get("from"), raw.get("from_user_id")) if name]
    mine = [one for one in people if one.get("wa_id") in names or one.get("user_id") in names]
    return mine[:1] or (people if len(people) == 1 else [])


def _sender(message: IncomingMessage, contacts: list[dict[str, Any]]) -> Sender:
    try:
        info = ContactInfo.model_validate(contacts[0]) if contacts else ContactInfo()
    except ValueError:
        info = ContactInfo()
    wa_id, user_id = message.from_ or info.wa_id, message.from_user_id or info.user_id
    if wa_id and not wa_id.isdigit():  # users without a visible phone are named by their id
        wa_id, user_id = None, user_id or wa_id
    if not wa_id and not user_id:
        raise Unreadable("The message does not say who sent it.")
    name = (info.profile.name or info.profile.username or "").strip()[:200] or None
    return Sender(wa_id=wa_id, user_id=user_id, name=name)

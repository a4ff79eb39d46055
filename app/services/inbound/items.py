"""The single updates in a webhook body, each able to stand alone: the unit of retry."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app import log
from app.ids import time_of
from app.services.whatsapp.bodies import Unreadable
from app.services.whatsapp.payloads import (
    MESSAGES,
    BadChange,
    Change,
    ContactInfo,
    IncomingMessage,
    Metadata,
    StatusUpdate,
    explain,
    read_change,
    read_message,
    read_status,
    timed,
)

RAW = "raw"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who wrote: a phone's digits, a business-scoped id, or both."""

    wa_id: str | None
    user_id: str | None
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One message or one status; `payload` is a body's value with nothing but this item in it."""

    event_id: UUID
    key: str
    account_id: UUID | None
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
    """An update that nobody can read, with the reason."""

    event_id: UUID
    key: str
    account_id: UUID | None
    payload: dict[str, Any]
    wamid: str | None
    error: str


def split(
    changes: Sequence[Change | BadChange], event_id: UUID, account_id: UUID | None
) -> Iterator[Item | BadItem]:
    """Yield the messages and statuses of a body. Other fields are kept with the event only."""
    for change in changes:
        if isinstance(change, BadChange):
            yield BadItem(
                event_id=event_id,
                key=change.key,
                account_id=account_id,
                payload={RAW: change.raw},
                wamid=None,
                error="This part of the body is no change with a field and a value.",
            )
        elif change.field == MESSAGES:
            yield from split_value(change.value, event_id, account_id, change.key)


def split_again(
    payload: dict[str, Any], event_id: UUID, account_id: UUID | None, key: str
) -> Iterator[Item | BadItem]:
    """Yield the item that was put aside with this payload, for another try."""
    if RAW in payload:
        yield from split([read_change(payload[RAW], key)], event_id, account_id)
    else:
        yield from split_value(payload, event_id, account_id, key)


def split_value(
    value: dict[str, Any], event_id: UUID, account_id: UUID | None, prefix: str
) -> Iterator[Item | BadItem]:
    """Yield the items of one change's value; `prefix` makes their keys unique in the event.

    Faults that Meta reports about the number itself belong to no message: they are logged, and kept
    with the event.
    """
    _log_faults(value)
    for kind in ("messages", "statuses"):
        raws = value.get(kind)
        if not isinstance(raws, list):
            continue
        for index, raw in enumerate(raws):
            payload = {"metadata": value.get("metadata"), kind: [raw]}
            if kind == "messages":
                payload["contacts"] = _contacts_for(value.get("contacts"), raw)
            yield _item(payload, kind, raw, event_id, account_id, f"{prefix}.{kind[0]}{index}")


def _log_faults(value: dict[str, Any]) -> None:
    faults = value.get("errors")
    metadata = value.get("metadata")
    if not isinstance(faults, list) or not faults:
        return
    log.get(__name__).warning(
        "number_has_faults",
        meta_phone_number_id=str(metadata.get("phone_number_id"))[:64]
        if isinstance(metadata, dict)
        else None,
        codes=[str(fault.get("code"))[:12] for fault in faults if isinstance(fault, dict)][:10],
    )


def _item(  # noqa: PLR0917  # one call site, above
    payload: dict[str, Any],
    kind: str,
    raw: Any,
    event_id: UUID,
    account_id: UUID | None,
    key: str,
) -> Item | BadItem:
    try:
        return _read(payload, kind, raw, event_id, account_id, key)
    except Unreadable as error:
        wamid = raw.get("id") if isinstance(raw, dict) else None
        return BadItem(
            event_id=event_id,
            key=key,
            account_id=account_id,
            payload=payload,
            wamid=str(wamid)[:255] if wamid else None,
            error=str(error)[:1000],
        )


def _read(  # noqa: PLR0917  # one call site, above
    payload: dict[str, Any],
    kind: str,
    raw: Any,
    event_id: UUID,
    account_id: UUID | None,
    key: str,
) -> Item:
    if not isinstance(raw, dict):
        raise Unreadable("The item is not an object.")
    raw = timed(raw, time_of(event_id))
    message = read_message(raw) if kind == MESSAGES else None
    return Item(
        event_id=event_id,
        key=key,
        account_id=account_id,
        meta_phone_number_id=_number(payload["metadata"]),
        payload=payload,
        message=message,
        sender=_sender(message, payload["contacts"]) if message else None,
        status=None if message else read_status(raw),
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

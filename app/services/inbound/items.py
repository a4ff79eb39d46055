"""The single updates in a webhook body, each able to stand alone: the unit of retry."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from app.services.whatsapp.bodies import Unreadable
from app.services.whatsapp.payloads import (
    CALLS,
    MESSAGES,
    BadChange,
    Change,
    ContactInfo,
    GraphError,
    IncomingMessage,
    Metadata,
    Preference,
    StatusUpdate,
    explain,
    read_call,
    read_change,
    read_message,
    read_preference,
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
        "account_update",
        "account_alerts",
        "account_review_update",
        "business_capability_update",
        "security",
    }
)
STATUSES, ERRORS, HISTORY = "statuses", "errors", "history"
ECHOES, PREFERENCES = "message_echoes", "user_preferences"
# The fields whose value has lists of items, and what an item's key begins with in each list.
VALUE_FIELDS = frozenset({MESSAGES, "smb_message_echoes", PREFERENCES, CALLS})
KINDS = {MESSAGES: "m", STATUSES: "s", ERRORS: "e", ECHOES: "o", PREFERENCES: "p", CALLS: "c"}

MAX_FIELD = 100
NAMED = ("from", "from_user_id", "to", "to_user_id", "wa_id", "user_id")


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
    """One message, status or wish; `payload` is a body's value with nothing but this item in it.

    An echo is what the business did elsewhere, as a message that it wrote in WhatsApp's own app;
    its sender is for whom.
    """

    origin: Origin
    key: str
    meta_phone_number_id: str
    payload: dict[str, Any]
    message: IncomingMessage | None = None
    sender: Sender | None = None
    status: StatusUpdate | None = None
    preference: Preference | None = None
    is_echo: bool = False

    @property
    def wamid(self) -> str | None:
        """Meta's id of the message that this is about."""
        update = self.message or self.status
        return update.id if update else None

    @property
    def raw(self) -> dict[str, Any]:
        """The message, status or wish as Meta wrote it."""
        return dict(self.payload[kind_of(self.payload)][0])


@dataclass(frozen=True, slots=True, kw_only=True)
class BadItem:
    """An update that nobody can read or apply, with the reason; a final one is not tried again."""

    origin: Origin
    key: str
    payload: dict[str, Any]
    wamid: str | None
    error: str
    is_final: bool = False


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
        elif change.field == HISTORY and _has_threads(change.value):
            yield BadItem(
                origin=origin,
                key=change.key,
                payload={RAW: {"field": change.field, "value": change.value}},
                wamid=None,
                error="These are messages from before the number was connected.",
                is_final=True,
            )
        elif change.field in VALUE_FIELDS:
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


def unused_fields(changes: Sequence[Change | BadChange]) -> set[tuple[str, str]]:
    """Return the account and the name of each field that nobody acts on; their bodies are kept."""
    used = VALUE_FIELDS | NEWS_FIELDS
    return {
        (change.waba_id, change.field[:MAX_FIELD].replace("\0", ""))
        for change in changes
        if isinstance(change, Change) and change.field not in used
    }


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
    for kind, letter in KINDS.items():
        raws = value.get(kind)
        if not isinstance(raws, list):
            continue
        for index, raw in enumerate(raws):
            payload = {"metadata": value.get("metadata"), kind: [raw]}
            if _is_passing(kind, raw):
                continue
            if kind in {MESSAGES, CALLS}:
                payload["contacts"] = _contacts_for(value.get("contacts"), raw)
            elif kind == PREFERENCES:
                payload["contacts"] = _named_in(value.get("contacts"), raw)
            key = f"{prefix}.{letter}{index}"
            yield _reported(payload, origin, key) if kind == ERRORS else _item(payload, origin, key)


def kind_of(payload: dict[str, Any]) -> str:
    """Return which list of a value the item is in."""
    return next(name for name in KINDS if name in payload)


def _item(payload: dict[str, Any], origin: Origin, key: str) -> Item | BadItem:
    kind = kind_of(payload)
    [raw] = payload[kind]
    try:
        return _read(payload, kind, raw, origin, key)
    except Unreadable as error:
        wamid = raw.get("id") if isinstance(raw, dict) else None
        return BadItem(
            origin=origin,
            key=key,
            payload=payload,
            wamid=str(wamid)[:255] if wamid else None,
            error=str(error)[:1000],
        )


def _read(payload: dict[str, Any], kind: str, raw: Any, origin: Origin, key: str) -> Item:
    if not isinstance(raw, dict):
        raise Unreadable("The item is not an object.")
    item = Item(
        origin=origin,
        key=key,
        meta_phone_number_id=_number(payload["metadata"]),
        payload=payload,
    )
    at = origin.received_at
    if kind == STATUSES:
        return replace(item, status=read_status(raw, at))
    if kind == PREFERENCES:
        wish = read_preference(raw, at)
        sender = _sender(wish.wa_id, wish.user_id, payload["contacts"])
        return replace(item, preference=wish, sender=sender)
    if kind == CALLS:
        call = read_call(raw, at)
        is_ours = raw.get("direction") == "BUSINESS_INITIATED"
        customer = str(raw.get("to") or "") if is_ours else call.from_
        sender = _sender(customer or None, call.from_user_id, payload["contacts"])
        return replace(item, message=call, sender=sender, is_echo=is_ours)
    message = read_message(raw, at)
    if kind == ECHOES:
        addressee = str(raw.get("to") or "") or None
        sender = _sender(addressee, str(raw.get("to_user_id") or "") or None, [])
        return replace(item, message=message, sender=sender, is_echo=True)
    sender = _sender(message.from_, message.from_user_id, payload["contacts"])
    return replace(item, message=message, sender=sender)


def _has_threads(value: dict[str, Any]) -> bool:
    """Tell whether a number's history has messages; else it reports why there are none."""
    parts = value.get(HISTORY)
    return isinstance(parts, list) and any(
        isinstance(part, dict) and part.get("threads") for part in parts
    )


def _is_passing(kind: str, raw: Any) -> bool:
    """Tell whether it is of a call that goes on: what came of it is told when it has ended."""
    if not isinstance(raw, dict):
        return False
    return (kind == CALLS and raw.get("event") != "terminate") or (
        kind == STATUSES and raw.get("type") == "call"
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
        is_final=True,
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
    return _named_in(people, raw) or (people if len(people) == 1 else [])


def _named_in(contacts: Any, raw: Any) -> list[dict[str, Any]]:
    """Return the contact that an item names itself."""
    if not isinstance(contacts, list) or not isinstance(raw, dict):
        return []
    people = [contact for contact in contacts if isinstance(contact, dict)]
    names = [name for name in map(raw.get, NAMED) if name]
    return [one for one in people if one.get("wa_id") in names or one.get("user_id") in names][:1]


def _sender(wa_id: str | None, user_id: str | None, contacts: list[dict[str, Any]]) -> Sender:
    try:
        info = ContactInfo.model_validate(contacts[0]) if contacts else ContactInfo()
    except ValueError:
        info = ContactInfo()
    wa_id, user_id = wa_id or info.wa_id, user_id or info.user_id
    if wa_id and not wa_id.isdigit():  # users without a visible phone are named by their id
        wa_id, user_id = None, user_id or wa_id
    if not wa_id and not user_id:
        raise Unreadable("The message does not say who sent it, or for whom it was.")
    name = (info.profile.name or info.profile.username or "").strip()[:200] or None
    return Sender(wa_id=wa_id, user_id=user_id, name=name)

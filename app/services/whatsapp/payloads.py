"""Typed webhook bodies. Unknown members are allowed, unknown types become UNKNOWN and stay whole.

Source: Meta's webhook reference, and bodies as Meta sends them.
One bad message must not hide the good ones beside it: an envelope is read loosely, each message
and status on its own.
"""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from app.models.enums import MessageType
from app.services.whatsapp.bodies import Unreadable, load

MESSAGES, CALLS = "messages", "calls"
MAX_DEPTH = 100  # Meta's own bodies stay under 20
WHATSAPP_BEGAN = dt.datetime(2009, 1, 1, tzinfo=dt.UTC)


def read_time(value: object, received_at: dt.datetime) -> dt.datetime:
    """Read Meta's time, a string of Unix seconds.

    A time that is missing or cannot be true (before WhatsApp, after the webhook came) is no reason
    to keep a message from anybody: the time at which the webhook came is used instead.
    """
    try:
        moment = dt.datetime.fromtimestamp(int(str(value)), dt.UTC)
    except (ValueError, OverflowError, OSError):
        return received_at
    return moment if WHATSAPP_BEGAN <= moment <= received_at else received_at


def _code(value: object) -> int:
    return int(str(value)) if str(value).lstrip("-").isdecimal() else 0


def _words(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _mapping(value: object) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else None


class Payload(BaseModel):
    """Base of everything from outside: more members than we know are no error."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True, coerce_numbers_to_str=True)


class Metadata(Payload):
    """Which of our numbers an update is about; route by the id, never by the display number."""

    phone_number_id: str
    display_phone_number: str = ""


class Profile(Payload):
    """How a customer calls himself."""

    name: str | None = None
    username: str | None = None


class ContactInfo(Payload):
    """Who wrote, as far as WhatsApp tells."""

    profile: Profile = Profile()
    wa_id: str | None = None
    user_id: str | None = None


class Media(Payload):
    """A file of a message; the id is good for seven days, a link for five minutes."""

    id: str | None = None
    mime_type: str | None = None
    sha256: str | None = None
    caption: str | None = None
    filename: str | None = None
    voice: bool | None = None
    animated: bool | None = None


class Text(Payload):
    """A text message."""

    body: str


class Reaction(Payload):
    """An emoji on a message; without one the reaction was taken away."""

    message_id: str | None = None
    emoji: str | None = None


class Button(Payload):
    """A tap on a template's quick-reply button."""

    text: str = ""
    payload: str | None = None


class Choice(Payload):
    """The row or button that was chosen."""

    id: str | None = None
    title: str = ""
    description: str | None = None


class FlowReply(Payload):
    """A filled form; `response_json` is a string and may hold anything."""

    name: str | None = None
    body: str | None = None
    response_json: str | None = None


class Interactive(Payload):
    """An answer to buttons, a list or a form."""

    type: str = ""
    button_reply: Choice | None = None
    list_reply: Choice | None = None
    nfm_reply: FlowReply | None = None


class Location(Payload):
    """A place."""

    latitude: float | None = None
    longitude: float | None = None
    name: str | None = None
    address: str | None = None


class SystemNotice(Payload):
    """News about the customer: a new number, a new identity."""

    body: str | None = None
    type: str | None = None
    wa_id: str | None = None
    new_wa_id: str | None = None

    @property
    def moved_to(self) -> str | None:
        """The digits of the customer's new number, where that is the news."""
        found = self.new_wa_id or self.wa_id
        is_moved = self.type in {"user_changed_number", "customer_changed_number"}
        return found if is_moved and found and found.isdecimal() else None


class Edit(Payload):
    """A changed message: which, and what it says now."""

    original_message_id: str | None = None
    message: dict[str, Any] | None = None

    @property
    def text(self) -> str | None:
        """What it says now: its text, or the words below its file."""
        kind = (self.message or {}).get("type")
        member = (self.message or {}).get(kind) if isinstance(kind, str) else None
        found = (member.get("body") or member.get("caption")) if isinstance(member, dict) else None
        return found if isinstance(found, str) else None


class Context(Payload):
    """What a message answers, or that it was forwarded."""

    id: str | None = None
    from_: str | None = Field(default=None, alias="from")
    forwarded: bool | None = None
    frequently_forwarded: bool | None = None
    referred_product: dict[str, Any] | None = None


class GraphError(Payload):
    """Meta's description of what went wrong; act by `code`, whatever form the rest has."""

    code: Annotated[int, BeforeValidator(_code)] = 0
    title: Annotated[str | None, BeforeValidator(_words)] = None
    message: Annotated[str | None, BeforeValidator(_words)] = None
    error_data: Annotated[dict[str, Any] | None, BeforeValidator(_mapping)] = None
    href: Annotated[str | None, BeforeValidator(_words)] = None

    @property
    def details(self) -> str | None:
        """Meta's explanation, if it gave one."""
        details = (self.error_data or {}).get("details")
        return str(details) if details else None


def _errors(value: object) -> list[object]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


Errors = Annotated[list[GraphError], BeforeValidator(_errors)]


class IncomingMessage(Payload):
    """One message of a customer. Exactly one of the typed members goes with its type."""

    id: str = Field(min_length=1, max_length=255)
    timestamp: dt.datetime
    type: MessageType = MessageType.UNKNOWN
    from_: str | None = Field(default=None, alias="from")
    from_user_id: str | None = None
    context: Context | None = None
    referral: dict[str, Any] | None = None
    errors: Errors = []
    group_id: str | None = None
    text: Text | None = None
    image: Media | None = None
    video: Media | None = None
    audio: Media | None = None
    document: Media | None = None
    sticker: Media | None = None
    location: Location | None = None
    contacts: list[dict[str, Any]] | None = None
    reaction: Reaction | None = None
    interactive: Interactive | None = None
    button: Button | None = None
    order: dict[str, Any] | None = None
    system: SystemNotice | None = None
    edit: Edit | None = None
    revoke: Edit | None = None

    @property
    def media(self) -> Media | None:
        """The file, whichever kind it is."""
        return self.image or self.video or self.audio or self.document or self.sticker


class Preference(Payload):
    """What a customer told WhatsApp about marketing messages: stop, resume, or signup."""

    wa_id: str | None = None
    user_id: str | None = None
    detail: str | None = None
    category: str | None = None
    value: str = Field(min_length=1, max_length=40)
    timestamp: dt.datetime


class StatusUpdate(Payload):
    """News about a message of ours. Unknown words (deleted, warning) are kept as they are."""

    id: str = Field(min_length=1, max_length=255)
    status: str = Field(min_length=1, max_length=40)
    timestamp: dt.datetime
    recipient_id: str | None = None
    recipient_user_id: str | None = None
    biz_opaque_callback_data: str | None = None
    errors: Errors = []
    pricing: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One change of an entry; `value` is read further by its field. `key` is its place.

    `waba_id` and `at` are the entry's: the account, and seconds since 1970 where Meta says when.
    """

    key: str
    field: str
    value: dict[str, Any]
    waba_id: str = ""
    at: object = None


@dataclass(frozen=True, slots=True)
class BadChange:
    """Something among the changes that is none; kept as it came."""

    key: str
    raw: Any


_TYPED = [kind.value for kind in MessageType if kind.value in IncomingMessage.model_fields]
_REQUIRED = {"id", "from", "from_user_id"}


def read_changes(body: bytes) -> list[Change | BadChange]:
    """Read a webhook body: up to 1,000 updates of several accounts, the bad ones beside the good.

    An empty object and an empty list of entries have nothing in them, which is soon done.

    Raises:
        Unreadable: not JSON, or JSON that is no webhook: not an object (`[]`, `null`, a number), or
            one that says something but has no list of entries.
    """
    data = load(body)
    if data == {}:
        return []
    if not isinstance(data, dict) or not isinstance(data.get("entry"), list):
        raise Unreadable("The body is JSON, but not a webhook: it has no list of entries.")
    found: list[Change | BadChange] = []
    for entry_index, entry in enumerate(data["entry"]):
        changes = entry.get("changes") if isinstance(entry, dict) else None
        if not isinstance(changes, list):
            found.append(BadChange(str(entry_index), entry))
            continue
        for change_index, raw in enumerate(changes):
            change = read_change(raw, f"{entry_index}.{change_index}")
            if isinstance(change, Change):
                change = replace(change, waba_id=str(entry.get("id", "")), at=entry.get("time"))
            found.append(change)
    return found


def read_change(raw: Any, key: str) -> Change | BadChange:
    """Read one change; `key` is its place in the body."""
    if not isinstance(raw, dict):
        return BadChange(key, raw)
    field, value = raw.get("field"), raw.get("value")
    if not isinstance(field, str) or (field == MESSAGES and not isinstance(value, dict)):
        return BadChange(key, raw)
    return Change(key, field, value if isinstance(value, dict) else {})


def read_message(raw: dict[str, Any], received_at: dt.datetime) -> IncomingMessage:
    """Read one message; a missing type is found from the members that are there.

    A member of an unexpected form is left out: the rest is still a message.

    Raises:
        Unreadable: no id, or a sender of a form that we do not know.
    """
    raw = {**raw, "timestamp": read_time(raw.get("timestamp"), received_at)}
    if "type" not in raw:
        raw = {**raw, "type": next((name for name in _TYPED if name in raw), "unknown")}
    while True:
        try:
            return IncomingMessage.model_validate(raw)
        except ValidationError as error:
            bad = {str(item["loc"][0]) for item in error.errors() if item["loc"]} & raw.keys()
            if not bad or bad & _REQUIRED:
                raise Unreadable(explain(error)) from error
            raw = {name: value for name, value in raw.items() if name not in bad}


def read_call(raw: dict[str, Any], received_at: dt.datetime) -> IncomingMessage:
    """Read a call that has ended, as a message of its own kind: its id is the call's.

    Raises:
        Unreadable: as `read_message`.
    """
    names = ("id", "from", "from_user_id", "timestamp")
    head: dict[str, Any] = {name: raw[name] for name in names if name in raw}
    return read_message({**head, "type": MessageType.CALL.value}, received_at)


def read_preference(raw: dict[str, Any], received_at: dt.datetime) -> Preference:
    """Read what a customer prefers.

    Raises:
        Unreadable: it does not say what.
    """
    raw = {**raw, "timestamp": read_time(raw.get("timestamp"), received_at)}
    try:
        return Preference.model_validate(raw)
    except ValueError as error:
        raise Unreadable(explain(error)) from error


def read_status(raw: dict[str, Any], received_at: dt.datetime) -> StatusUpdate:
    """Read one status.

    Raises:
        Unreadable: no id or word.
    """
    raw = {**raw, "timestamp": read_time(raw.get("timestamp"), received_at)}
    try:
        return StatusUpdate.model_validate(raw)
    except ValueError as error:
        raise Unreadable(explain(error)) from error


def explain(error: ValueError) -> str:
    """Say what is wrong with an item without repeating its content (it is the customer's)."""
    errors = getattr(error, "errors", None)
    if errors is None:
        return str(error)
    found = errors(include_input=False, include_url=False)[:3]
    return "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in found)

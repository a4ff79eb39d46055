"""Webhook bodies become items: every known one, malformed ones, and what nobody has seen yet."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.clock import utc_now
from app.ids import new_id
from app.models.enums import MessageType
from app.services.inbound import content
from app.services.inbound.items import (
    ERRORS,
    KINDS,
    VALUE_FIELDS,
    BadItem,
    Item,
    News,
    Origin,
    ReportedError,
    split,
)
from app.services.whatsapp.payloads import Unreadable, load, read_changes, read_message
from tests.contracts import BODIES, BODY_FILES, needs_bodies
from tests.factories import Number
from tests.webhook_factories import envelope, status, text_message, webhook_body

# Types that Meta itself calls so: nothing is lost by not knowing better.
UNKNOWN_ON_PURPOSE = {"messages.unknown__netflie__5b191669cb.json"}

NUMBER = Number(
    id=new_id(),
    workspace_id=new_id(),
    account_id=new_id(),
    phone="+447700900001",
    meta_id="1001",
    waba_id="2001",
    app_secret="s",
    verify_token="v",
)


def items_of(body: bytes) -> list[Item | BadItem]:
    return list(split(read_changes(body), Origin(new_id(), NUMBER.account_id, utc_now())))


def updates_of(body: bytes) -> list[Item | BadItem]:
    """The messages and statuses of a body, without errors that belong to none of them."""
    return [item for item in items_of(body) if not isinstance(item, ReportedError)]


def one_message(**members: Any) -> Item | BadItem:
    [item] = items_of(webhook_body(NUMBER, [{**text_message(), **members}]))
    return item


def updates_in(body: Any) -> Iterator[dict[str, Any]]:
    for entry in body["entry"]:
        for change in entry["changes"]:
            if change["field"] in VALUE_FIELDS:
                for kind in KINDS:
                    found = change["value"].get(kind, []) if kind != ERRORS else []
                    yield from (one for one in found if one.get("event") != "connect")


pytestmark = pytest.mark.usefixtures("own_settings")


@needs_bodies
@pytest.mark.parametrize("path", BODY_FILES, ids=lambda path: path.stem)
def test_known_body_splits_into_all_its_updates(path: Path):
    raw = path.read_bytes()
    expected = list(updates_in(json.loads(raw))) if not path.name.startswith("odd.") else None

    items = [one for one in updates_of(raw) if not isinstance(one, News)]

    if expected is not None:
        assert len(items) == len(expected)
        assert [item for item in items if isinstance(item, BadItem)] == []
        assert [item.wamid for item in items] == [update.get("id") for update in expected]
    assert len({item.key for item in items}) == len(items)


@needs_bodies
@pytest.mark.parametrize(
    "path", [path for path in BODY_FILES if path.name.startswith("messages.")], ids=lambda p: p.stem
)
def test_no_known_type_of_message_becomes_unknown(path: Path):
    for item in updates_of(path.read_bytes()):
        assert isinstance(item, Item)
        if item.message and path.name not in UNKNOWN_ON_PURPOSE:
            assert item.message.type is not MessageType.UNKNOWN


@needs_bodies
@pytest.mark.parametrize(
    "path", [path for path in BODY_FILES if path.name.startswith("messages.")], ids=lambda p: p.stem
)
def test_content_of_every_known_message_can_be_stored(path: Path):
    for item in updates_of(path.read_bytes()):
        assert isinstance(item, Item)
        if item.message:
            raw = item.payload["messages"][0]
            json.dumps([content.content_of(item.message, raw), content.context_of(item.message)])
            assert content.text_of(item.message) is None or content.text_of(item.message)


@needs_bodies
@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("odd.empty__chatwoot__cc7ab9b29f.json", 0, 0),
        ("odd.no_recipient__piusalfred__d237781d37.json", None, None),
        ("odd.no_sender__netflie__1147677da3.json", None, None),
        ("odd.timestamp__piusalfred__b97de6ed2f.json", None, None),
        ("odd.untyped__piusalfred__fa2f5e25ee.json", None, None),
    ],
)
def test_malformed_body_loses_no_update(name: str, good: int | None, bad: int | None):
    raw = (BODIES / name).read_bytes()

    items = items_of(raw)

    assert len(items) == len(list(updates_in(json.loads(raw))))
    if good is not None:
        assert sum(isinstance(item, Item) for item in items) == good
        assert sum(isinstance(item, BadItem) for item in items) == bad


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"[]",
        b"null",
        b"7",
        b'{"object": "whatsapp_business_account"}',
        b'{"entry": {}}',
        b"\xff\xfe\xfd",
        b"[" * 100_000,
        b'{"entry": [' + b"[" * 5_000,
    ],
    ids=lambda body: repr(body[:20]),
)
def test_what_is_no_webhook_is_unreadable_with_a_reason(body: bytes):
    with pytest.raises(Unreadable) as caught:
        read_changes(body)

    assert str(caught.value)


def test_a_reason_does_not_repeat_the_customers_words():
    [aside] = items_of(b'{"entry": [{"changes": "my card is 4242"}]}')

    assert isinstance(aside, BadItem)
    assert "4242" not in aside.error


@pytest.mark.parametrize(
    "odd",
    [
        {"field": "messages", "value": None},
        {"field": "messages", "value": []},
        {"field": "messages", "value": "words"},
        {"field": None, "value": {}},
        {"field": {"a": 1}, "value": {}},
        {},
        None,
        "words",
    ],
    ids=repr,
)
def test_odd_change_is_put_aside_and_does_not_hide_the_message_beside_it(odd: Any):
    good = json.loads(webhook_body(NUMBER, [text_message(wamid="wamid.GOOD")]))
    change = good["entry"][0]["changes"][0]

    aside, item = items_of(envelope(odd, change))

    assert isinstance(aside, BadItem)
    assert aside.payload == {"raw": odd}
    assert item.wamid == "wamid.GOOD"


def test_a_field_that_nobody_knows_is_kept_with_its_event_only():
    assert items_of(envelope({"field": "brand_new", "value": 7})) == []


@pytest.mark.parametrize("odd", [None, "words", {"id": {"a": 1}, "changes": None}], ids=repr)
def test_odd_entry_is_put_aside_and_does_not_hide_the_message_beside_it(odd: Any):
    good = json.loads(webhook_body(NUMBER, [text_message(wamid="wamid.GOOD")]))
    body = json.dumps({"entry": [odd, *good["entry"]]}).encode()

    aside, item = items_of(body)

    assert isinstance(aside, BadItem)
    assert item.wamid == "wamid.GOOD"


@pytest.mark.parametrize(
    "members",
    [
        {"from": {"a": 1}},
        {"from": ["447700900148"]},
        {"from_user_id": {"a": 1}},
        {"from": True},
        {"id": None},
        {"id": ""},
        {"id": "w" * 256},
    ],
    ids=lambda members: repr(members)[:40],
)
def test_message_without_sender_or_id_is_put_aside_beside_its_neighbour(
    members: dict[str, Any],
):
    bad = {**text_message(), **members}
    body = webhook_body(NUMBER, [text_message(wamid="wamid.GOOD")])
    parsed = json.loads(body)
    parsed["entry"][0]["changes"][0]["value"]["messages"].insert(0, bad)

    first, second = items_of(json.dumps(parsed).encode())

    assert isinstance(first, BadItem)
    assert first.error
    assert isinstance(second, Item)
    assert second.wamid == "wamid.GOOD"


@pytest.mark.parametrize("contact", [{"wa_id": {"a": 1}}, {"user_id": []}, {"profile": 7}, 7, None])
def test_odd_contact_does_not_hide_its_message(contact: Any):
    parsed = json.loads(webhook_body(NUMBER, [text_message(wamid="wamid.GOOD")]))
    parsed["entry"][0]["changes"][0]["value"]["contacts"] = [contact]

    [item] = items_of(json.dumps(parsed).encode())

    assert isinstance(item, Item)
    assert item.sender
    assert item.sender.wa_id == "447700900148"


@pytest.mark.parametrize(
    "members",
    [{"referral": "words"}, {"errors": "words"}, {"context": ["words"]}, {"group_id": {}}],
    ids=repr,
)
def test_odd_member_does_not_hide_the_text_beside_it(members: dict[str, Any]):
    item = one_message(**members)

    assert isinstance(item, Item)
    assert item.message
    assert content.text_of(item.message) == "Hello"


def test_message_of_a_type_nobody_knows_is_kept_whole():
    item = one_message(type="hologram", text=None, hologram={"beam": [1, 2]})

    assert isinstance(item, Item)
    assert item.message
    assert item.message.type is MessageType.UNKNOWN
    raw = item.payload["messages"][0]
    assert content.content_of(item.message, raw)["hologram"] == {"beam": [1, 2]}


def test_message_without_type_is_what_its_members_say():
    raw = text_message()
    del raw["type"]

    assert read_message(raw, utc_now()).type is MessageType.TEXT


@pytest.mark.parametrize("escape", ["\\u0000", "\\ud800", "\\udfff", "\\ud800x"])
def test_characters_that_no_database_holds_become_replacement_characters(escape: str):
    body = webhook_body(NUMBER, [text_message("before MARK after")])

    [item] = items_of(body.replace(b"MARK", escape.encode()))

    assert isinstance(item, Item)
    assert item.message
    text = content.text_of(item.message)
    assert text
    assert text.startswith("before �")
    assert text.encode().decode() == text


def test_whole_surrogate_pair_stays_the_emoji_it_is():
    assert load(b'["\\ud83d\\ude00"]') == ["\U0001f600"]
    assert load(b'["\\ud83d\\ude00\\u0000"]') == ["\U0001f600�"]


@pytest.mark.parametrize("depth", [300, 500, 900])
def test_deeply_nested_body_with_a_nul_is_readable_or_unreadable_but_no_crash(depth: int):
    nested = b"[" * depth + b'"\\u0000"' + b"]" * depth
    body = envelope({"field": "new", "value": {"deep": "MARK"}}).replace(b'"MARK"', nested)

    try:
        items = items_of(body)
    except Unreadable:
        return
    assert not any(isinstance(item, Item) for item in items)


def test_numbers_that_json_does_not_have_do_not_reach_the_database():
    """NaN and Infinity are Python's own; PostgreSQL's jsonb refuses them."""
    body = webhook_body(NUMBER, [text_message(type="location", location={"latitude": "MARK"})])

    for number in (b"NaN", b"Infinity", b"-Infinity", b"1e999"):
        try:
            items = items_of(body.replace(b'"MARK"', number))
        except Unreadable:
            continue
        for item in items:
            json.dumps(item.payload, allow_nan=False)


def test_empty_object_is_a_body_with_nothing_in_it():
    assert read_changes(b"{}") == []
    assert read_changes(b'{"entry": []}') == []


def test_time_may_be_a_number():
    item = one_message(timestamp=1_760_000_000)

    assert isinstance(item, Item)
    assert item.message
    assert item.message.timestamp == dt.datetime.fromtimestamp(1_760_000_000, dt.UTC)


def test_sender_without_a_phone_is_known_by_the_business_scoped_id():
    [item] = items_of(
        webhook_body(NUMBER, [text_message(sender=None, from_user_id="GB.13491208655302741918")])
    )

    assert isinstance(item, Item)
    assert item.sender
    assert (item.sender.wa_id, item.sender.user_id) == (None, "GB.13491208655302741918")


def test_business_scoped_id_in_the_place_of_the_phone_is_no_phone():
    [item] = items_of(webhook_body(NUMBER, [text_message(sender="GB.13491208655302741918")]))

    assert isinstance(item, Item)
    assert item.sender
    assert (item.sender.wa_id, item.sender.user_id) == (None, "GB.13491208655302741918")


def test_sender_with_both_ids_keeps_both():
    [item] = items_of(
        webhook_body(NUMBER, [text_message(from_user_id="GB.134")], names={"447700900148": "Ana"})
    )

    assert isinstance(item, Item)
    assert item.sender
    assert (item.sender.wa_id, item.sender.user_id) == ("447700900148", "GB.134")
    assert item.sender.name == "Ana"


def test_each_message_of_a_batch_gets_its_own_senders_name():
    names = {"447700900148": "Ana", "447700900149": "Ben"}
    messages = [text_message(sender=sender) for sender in names]

    items = items_of(webhook_body(NUMBER, messages, names=names))

    assert [item.sender.name for item in items if isinstance(item, Item) and item.sender] == [
        "Ana",
        "Ben",
    ]


def test_item_carries_only_itself_so_that_it_can_be_tried_again_alone():
    body = webhook_body(NUMBER, [text_message(), text_message()], [status("wamid.X")])

    for item in items_of(body):
        kinds = {name for name in ("messages", "statuses") if name in item.payload}
        assert len(kinds) == 1
        assert len(item.payload[kinds.pop()]) == 1
        assert item.payload["metadata"]["phone_number_id"] == NUMBER.meta_id


@pytest.mark.parametrize("members", [{"status": ""}, {"status": None}])
def test_status_without_a_word_is_put_aside(members: dict[str, Any]):
    [item] = items_of(webhook_body(NUMBER, statuses=[status("wamid.X") | members]))

    assert isinstance(item, BadItem)
    assert item.wamid == "wamid.X"

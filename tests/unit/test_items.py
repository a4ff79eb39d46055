"""What an item makes of a time that cannot be, and of errors that belong to no message."""

import datetime as dt

import pytest

from app.ids import new_id
from app.services.inbound.items import BadItem, Item, Origin, ReportedError, split
from app.services.whatsapp.payloads import read_changes
from tests.factories import Number
from tests.webhook_factories import envelope, status, text_message, webhook_body

CAME = dt.datetime(2026, 3, 1, 12, 30, tzinfo=dt.UTC)
NUMBER = Number(
    id=new_id(),
    workspace_id=new_id(),
    account_id=new_id(),
    phone="+447700900100",
    meta_id="101",
    waba_id="201",
    app_secret="secret",
    verify_token="token",
)


def items_of(body: bytes) -> list[Item | BadItem]:
    return list(split(read_changes(body), Origin(new_id(), NUMBER.account_id, CAME)))


TIMES_THAT_CANNOT_BE = [
    None, "soon", "", "1e400", "9" * 6000, {"a": 1}, "-1", "0", "1760000000000", "99999999999",
]  # fmt: skip


@pytest.mark.parametrize("time", TIMES_THAT_CANNOT_BE, ids=lambda time: repr(time)[:20])
def test_time_that_cannot_be_is_the_time_at_which_the_webhook_came(time: object):
    body = webhook_body(
        NUMBER,
        [text_message() | {"timestamp": time}],
        [status("wamid.X") | {"timestamp": time}],
    )

    message, news = items_of(body)

    assert isinstance(message, Item)
    assert isinstance(news, Item)
    assert message.message
    assert news.status
    assert (message.message.timestamp, news.status.timestamp) == (CAME, CAME)


def test_missing_time_is_the_time_at_which_the_webhook_came():
    timeless = {name: value for name, value in text_message().items() if name != "timestamp"}

    [item] = items_of(webhook_body(NUMBER, [timeless]))

    assert isinstance(item, Item)
    assert item.message
    assert item.message.timestamp == CAME


def test_error_of_a_value_is_reported_with_its_number_and_code():
    value = {"metadata": {"phone_number_id": "42"}, "errors": [{"code": 131031, "title": "Locked"}]}

    [item] = items_of(envelope({"field": "messages", "value": value}))

    assert isinstance(item, ReportedError)
    assert (item.meta_phone_number_id, item.code) == ("42", 131031)
    assert item.error == "WhatsApp reports error 131031 for this number: Locked"


@pytest.mark.parametrize("raw", [7, None, [], {}, {"code": "x", "title": {"a": 1}}])
def test_odd_error_of_a_value_is_reported_all_the_same(raw: object):
    [item] = items_of(envelope({"field": "messages", "value": {"errors": [raw]}}))

    assert isinstance(item, ReportedError)
    assert (item.meta_phone_number_id, item.code) == (None, 0)


def history(*parts: object) -> bytes:
    metadata = {"display_phone_number": "447700900100", "phone_number_id": NUMBER.meta_id}
    return envelope({"field": "history", "value": {"metadata": metadata, "history": list(parts)}})


def test_messages_from_before_the_number_was_connected_wait_for_a_person():
    thread = {"id": "447700900148", "messages": [text_message()]}

    [item] = items_of(history({"metadata": {"phase": 0, "progress": 55}, "threads": [thread]}))

    assert isinstance(item, BadItem)
    assert item.is_final
    assert (
        thread["messages"] == item.payload["raw"]["value"]["history"][0]["threads"][0]["messages"]
    )


@pytest.mark.parametrize("part", [None, 1, {"errors": [{"code": 2593109}]}, {"threads": []}])
def test_history_without_messages_is_nothing_to_look_at(part: object):
    assert items_of(history(part)) == []

"""What cannot be processed is kept, tried again, parked and replayed; it delays nobody."""

import datetime as dt
import time
from typing import Any

import pytest

from app import db
from app.errors import NotFound
from app.services import stats, webhook_events
from app.services.inbound.aside import PAUSES
from app.services.inbound.drain import drain
from tests import factories, table_rows
from tests.factories import Team
from tests.table_rows import count, row, rows, value
from tests.webhook_factories import envelope, status, store_event, text_message, webhook_body

# Longer than the column that keeps it, which only PostgreSQL finds out.
POISON = text_message("poison", sender="9" * 201, wamid="wamid.POISON")


def store(team: Team, *messages: dict[str, Any], statuses: Any = ()) -> Any:
    body = webhook_body(team.number, list(messages), list(statuses))
    return store_event(team.number.account_id, body)


def pause_left() -> dt.timedelta:
    left: dt.timedelta = value("SELECT next_retry_at - now() FROM messages_unprocessed")
    return left


def make_due() -> None:
    table_rows.execute("UPDATE messages_unprocessed SET next_retry_at = now()")


def test_body_that_is_no_json_is_failed_with_a_reason_and_delays_nobody(acme: Team):
    bad = store_event(acme.number.account_id, b"this is not JSON")
    store(acme, text_message())

    assert drain()

    state, error = row("SELECT state, error FROM webhook_events WHERE id = %s", bad)
    assert state == "FAILED"
    assert error == "The body is not JSON."
    assert count("messages") == 1


@pytest.mark.parametrize(
    "body",
    [
        envelope({"field": "messages", "value": {"deep": "MARK"}}).replace(
            b'"MARK"', b"[" * 900 + b'"\\u0000"' + b"]" * 900
        ),
        b'{"entry": ' + b"[" * 3000 + b"]" * 3000 + b"}",
        b'{"entry": [{"changes": [{"field": "messages", "value": 7}]}]}',
        b'{"entry": [NaN]}',
        b"\xef\xbb\xbf{}",
        b"",
    ],
    ids=["deep nul", "deep", "odd value", "nan", "byte order mark", "empty"],
)
def test_no_body_stops_the_drain(acme: Team, body: bytes):
    store_event(acme.number.account_id, body)
    store(acme, text_message())

    assert drain()

    assert count("webhook_events", "state = 'PENDING'") == 0
    assert count("messages") == 1


@pytest.mark.parametrize(
    ("name", "poison"),
    [
        ("not a number", b'{"latitude": NaN}'),
        ("infinity", b'{"latitude": -Infinity}'),
        ("too large", b'{"latitude": 1e999}'),
        ("deep", b"[" * 900 + b"]" * 900),
        *((f"deep {n}", b"[" * n + b"]" * n) for n in (980, 990, 1000, 1010)),
        ("deep objects", b'{"a":' * 1000 + b"1" + b"}" * 1000),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_content_that_the_database_refuses_does_not_stop_the_drain(
    acme: Team, name: str, poison: bytes
):
    message = {**text_message(wamid="wamid.BAD"), "type": "location", "location": "MARK"}
    body = webhook_body(acme.number, [message, text_message(wamid="wamid.GOOD")])
    store_event(acme.number.account_id, body.replace(b'"MARK"', poison))

    assert drain()

    assert count("webhook_events", "state = 'PENDING'") == 0
    assert count("messages", "wamid = 'wamid.GOOD'") == 1
    assert (
        count("messages", "wamid = 'wamid.BAD'")
        + count("messages_unprocessed", "wa_message_id = 'wamid.BAD'")
        == 1
    )


@pytest.mark.parametrize(
    "members",
    [
        {"from": {"a": 1}},
        {"from": ["447700900148"]},
        {"from_user_id": {"a": 1}},
        {"text": {"body": {"a": 1}}},
        {"type": ["text"]},
        {"type": {"a": 1}},
        {"id": {"a": 1}},
        {"from": "x" * 300},
        {"errors": [{"code": "x"}]},
        {"contacts": 7},
    ],
    ids=repr,
)
def test_odd_message_does_not_stop_the_drain(acme: Team, members: dict[str, Any]):
    store(acme, {**text_message(wamid="wamid.BAD"), **members}, text_message(wamid="wamid.GOOD"))

    assert drain()

    assert count("messages", "wamid = 'wamid.GOOD'") == 1
    assert count("messages") + count("messages_unprocessed") == 2


@pytest.mark.parametrize("depth", [1017, 1024, 1030, 5000])
def test_body_that_no_reader_can_nest_is_failed_alone(acme: Team, depth: int):
    message = {**text_message(), "type": "location", "location": "MARK"}
    body = webhook_body(acme.number, [message]).replace(b'"MARK"', b"[" * depth + b"]" * depth)
    store_event(acme.number.account_id, body)
    store(acme, text_message(wamid="wamid.GOOD"))

    assert drain()

    assert count("webhook_events", "state = 'PENDING'") == 0
    assert count("messages", "wamid = 'wamid.GOOD'") == 1


def test_event_whose_item_cannot_even_be_put_aside_is_failed_alone(acme: Team, rival: Team):
    store(acme, text_message("before"))
    bad = store(acme, POISON, text_message("beside"))
    store(rival, text_message("after"))
    table_rows.execute(
        "ALTER TABLE messages_unprocessed"
        " ADD CONSTRAINT broken CHECK (wa_message_id <> 'wamid.POISON')"
    )
    try:
        assert drain()
    finally:
        table_rows.execute("ALTER TABLE messages_unprocessed DROP CONSTRAINT broken")

    state, error = row("SELECT state, error FROM webhook_events WHERE id = %s", bad)
    assert state == "FAILED"
    assert "broken" in error
    assert "9999" not in error
    assert count("webhook_events", "state = 'PROCESSED'") == 2
    assert {text for (text,) in rows("SELECT text FROM messages")} == {"before", "after"}

    with db.transaction() as session:
        webhook_events.replay_failed(session)
    drain()
    assert count("messages") == 3


def test_poison_is_isolated_while_its_999_neighbours_are_applied(acme: Team, rival: Team):
    messages = [text_message(f"{n}", sender=f"4478000{n % 40:05d}") for n in range(999)]
    store(acme, *messages[:640], POISON, *messages[640:])
    store(rival, text_message("theirs"))

    began = time.monotonic()
    assert drain()
    took_s = time.monotonic() - began
    print(f"999 neighbours of a poisoned item: {took_s:.2f} s")

    assert took_s < 5
    assert count("messages", "workspace_id = %s", acme.id) == 999
    assert value(
        "SELECT sum(unread_count) FROM conversations WHERE workspace_id = %s", acme.id
    ) == (999)
    assert count("messages", "workspace_id = %s", rival.id) == 1
    wamid, state, error, account_id = row(
        "SELECT wa_message_id, state, error, account_id FROM messages_unprocessed"
    )
    assert (wamid, state, account_id) == ("wamid.POISON", "WAITING", acme.number.account_id)
    assert "too long" in error
    assert "9999" not in error
    assert count("webhook_events", "state <> 'PROCESSED'") == 0


def test_bad_item_is_tried_again_with_growing_pauses_then_parked(acme: Team):
    store(acme, POISON)
    drain()
    pauses: list[dt.timedelta] = []

    for attempt in range(len(PAUSES)):
        pauses.append(pause_left())
        state, retries = row("SELECT state, retry_count FROM messages_unprocessed")
        assert (state, retries) == ("WAITING", attempt)
        drain()
        assert row("SELECT retry_count FROM messages_unprocessed") == (attempt,)
        make_due()
        drain()

    assert row("SELECT state, retry_count FROM messages_unprocessed") == ("PARKED", len(PAUSES))
    assert pauses == sorted(pauses)
    assert [round(pause / one) for pause, one in zip(pauses, PAUSES, strict=True)] == [1] * 5
    make_due()
    drain(ignore_pauses=True)
    assert row("SELECT retry_count FROM messages_unprocessed") == (len(PAUSES),)


def test_bad_item_that_can_be_applied_meanwhile_is_applied_and_forgotten(acme: Team):
    store(acme, text_message("later", wamid="wamid.LATER"), POISON)
    table_rows.execute("ALTER TABLE messages ADD CONSTRAINT broken CHECK (wamid <> 'wamid.LATER')")
    try:
        drain()
        assert count("messages_unprocessed", "state = 'WAITING'") == 2
    finally:
        table_rows.execute("ALTER TABLE messages DROP CONSTRAINT broken")

    drain(ignore_pauses=True)

    assert row("SELECT wamid, text FROM messages") == ("wamid.LATER", "later")
    assert rows("SELECT wa_message_id FROM messages_unprocessed") == [("wamid.POISON",)]


def test_drain_that_ignores_pauses_ignores_all_of_them(acme: Team, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("app.services.inbound.drain.BATCH", 2)
    messages = [text_message(f"{n}", wamid=f"wamid.{n}") for n in range(5)]
    store(acme, *messages)
    table_rows.execute("ALTER TABLE messages ADD CONSTRAINT broken CHECK (wamid IS NULL)")
    try:
        drain()
    finally:
        table_rows.execute("ALTER TABLE messages DROP CONSTRAINT broken")

    drain(ignore_pauses=True)

    assert count("messages") == 5
    assert count("messages_unprocessed") == 0


def test_number_that_nobody_has_is_parked_and_replayed_after_it_is_connected(
    acme: Team, rival: Team
):
    body = webhook_body(acme.number, [text_message("early")], [status("wamid.X")])
    body = body.replace(acme.number.meta_id.encode(), b"777000777")
    event_id = store_event(acme.number.account_id, body)
    drain()
    assert count("messages_unprocessed", "state = 'PARKED'") == 2
    assert count("messages") == 0

    factories.connect_number(acme.id, meta_id="777000777", waba_id=acme.number.waba_id)
    with db.transaction() as session:
        assert webhook_events.replay(session, event_id) == 1
    drain()

    assert row("SELECT workspace_id, text FROM messages") == (acme.id, "early")
    assert count("messages_unprocessed") == 0
    assert count("message_statuses") == 1


def test_replay_of_what_was_applied_changes_nothing(acme: Team):
    event_id = store(acme, text_message(), text_message(), statuses=[status("wamid.X")])
    drain()
    before = row("SELECT change_seq, unread_count FROM conversations")

    for _ in range(2):
        with db.transaction() as session:
            webhook_events.replay(session, event_id)
        drain()

    assert row("SELECT change_seq, unread_count FROM conversations") == before
    assert count("messages") == 2
    assert count("message_statuses") == 1


def test_replay_of_failed_ones_takes_unreadable_bodies_and_parked_items(acme: Team):
    fine = store(acme, text_message())
    store_event(acme.number.account_id, b"not JSON")
    store(acme, POISON)
    drain()

    with db.transaction() as session:
        assert webhook_events.replay_failed(session) == 2
    assert count("webhook_events", "state = 'PENDING'") == 2
    drain()

    assert row("SELECT state FROM webhook_events WHERE id = %s", fine) == ("PROCESSED",)
    assert count("webhook_events", "state = 'FAILED'") == 1
    assert count("messages_unprocessed") == 1


def test_replay_of_an_event_that_is_not_there_is_told(acme: Team):
    with pytest.raises(NotFound), db.transaction() as session:
        webhook_events.replay(session, acme.id)


def test_stats_count_everything_once_and_by_workspace(acme: Team, rival: Team):
    store(acme, text_message(), POISON)
    store(rival, text_message(), text_message(sender="447700900149"))
    store_event(acme.number.account_id, b"not JSON")
    store_event(None, webhook_body(acme.number, [text_message()]))
    drain()
    store(acme, text_message())

    everything, mine = stats.collect(), stats.collect(acme.id)

    assert everything["webhook_events"] == {
        "received": 5, "pending": 1, "processed": 3, "failed": 1,
    }  # fmt: skip
    assert mine["webhook_events"] == {"received": 3, "pending": 1, "processed": 1, "failed": 1}
    assert (everything["unprocessed"], mine["unprocessed"]) == (2, 1)
    assert (everything["messages"]["inbound"], mine["messages"]["inbound"]) == (3, 1)
    assert (everything["contacts"], mine["contacts"]) == (3, 1)
    assert (everything["conversations"], mine["conversations"]) == (3, 1)
    assert set(mine["messages"]["byStatus"]) == {
        "queued", "sending", "uncertain", "sent", "delivered", "read", "played", "failed",
    }  # fmt: skip
    assert stats.unfinished() == 1

"""What is put aside is there once, however often it comes; what has nothing in it is no fault."""

import datetime as dt
from typing import Any
from uuid import UUID

import pytest

from app import db
from app.services import stats, tidy, webhook_events
from app.services.inbound.drain import drain
from tests import factories
from tests.factories import Team
from tests.table_rows import count, execute, row, rows
from tests.webhook_factories import envelope, status, store_event, text_message, webhook_body

# Longer than the column that keeps it, which only PostgreSQL finds out.
POISON = text_message("poison", sender="9" * 201, wamid="wamid.POISON", at=1_760_000_000)


def store(team: Team, *messages: dict[str, Any], statuses: Any = ()) -> UUID:
    body = webhook_body(team.number, list(messages), list(statuses))
    return store_event(team.number.account_id, body)


def replay(event_id: UUID) -> None:
    with db.transaction() as session:
        webhook_events.replay(session, event_id)


@pytest.mark.parametrize("is_together", [True, False], ids=["in one batch", "one after another"])
def test_body_that_comes_twice_puts_its_bad_item_aside_once(acme: Team, *, is_together: bool):
    odd = {**text_message(wamid="wamid.ODD", at=1_760_000_000), "from": {"a": 1}}
    for _ in range(2):
        store(acme, POISON, odd, text_message("good", wamid="wamid.GOOD", at=1_760_000_000))
        assert is_together or drain()
    drain()

    aside = rows("SELECT wa_message_id FROM messages_unprocessed ORDER BY wa_message_id")
    assert aside == [("wamid.ODD",), ("wamid.POISON",)]
    assert count("messages") == 1
    assert count("webhook_events", "state = 'PROCESSED'") == 2


def test_same_bad_item_of_two_accounts_is_put_aside_for_each(acme: Team, rival: Team):
    body = webhook_body(acme.number, [POISON])
    for account_id in (acme.number.account_id, rival.number.account_id, None, None):
        store_event(account_id, body)

    drain()

    assert count("messages_unprocessed") == 3


@pytest.mark.parametrize("which", [0, 1], ids=["the first", "the second"])
def test_replay_of_either_delivery_applies_the_item_and_leaves_nothing_aside(
    acme: Team, which: int
):
    body = webhook_body(acme.number, [text_message("early")])
    body = body.replace(acme.number.meta_id.encode(), b"777000777")
    events = [store_event(acme.number.account_id, body) for _ in range(2)]
    drain()
    assert count("messages_unprocessed", "state = 'PARKED'") == 1

    replay(events[which])
    drain()
    assert count("messages_unprocessed", "state = 'PARKED'") == 1
    factories.connect_number(acme.id, meta_id="777000777", waba_id=acme.number.waba_id)
    replay(events[which])
    drain()

    assert rows("SELECT text FROM messages") == [("early",)]
    assert count("messages_unprocessed") == 0


def test_parked_items_are_taken_up_by_themselves_once_the_number_is_connected(
    acme: Team, rival: Team
):
    for team, text in ((acme, "ours"), (rival, "of another route")):
        body = webhook_body(acme.number, [text_message(text)])
        store_event(
            team.number.account_id, body.replace(acme.number.meta_id.encode(), b"777000777")
        )
    store(acme, POISON)
    drain()
    execute("UPDATE messages_unprocessed SET state = 'PARKED'")
    tidy.take_up()
    assert count("messages_unprocessed", "state = 'PARKED'") == 3

    factories.connect_number(acme.id, meta_id="777000777", waba_id=acme.number.waba_id)
    tidy.take_up()
    drain()

    assert rows("SELECT text, workspace_id FROM messages") == [("ours", acme.id)]
    assert count("messages_unprocessed", "state = 'PARKED'") == 2


@pytest.mark.parametrize("time", ["soon", None, "1760000000000", "-1"], ids=repr)
def test_message_and_status_with_a_time_that_cannot_be_are_applied(acme: Team, time: object):
    store(
        acme,
        text_message(wamid="wamid.TIMELESS") | {"timestamp": time},
        statuses=[status("wamid.X") | {"timestamp": time}],
    )

    drain()

    assert count("messages_unprocessed") == 0
    came, sent_at, told_at = row(
        "SELECT e.created_at, m.sent_at, s.occurred_at"
        " FROM webhook_events e, messages m, message_statuses s"
    )
    assert came == sent_at == told_at


def test_message_that_is_tried_again_keeps_the_time_at_which_it_came(acme: Team):
    body = webhook_body(acme.number, [text_message() | {"timestamp": "soon"}])
    body = body.replace(acme.number.meta_id.encode(), b"777000777")
    event_id = store_event(acme.number.account_id, body)
    drain()
    factories.connect_number(acme.id, meta_id="777000777", waba_id=acme.number.waba_id)

    replay(event_id)
    drain()

    came, sent_at = row("SELECT e.created_at, m.sent_at FROM webhook_events e, messages m")
    assert sent_at == came
    assert sent_at.utcoffset() == dt.timedelta(0)


@pytest.mark.parametrize(
    ("body", "state", "reason"),
    [
        (b"{}", "PROCESSED", None),
        (b'{"entry": []}', "PROCESSED", None),
        (b"[]", "FAILED", "it has no list of entries"),
        (b"null", "FAILED", "it has no list of entries"),
        (b'{"object": "page"}', "FAILED", "it has no list of entries"),
    ],
    ids=repr,
)
def test_body_with_nothing_in_it_is_done_and_what_is_no_webhook_is_failed(
    acme: Team, body: bytes, state: str, reason: str | None
):
    store_event(acme.number.account_id, body)

    assert drain()

    found, error = row("SELECT state, error FROM webhook_events")
    assert found == state
    assert (reason or "") in (error or "")
    assert bool(error) == bool(reason)
    assert count("messages_unprocessed") == 0


def test_error_that_whatsapp_reports_of_a_number_is_logged_and_counted_once(
    acme: Team, caplog: pytest.LogCaptureFixture
):
    value = {
        "metadata": {"phone_number_id": acme.number.meta_id},
        "errors": [{"code": 131031, "title": "Business Account locked"}],
    }
    body = envelope({"field": "messages", "value": value})
    store_event(acme.number.account_id, body)
    store_event(acme.number.account_id, body)

    drain()

    assert stats.collect(acme.id)["unprocessed"] == 1
    assert row("SELECT state, error FROM messages_unprocessed") == (
        "PARKED",
        "WhatsApp reports error 131031 for this number: Business Account locked",
    )
    [logged] = [one.msg for one in caplog.records if "whatsapp_reports_error" in str(one.msg)]
    assert isinstance(logged, dict)
    assert logged["code"] == 131031
    assert acme.number.meta_id.endswith(logged["meta_phone_number_id"].lstrip("…"))

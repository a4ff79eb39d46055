"""Calls from customers and to them, as Meta tells of them: one line in the thread, in the end."""

import itertools
import json
from typing import Any

import pytest

from app import db
from app.components import bubbles
from app.services import messages
from app.services.inbound.drain import drain
from tests.factories import Team
from tests.table_rows import count, execute, row, rows, value
from tests.webhook_factories import envelope, store_event

CUSTOMER, OURS = "4915551234567", "15550783881"
AT = 1_739_321_024


def call(event: str = "terminate", **members: Any) -> dict[str, Any]:
    return {
        "id": "wacid.ONE", "from": CUSTOMER, "to": OURS, "event": event,
        "direction": "USER_INITIATED", "timestamp": str(AT), **members,
    }  # fmt: skip


def store(team: Team, *calls: dict[str, Any], **members: Any) -> None:
    about = {"metadata": {"display_phone_number": "1", "phone_number_id": team.number.meta_id}}
    change = {"field": "calls", "value": {**about, "calls": list(calls), **members}}
    store_event(team.number.account_id, envelope(change))


def card(team: Team) -> dict[str, Any]:
    with db.transaction(team.id) as session:
        thread_id = value("SELECT id FROM conversations")
        [view] = messages.window(session, team.viewer, thread_id).messages
    [found] = bubbles.row(view, view.id)["cards"]
    return dict(found)


def test_call_is_one_line_in_any_order_and_however_often_it_is_told(acme: Team, rival: Team):
    offer = call("connect", session={"sdp_type": "offer", "sdp": "v=0"})
    end = call(status="COMPLETED", duration=62)
    for order in itertools.permutations([offer, end, end]):
        for table in ("messages", "conversations", "contacts", "webhook_events"):
            execute(f"DELETE FROM {table}")  # noqa: S608  # our own words
        for one in order:
            store(acme, one)
            assert drain()

        assert rows("SELECT wamid, type, direction, workspace_id FROM messages") == [
            ("wacid.ONE", "call", "inbound", acme.id)
        ]
        assert (card(acme)["title"], card(acme)["sub"]) == ("Call", "Lasted 1:02")
        assert "sdp" not in json.dumps(value("SELECT content FROM messages"))
    assert value("SELECT phone_number FROM contacts") == f"+{CUSTOMER}"


@pytest.mark.parametrize("end", [{"status": "FAILED"}, {"status": "COMPLETED"}, {"duration": "x"}])
def test_missed_call_wants_to_be_looked_at_and_one_may_answer_it(acme: Team, end: dict[str, Any]):
    store(acme, call(**end))
    assert drain()

    assert card(acme)["title"] == "Missed call"
    thread = "SELECT unread_count, window_expires_at IS NOT NULL, last_message_type FROM"
    assert row(f"{thread} conversations") == (1, True, "call")


def test_call_to_a_customer_is_ours_and_opens_nothing(acme: Team):
    store(
        acme,
        call(direction="BUSINESS_INITIATED", to=CUSTOMER, status="COMPLETED", duration=3)
        | {"from": OURS},
        statuses=[{"id": "wacid.ONE", "type": "call", "status": "RINGING", "timestamp": str(AT)}],
    )
    assert drain()

    assert card(acme)["title"] == "You called"
    thread = "SELECT unread_count, window_expires_at, last_message_direction FROM conversations"
    assert row(thread) == (0, None, "outbound")
    assert value("SELECT phone_number FROM contacts") == f"+{CUSTOMER}"
    assert count("messages_unprocessed") == 0


@pytest.mark.parametrize("bad", [None, "x", {}, {"event": "terminate"}, call() | {"from": []}])
def test_call_that_cannot_be_read_is_put_aside_or_passes(acme: Team, bad: Any):
    store(acme, bad, call(id="wacid.GOOD"))
    assert drain()

    assert rows("SELECT wamid FROM messages") == [("wacid.GOOD",)]
    is_passing = isinstance(bad, dict) and "event" not in bad
    assert count("messages_unprocessed") == (0 if is_passing else 1)

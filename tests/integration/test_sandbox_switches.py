"""The sandbox's switches, set over HTTP and felt by the product: nothing lost but what was dropped.

Each is set for one number only. The rival's number, on the same sandbox, stays as it was.
"""

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from app import db
from app.clock import utc_now
from app.components import bubbles
from app.sandbox.customers import Customer
from app.services import messages
from app.services.inbound.drain import drain
from app.services.outbox.drain import drain as drain_outbox
from app.services.whatsapp import client
from tests import factories
from tests.factories import Team
from tests.integration.outbox_line import Graph, Line, listen, make_line
from tests.table_rows import count, message_row, rows, status_of
from tests.waiting import wait_until

CUSTOMERS = 4
MESSAGES = 10  # of each customer
REPLIES = 3  # to each customer


@pytest.fixture
def other(graph: Graph, line: Line, rival: Team) -> Iterator[Line]:
    """The rival's line, whose number nobody troubles."""
    made = make_line(graph, rival)
    listen(made)
    yield made
    for one in (line, made):
        graph.store.set_callback(one.number.waba_id, None)


def control(line: Line, **wishes: Any) -> dict[str, Any]:
    """Set the switches of this line's number, as a tool would do it."""
    bearer = line.graph.app.state.sandbox.settings.derive("sandbox-provisioning")
    answer = httpx.post(
        f"{line.graph.address}/control",
        json={"phoneNumberId": line.number.meta_id, **wishes},
        headers={"Authorization": f"Bearer {bearer}"},
        trust_env=False,
    )
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def new_customer(line: Line) -> Customer:
    wa_id = factories.new_phone().lstrip("+")
    return line.graph.store.customers.find_or_create(line.sandbox_number.workspace, wa_id)


def say(line: Line, customer: Customer, text: str) -> str:
    """Let a customer write; returns the message's id."""
    lifecycle = line.graph.app.state.sandbox.lifecycle
    return str(lifecycle.say(line.sandbox_number, customer, text).wamid)


def arrive(*lines: Line) -> None:
    """Wait until the sandbox has delivered everything of these numbers, and apply it."""
    query = "SELECT 1 FROM updates WHERE meta_phone_number_id = ? LIMIT 1"
    for line in lines:
        wait_until(lambda line=line: not line.graph.store.database.row(query, line.number.meta_id))
    assert drain()


def bodies_of(line: Line) -> list[Any]:
    found = rows(
        "SELECT payload FROM webhook_events WHERE account_id = %s ORDER BY id",
        line.number.account_id,
    )
    return [json.loads(bytes(one[0])) for one in found]


def items_of(body: Any, kind: str) -> list[str]:
    changes = [change for entry in body["entry"] for change in entry["changes"]]
    return [one["id"] for change in changes for one in change["value"].get(kind, [])]


def received(line: Line) -> Counter[str]:
    """Return the customers' messages that are in the database, as often as they are there."""
    found = rows(
        "SELECT wamid FROM messages WHERE direction = 'inbound' AND workspace_id = %s", line.team.id
    )
    return Counter(wamid for (wamid,) in found)


def test_combined_shuffled_and_doubled_updates_end_once_and_right(line: Line, other: Line):
    control(line, batch=7, reorder=True, duplicate=True)
    customers = [new_customer(line) for _ in range(CUSTOMERS)]
    said = [say(line, one, f"{n}") for n in range(MESSAGES) for one in customers]
    threads = [line.new_thread() for _ in range(CUSTOMERS)]
    written = [line.write(f"{n}", thread=one) for n in range(REPLIES) for one in threads]
    theirs, ours = say(other, new_customer(other), "Hello"), other.write()
    assert drain_outbox()

    listen(line)
    arrive(line, other)

    assert received(line) == Counter(said)
    assert {status_of(message_id) for message_id in (*written, ours)} == {"read"}
    news = rows("SELECT message_id, status FROM message_statuses")
    assert Counter(news) == Counter(
        (one, word) for one in (*written, ours) for word in ("sent", "delivered", "read")
    )
    assert received(other) == Counter([theirs])
    assert count("messages_unprocessed") == 0
    bodies = bodies_of(line)
    assert set(Counter(map(json.dumps, bodies)).values()) == {2}
    assert max(len(items_of(one, "messages") + items_of(one, "statuses")) for one in bodies) == 7
    came = dict.fromkeys(wamid for body in bodies for wamid in items_of(body, "messages"))
    assert list(came) != said


def test_one_after_another_without_any_switch(line: Line, other: Line):
    """What the test above sees is the switches' doing."""
    ana = new_customer(line)
    said = [say(line, ana, f"{n}") for n in range(MESSAGES)]

    listen(line)
    arrive(line)

    assert [items_of(body, "messages") for body in bodies_of(line)] == [[one] for one in said]


def test_drop_loses_what_is_sent_meanwhile_and_nothing_else(line: Line, other: Line):
    listen(line)
    ana, ben = new_customer(line), new_customer(other)
    before = say(line, ana, "before")
    arrive(line)
    control(line, drop=True)
    lost, theirs = say(line, ana, "lost"), say(other, ben, "Hello")
    reply = line.write()
    assert drain_outbox()
    arrive(line, other)

    control(line, drop=False)
    after = say(line, ana, "after")
    arrive(line)

    assert received(line) == Counter([before, after])
    assert lost not in received(line)
    assert received(other) == Counter([theirs])
    assert message_row(reply, "status", "text") == ("sent", "Hello")
    assert count("message_statuses", "message_id = %s", reply) == 0


def test_drop_of_a_part_leaves_the_rest_whole(line: Line, other: Line):
    control(line, drop=0.5)
    said = {say(line, new_customer(line), f"{n}") for n in range(40)}

    listen(line)
    arrive(line)

    assert set(received(line).values()) == {1}
    assert set(received(line)) < said


def test_delay_holds_updates_back_for_as_long(line: Line, other: Line):
    listen(line)
    control(line, delayMs=900)
    start = utc_now()
    late, at_once = say(line, new_customer(line), "late"), say(other, new_customer(other), "now")

    arrive(line, other)

    came = dict(rows("SELECT account_id, created_at FROM webhook_events"))
    assert came[line.number.account_id] - start >= dt.timedelta(milliseconds=900)
    assert came[other.number.account_id] < came[line.number.account_id]
    assert (received(line), received(other)) == (Counter([late]), Counter([at_once]))


def shown(line: Line, message_id: UUID) -> tuple[str, str | None, str | None]:
    """Return what the thread shows of a message: its status, why it failed, what one may do."""
    with db.transaction(line.team.id) as session:
        views = messages.window(session, line.team.agent, line.thread).messages
    [row] = [bubbles.row(view, None) for view in views if view.id == message_id]
    error = row["error"] or {"text": None, "action": None}
    return row["status"], error["text"], error["action"]


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (131026, "This number cannot receive the message"),
        (131047, "The 24-hour window has closed"),
        (131050, "The customer does not want marketing messages"),
        (190, "WhatsApp no longer accepts this number's access token"),
        (368, "WhatsApp restricted this business account"),
        (424242, "for a reason we do not know"),
    ],
)
def test_failure_that_lasts_is_shown_with_its_reason(
    line: Line, other: Line, failure: int, reason: str
):
    control(line, failWith=failure)
    message_id, theirs = line.write(), other.write()

    assert drain_outbox()

    status, text, action = shown(line, message_id)
    assert (status, action) == ("failed", None)
    assert reason in str(text)
    assert shown(other, theirs) == ("sent", None, None)
    assert line.sent() == []


@pytest.mark.parametrize("failure", ["503", "429", "130429", "131056"])
def test_failure_that_passes_is_shown_as_waiting_and_counts_down(
    line: Line, other: Line, failure: str
):
    control(line, failWith=failure, count=2)
    message_id = line.write()

    for _ in range(2):
        assert drain_outbox(ignore_pauses=True)
        status, reason, way_out = shown(line, message_id)
        assert (status, way_out) == ("queued", "stop")
        assert "sent again by itself" in str(reason)
    assert control(line)["failWith"] is None
    assert drain_outbox(ignore_pauses=True)

    assert shown(line, message_id) == ("sent", None, None)
    assert len(line.sent()) == 1


def test_answer_that_does_not_come_is_shown_as_uncertain_and_settled_by_its_news(
    line: Line, other: Line, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(client, "TIMEOUT", httpx.Timeout(0.3))
    client.forget_connections()
    control(line, failWith="timeout", count=1)
    message_id = line.write()

    assert drain_outbox()

    assert shown(line, message_id)[::2] == ("uncertain", "resend")
    listen(line)
    arrive(line)
    assert shown(line, message_id) == ("read", None, None)
    assert len(line.sent()) == 1

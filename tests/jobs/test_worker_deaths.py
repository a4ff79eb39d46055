"""What kills the process that works on it is found, parked with its reason, and delays nobody."""

import datetime as dt
import shutil
import time
from collections.abc import Iterator
from typing import Any

import pytest

from app import crash, db, queue
from app.clock import utc_now
from app.config import configure, settings
from app.ids import new_id
from app.queue import JobName
from app.services import sending, webhook_events
from app.services.inbound.drain import drain
from app.services.inbound.marks import WORKER_DIED
from app.services.outbox.drain import drain as drain_outbox
from app.workers import run_burst
from tests import factories, table_rows
from tests.factories import Team
from tests.jobs.test_worker import _own_signals  # noqa: F401  # RQ sets handlers
from tests.table_rows import count, row, rows, value
from tests.webhook_factories import status, store_event, store_events, text_message, webhook_body

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning"),
]

DEADLY = "wamid.DEADLY"
PATIENCE = dt.timedelta(seconds=5)


@pytest.fixture(autouse=True)
def _no_crashes() -> Iterator[None]:
    """Leave neither a crash point nor the traces of crashes to the next test."""
    yield
    configure(crash_point="")
    shutil.rmtree(settings().data_dir / "crashes", ignore_errors=True)


@pytest.fixture
def deadly() -> None:
    """Let every process die that applies the deadly message."""
    configure(crash_point=f"drain.applied/{DEADLY}")


def store(team: Team, *updates: dict[str, Any]) -> Any:
    return store_event(team.number.account_id, webhook_body(team.number, list(updates)))


def work() -> dt.timedelta:
    """Ring once and let the worker do what comes of it; returns how long that took."""
    began = time.monotonic()
    queue.ring(JobName.DRAIN_WEBHOOKS)
    run_burst()
    return dt.timedelta(seconds=time.monotonic() - began)


@pytest.mark.usefixtures("deadly")
def test_body_that_kills_is_parked_and_its_thousand_neighbours_go_on(acme: Team, rival: Team):
    bodies = []
    for number in range(1000):
        team = rival if number % 2 else acme
        update = text_message(f"{number}", sender=f"4478000{number % 40:05d}")
        bodies.append((team.number.account_id, webhook_body(team.number, [update])))
    deadly = webhook_body(acme.number, [text_message("deadly", wamid=DEADLY)])
    store_events(*bodies[:400], (acme.number.account_id, deadly), *bodies[400:])

    took = work()
    print(f"1,000 neighbours of a body that kills: {took.total_seconds():.1f} s")

    assert count("messages") == 1000
    assert count("webhook_events", "state = 'PENDING'") == 0
    assert count("drain_marks") == 0
    assert took < PATIENCE
    try_again_and_park()
    assert crash.hits(settings(), "drain.applied") == 5


@pytest.mark.usefixtures("deadly")
def test_item_that_kills_is_parked_and_its_neighbours_in_the_same_body_go_on(acme: Team):
    good = [text_message(f"{n}", wamid=f"wamid.{n}") for n in range(30)]
    store(acme, *good[:11], text_message("deadly", wamid=DEADLY), *good[11:])

    work()

    assert count("messages") == 30
    assert row("SELECT state FROM webhook_events") == ("PROCESSED",)
    try_again_and_park()


@pytest.mark.usefixtures("deadly")
def test_item_that_kills_and_comes_twice_is_put_aside_once(acme: Team):
    deadly = text_message("deadly", wamid=DEADLY, at=1_760_000_000)
    store(acme, deadly, text_message("beside the first"))
    store(acme, deadly, text_message("beside the second"))

    work()

    assert count("messages") == 2
    assert count("webhook_events", "state = 'PROCESSED'") == 2
    try_again_and_park()


@pytest.mark.usefixtures("deadly")
def test_item_whose_retry_kills_is_parked(acme: Team):
    table_rows.execute(
        "ALTER TABLE messages ADD CONSTRAINT broken CHECK (wamid NOT LIKE '%%DEA%%')"
    )
    configure(crash_point="")
    try:
        store(acme, text_message("deadly", wamid=DEADLY))
        drain()
    finally:
        table_rows.execute("ALTER TABLE messages DROP CONSTRAINT broken")
    assert row("SELECT state FROM messages_unprocessed") == ("WAITING",)
    table_rows.execute("UPDATE messages_unprocessed SET next_retry_at = now()")
    configure(crash_point=f"drain.applied/{DEADLY}")
    store(acme, text_message("neighbour"))

    work()

    assert row("SELECT state, error FROM messages_unprocessed") == ("PARKED", WORKER_DIED)
    assert rows("SELECT text FROM messages") == [("neighbour",)]


@pytest.mark.usefixtures("deadly")
def test_replay_of_what_killed_is_harmless_and_applies_it_once_it_can_be_applied(acme: Team):
    event_id = store(acme, text_message("before"), text_message("deadly", wamid=DEADLY))
    work()
    assert count("messages") == 1
    try_again_and_park()

    replay(event_id)
    work()
    assert count("messages") == 1
    try_again_and_park()

    configure(crash_point="")
    for _ in range(2):
        replay(event_id)
        work()
        assert count("messages") == 2
        assert count("messages_unprocessed") == 0


def try_again_and_park() -> None:
    """Let the pause of what was put aside be over: it kills once more."""
    assert rows("SELECT wa_message_id, state, error FROM messages_unprocessed") == [
        (DEADLY, "WAITING", WORKER_DIED)
    ]
    table_rows.execute("UPDATE messages_unprocessed SET next_retry_at = now()")
    work()
    assert rows("SELECT wa_message_id, state, error FROM messages_unprocessed") == [
        (DEADLY, "PARKED", WORKER_DIED)
    ]


def replay(event_id: Any) -> None:
    with db.transaction() as session:
        webhook_events.replay(session, event_id)


@pytest.mark.parametrize("name", ["drain.marked", "drain.applied", "drain.committed"])
def test_worker_that_dies_now_and_then_loses_nothing(acme: Team, name: str):
    configure(crash_point=f"{name}*3")
    for number in range(10):
        store(acme, text_message(f"{number}"))
    for _ in range(3):
        store(acme, text_message("more"))
        work()

    assert crash.hits(settings(), name) == 3
    assert count("messages") == 13
    assert count("webhook_events", "state <> 'PROCESSED'") == 0
    assert count("messages_unprocessed") == 0
    assert count("drain_marks") == 0


def test_message_whose_sender_died_is_uncertain_at_once_and_its_status_settles_it(
    acme: Team,
):
    configure(crash_point="outbox.claimed*1")
    thread = factories.make_conversation(acme.number)
    with db.transaction(acme.id) as session:
        view = sending.send_text(session, acme.agent, thread, text="x", client_ref=new_id())
    run_burst()

    assert table_rows.status_of(view.id) == "uncertain"
    store_event(
        acme.number.account_id,
        webhook_body(acme.number, statuses=[status("wamid.X", "read", callback=view.id)]),
    )
    drain()
    drain_outbox()
    assert table_rows.status_of(view.id) == "read"
    assert utc_now() - value("SELECT updated_at FROM messages") < PATIENCE

"""From a bell to applied rows, through RQ and a forked work-horse; nothing is lost with either."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from rq import Callback
from rq.job import Job

from app import db, jobs, queue
from app.ids import new_id
from app.models.enums import MessageStatus
from app.queue import JobName, Lane
from app.services import sending, tidy, turns, webhook_events
from app.services.inbound import drain
from app.workers import Clock, run_burst
from tests import factories, table_rows, waiting
from tests.factories import Team
from tests.table_rows import count, status_of
from tests.waiting import wait_until, waiting_backends
from tests.webhook_factories import store_event, text_message, webhook_body

pytestmark = [
    # RQ forks; beside us only the thread that watches the embedded services is there.
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning"),
]


@pytest.fixture(autouse=True)
def _own_signals() -> Iterator[None]:
    """Put back the signal handlers that an RQ worker sets in this process."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


def store(team: Team, text: str = "Hello") -> None:
    store_event(team.number.account_id, webhook_body(team.number, [text_message(text)]))


def children() -> set[int]:
    return {
        int(pid)
        for task in Path("/proc/self/task").iterdir()
        for pid in (task / "children").read_text().split()
    }


def test_bell_becomes_applied_messages(acme: Team, rival: Team):
    for team in (acme, rival):
        store(team)
        queue.ring(JobName.DRAIN_WEBHOOKS)
    assert queue.rq_queue(Lane.INBOUND).count == 1

    run_burst()

    assert count("messages", "workspace_id = %s", acme.id) == 1
    assert count("messages", "workspace_id = %s", rival.id) == 1
    assert queue.rq_queue(Lane.INBOUND).count == 0


def test_bell_of_the_outbox_sends(acme: Team):
    table_rows.execute("UPDATE whatsapp_accounts SET graph_url = 'http://127.0.0.1:1'")
    thread = factories.make_conversation(acme.number)
    with db.transaction(acme.id) as session:
        view = sending.send_text(session, acme.agent, thread, text="x", client_ref=new_id())

    run_burst()

    assert table_rows.message_row(view.id, "status", "attempt_count") == ("queued", 1)


def test_sweep_rings_for_what_a_lost_redis_has_forgotten(acme: Team):
    store(acme)
    queue.ring(JobName.DRAIN_WEBHOOKS)
    queue.connection().flushdb()
    queue.ring(JobName.SWEEP)

    run_burst()

    assert count("messages") == 1


def test_sweep_with_nothing_to_do_rings_nobody(acme: Team):
    jobs.sweep()

    assert queue.rq_queue(Lane.INBOUND).count == queue.rq_queue(Lane.OUTBOUND).count == 0


def test_sweep_rings_for_retries_that_are_due_and_for_expired_leases(acme: Team):
    event = text_message(sender="9" * 201)
    store_event(acme.number.account_id, webhook_body(acme.number, [event]))
    drain.drain()
    message_id = factories.make_message(
        factories.make_conversation(acme.number), status=MessageStatus.SENDING, has_wamid=False
    )
    jobs.sweep()
    assert queue.rq_queue(Lane.INBOUND).count == 0

    table_rows.execute("UPDATE messages_unprocessed SET next_retry_at = now()")
    table_rows.execute("UPDATE messages SET next_attempt_at = now()")
    assert tidy.waiting() == tidy.Waiting(webhooks=True, outbox=True, media=False, mail=False)
    jobs.sweep()
    run_burst()

    assert table_rows.value("SELECT retry_count FROM messages_unprocessed") == 1
    assert status_of(message_id) == "uncertain"


def test_killed_work_horse_loses_nothing(acme: Team, rival: Team):
    """It is killed in the middle of its transaction, which a lock holds open."""
    for team in (acme, rival):
        store(team)
    queue.ring(JobName.DRAIN_WEBHOOKS)
    before = children()

    with waiting.held("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE"):

        def kill_the_horse() -> None:
            wait_until(waiting_backends)
            for pid in children() - before:
                os.kill(pid, signal.SIGKILL)

        killer = threading.Thread(target=kill_the_horse)
        killer.start()
        run_burst()
        killer.join()
    assert count("webhook_events", "state = 'PENDING'") == 2
    assert count("messages") == 0

    queue.connection().delete("wake:sweep", "wake:drain_webhooks")
    queue.ring(JobName.SWEEP)
    run_burst()

    assert count("messages") == 2
    assert count("webhook_events", "state = 'PROCESSED'") == 2


def test_job_that_fails_leaves_its_work_to_the_next_one(acme: Team):
    store(acme)
    table_rows.execute("ALTER TABLE webhook_events RENAME TO out_of_reach")
    try:
        queue.ring(JobName.DRAIN_WEBHOOKS)
        run_burst()
    finally:
        table_rows.execute("ALTER TABLE out_of_reach RENAME TO webhook_events")
    assert queue.rq_queue(Lane.INBOUND).failed_job_registry.count == 1
    assert count("messages") == 0

    assert queue.ring(JobName.DRAIN_WEBHOOKS), "The job takes its key away first."
    run_burst()

    assert count("messages") == 1


@pytest.mark.parametrize(
    ("others", "rung"), [([JobName.SWEEP], [JobName.SWEEP, JobName.DRAIN_WEBHOOKS]), ([], [])]
)
def test_drain_rings_again_when_it_gives_way_to_others(
    acme: Team, others: list[JobName], rung: list[JobName]
):
    store(acme)
    for name in others:
        queue.ring(name)

    with waiting.held("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE"):
        job = threading.Thread(target=jobs.drain_webhooks)
        job.start()
        wait_until(waiting_backends)
        time.sleep(turns.GIVE_WAY_AFTER_S)
    job.join()

    assert [job.func_name for job in queue.rq_queue(Lane.INBOUND).jobs] == [
        name.path for name in rung
    ]
    assert count("messages") == 1


def test_foreign_job_does_not_run_and_holds_nobody_up(acme: Team, tmp_path: Path):
    marker = tmp_path / "ran"
    for name, options in (
        ("os.system", {}),
        ("app.jobs.sweep", {"on_success": "os.getpid"}),
        ("app.jobs.sweep", {"on_failure": "os.getpid"}),
    ):
        job = Job.create(
            name,
            args=(f"touch {marker}",) if name == "os.system" else (),
            connection=queue.connection(),
            serializer="json",
            origin="inbound",
            **({key: _callback(value) for key, value in options.items()}),
        )
        queue.rq_queue(Lane.INBOUND).enqueue_job(job)
    store(acme)
    queue.ring(JobName.DRAIN_WEBHOOKS)

    for _ in range(4):  # a worker that stops over a foreign job is started again
        run_burst()

    assert not marker.exists()
    assert count("messages") == 1


def test_clock_rings_what_is_due_and_several_clocks_ring_once():
    for clock in (Clock(queue.connection()), Clock(queue.connection())):
        clock.enqueue_jobs()

    assert sum(queue.rq_queue(lane).count for lane in Lane) == len(jobs.SCHEDULE)


def test_tidying_runs_as_a_job(acme: Team):
    queue.ring(JobName.TIDY)

    run_burst()

    assert queue.rq_queue(JobName.TIDY.lane).failed_job_registry.count == 0


def test_replay_rings(acme: Team):
    store(acme)
    drain.drain()
    event_id = table_rows.value("SELECT id FROM webhook_events")
    with db.transaction() as session:
        webhook_events.replay(session, event_id)

    run_burst()

    assert count("webhook_events", "state = 'PROCESSED'") == 1


def _callback(name: str) -> object:
    return Callback(name)

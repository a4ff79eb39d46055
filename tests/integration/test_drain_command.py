"""`drain` is done when nothing is left and nobody holds anything, not before."""

import threading
import time

import pytest

from app.services.outbox.drain import drain as drain_outbox
from tests.command_line import begin, command, finish, succeed
from tests.factories import Team
from tests.integration.outbox_line import Line
from tests.table_rows import execute, status_of
from tests.waiting import held, wait_until
from tests.webhook_factories import store_event, text_message, webhook_body

HOLD = "SELECT id FROM {} FOR UPDATE"


def test_message_that_a_worker_is_sending_is_waited_for(line: Line) -> None:
    line.graph.fail("timeout")  # Graph answers after two seconds
    message_id = line.write()
    worker = threading.Thread(target=drain_outbox)
    worker.start()
    wait_until(lambda: status_of(message_id) == "sending")

    answer = succeed("drain", "--timeout", "30")

    worker.join()
    assert answer["messages"]["byStatus"]["sending"] == 0
    assert answer["messages"]["byStatus"]["sent"] == 1


def test_message_of_a_worker_that_does_not_end_is_a_timeout(line: Line) -> None:
    message_id = line.write()
    execute(
        "UPDATE messages SET status = 'sending', next_attempt_at = now() + interval '1 minute'"
        " WHERE id = %s",
        message_id,
    )

    assert command("drain", "--timeout", "1").error[0] == "drain_timeout"
    assert status_of(message_id) == "sending"


@pytest.mark.parametrize("table", ["webhook_events", "messages_unprocessed"])
def test_what_a_worker_has_claimed_is_waited_for(acme: Team, table: str) -> None:
    store_event(acme.number.account_id, webhook_body(acme.number, [text_message()]))
    if table == "messages_unprocessed":
        put_aside()

    with held(HOLD.format(table)):
        process = begin("-m", "app", "drain", "--timeout", "60")
        time.sleep(6)
        is_waiting = process.poll() is None
    done = finish(process)

    assert is_waiting, (done.out, done.log)
    assert done.status == 0
    assert done.answer["webhook_events"]["pending"] == 0


def put_aside() -> None:
    """Make an item wait for its retry for a reason that stays."""
    execute(
        "INSERT INTO messages_unprocessed (id, webhook_event_id, item, account_id, payload, error,"
        " state, next_retry_at) SELECT gen_random_uuid(), id, 'x', account_id, '{}', 'it failed',"
        " 'WAITING', now() + interval '1 hour' FROM webhook_events"
    )
    execute("UPDATE webhook_events SET state = 'PROCESSED'")

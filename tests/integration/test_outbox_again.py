"""A message that a person has sent again: the news of its attempts stay apart."""

from uuid import UUID

import pytest

from app import db
from app.db import DbRole
from app.ids import new_id
from app.services import sending
from app.services.inbound.drain import drain as drain_webhooks
from app.services.locks import start_run
from app.services.outbox.claim import claim
from app.services.outbox.drain import drain as drain_outbox
from app.services.outbox.record import expire, record
from app.services.whatsapp.client import Accepted, Refused
from app.services.whatsapp.errors import meaning
from app.services.whatsapp.outbound import Attempt
from tests import factories
from tests.integration.outbox_line import Line
from tests.table_rows import count, execute, message_row, row, status_of
from tests.webhook_factories import status, store_event, webhook_body

OLD = "wamid.OLD"


def receive(line: Line, *news: dict[str, object]) -> None:
    body = webhook_body(line.number, statuses=list(news))
    store_event(line.number.account_id, body)
    assert drain_webhooks()


def send_again(line: Line, message_id: UUID) -> None:
    with db.transaction(line.team.id) as session:
        sending.send_again(session, line.team.agent, message_id)


@pytest.fixture
def failed(line: Line) -> UUID:
    """A message that WhatsApp took and then could not deliver."""
    message_id = line.write()
    execute(
        "UPDATE messages SET status = 'sent', wamid = %s, next_attempt_at = NULL WHERE id = %s",
        OLD, message_id,
    )  # fmt: skip
    receive(line, status(OLD, "sent", callback=message_id))
    receive(line, status(OLD, "failed", callback=message_id, code=131000))
    assert status_of(message_id) == "failed"
    return message_id


@pytest.mark.parametrize("word", ["sent", "failed", "delivered"])
@pytest.mark.parametrize("is_named", [True, False], ids=["with our id", "without our id"])
def test_repeated_news_of_an_earlier_attempt_change_nothing(
    line: Line, failed: UUID, word: str, *, is_named: bool
):
    send_again(line, failed)

    receive(line, status(OLD, word, callback=failed if is_named else None, code=131000))
    assert message_row(failed, "status", "wamid", "error") == ("queued", None, None)
    drain_outbox()
    receive(line, status(OLD, word, callback=failed if is_named else None, code=131000))

    [sent] = line.sent()
    assert message_row(failed, "status", "wamid", "error") == ("sent", sent["wamid"], None)
    assert sent["id"] == Attempt(failed, 1).encode()


def test_news_of_the_second_attempt_settle_it(line: Line, failed: UUID):
    send_again(line, failed)
    drain_outbox()
    [sent] = line.sent()

    receive(line, status(sent["wamid"], "delivered", callback=Attempt(failed, 1).encode()))

    assert status_of(failed) == "delivered"
    assert count("message_statuses", "message_id = %s", failed) == 3


def test_late_failure_of_an_uncertain_attempt_does_not_fail_the_next_one(line: Line):
    message_id = line.write()
    execute("UPDATE messages SET status = 'uncertain', next_attempt_at = NULL")
    send_again(line, message_id)

    receive(line, status("wamid.LATE", "failed", callback=message_id, code=131026))

    assert message_row(message_id, "status", "wamid") == ("queued", None)
    drain_outbox()
    assert status_of(message_id) == "sent"


def test_outcome_that_comes_after_it_was_sent_again_is_nobodys(line: Line):
    """The first sender hung longer than its lease; a person had it sent again meanwhile."""
    message_id = line.write()
    with db.connect(DbRole.DRAIN) as connection:
        [claimed] = claim(connection, start_run(connection))
        execute("UPDATE messages SET next_attempt_at = now() - interval '1 s'")
        expire(connection)
        send_again(line, message_id)

        record(connection, claimed, Accepted("wamid.HUNG"))

    assert message_row(message_id, "status", "wamid") == ("queued", None)


@pytest.mark.parametrize("outcome", ["accepted", "refused for now"])
def test_late_answer_to_an_earlier_attempt_leaves_the_list_and_its_number_alone(
    line: Line, outcome: str
):
    """The second attempt is under way when the first sender reports."""
    message_id = line.write()
    busy = Refused(code=131016, title="busy", details=None, meaning=meaning(131016))
    with db.connect(DbRole.DRAIN) as connection:
        [first] = claim(connection, start_run(connection))
        execute("UPDATE messages SET next_attempt_at = now() - interval '1 s'")
        expire(connection)
        send_again(line, message_id)
        [_second] = claim(connection, start_run(connection))
        shown = row("SELECT last_message_status, change_seq FROM conversations")

        record(connection, first, Accepted("wamid.HUNG") if outcome == "accepted" else busy)

    assert shown[0] == "queued"
    assert row("SELECT last_message_status, change_seq FROM conversations") == shown
    assert message_row(message_id, "status", "wamid", "error") == ("sending", None, None)


def test_news_of_an_older_message_do_not_show_that_the_newest_is_under_way(line: Line):
    factories.make_message(line.thread, wamid="wamid.OLDER")
    line.write()
    with db.connect(DbRole.DRAIN) as connection:
        claim(connection, start_run(connection))

        receive(line, status("wamid.OLDER", "read"))

    assert row("SELECT last_message_status FROM conversations") == ("queued",)


def test_message_of_a_number_that_was_disconnected_fails_and_is_not_sent(line: Line):
    message_id = line.write()
    execute("UPDATE phone_numbers SET disconnected_at = now() WHERE id = %s", line.number.id)

    drain_outbox(ignore_pauses=True)

    assert line.sent() == []
    assert row("SELECT status, error ->> 'title' FROM messages WHERE id = %s", message_id) == (
        "failed", "The number was disconnected.",
    )  # fmt: skip


@pytest.mark.parametrize("number", [0, 1, 42])
def test_attempt_comes_back_as_it_was_written(number: int):
    attempt = Attempt(new_id(), number)

    assert Attempt.decode(attempt.encode()) == attempt


@pytest.mark.parametrize(
    "text", ["", "words", "x" * 512, f"{UUID(int=0)}.", f"{UUID(int=0)}.-1", f"{UUID(int=0)}.1e3"]
)
def test_what_we_did_not_write_is_no_attempt(text: str):
    assert Attempt.decode(text) is None

"""Sending, against the real sandbox over HTTP: never twice, never lost, in order."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from app import db
from app.clock import utc_now
from app.db import DbRole
from app.services import messages, sending, stats
from app.services.locks import start_run
from app.services.outbox.claim import claim
from app.services.outbox.drain import drain as drain_outbox
from app.services.outbox.record import LONGEST_PAUSE_S, MAX_ATTEMPTS, record
from app.services.outbox.transmit import Pacer, transmit
from app.services.whatsapp import client
from tests import factories
from tests.factories import DAY
from tests.integration.outbox_line import Line, drain_until, listen
from tests.table_rows import count, execute, message_row, row, status_of, value


def test_message_goes_out_with_our_id_and_comes_back_with_metas(line: Line):
    message_id = line.write("Hello ✓")

    assert drain_outbox()

    [sent] = line.sent()
    assert (sent["text"], sent["id"]) == ("Hello ✓", str(message_id))
    assert message_row(message_id, "status", "wamid", "attempt_count", "next_attempt_at") == (
        "sent", sent["wamid"], 1, None,
    )  # fmt: skip
    assert value("SELECT last_message_status FROM conversations WHERE id = %s", line.thread) == (
        "sent"
    )


def test_news_of_a_sent_message_arrive_and_settle_it(line: Line):
    message_id = line.write()
    drain_outbox()

    listen(line)

    drain_until(message_id, "read")
    assert count("message_statuses", "message_id = %s", message_id) == 3
    assert count("messages_unprocessed") == 0


def test_news_that_come_before_the_record_win(line: Line):
    listen(line)
    message_id = line.write()
    with db.connect(DbRole.DRAIN) as connection:
        [claimed] = claim(connection, start_run(connection))
        outcome = transmit(claimed, Pacer())
        drain_until(message_id, "read")

        record(connection, claimed, outcome)

    assert isinstance(outcome, client.Accepted)
    assert message_row(message_id, "status", "wamid") == ("read", outcome.wamid)


def test_drain_that_is_asked_to_give_way_sends_first(line: Line):
    """Otherwise two jobs that see each other waiting would never send anything."""
    message_id = line.write()

    drain_outbox(should_stop=lambda: True)

    assert status_of(message_id) == "sent"


def test_drain_with_nothing_to_do_ends(line: Line):
    assert drain_outbox()
    assert line.sent() == []


@pytest.mark.parametrize("code", ["131047", "131026", "190", "100", "424242"])
def test_permanent_refusal_fails_with_its_code_and_is_not_repeated(line: Line, code: str):
    line.graph.fail(code)
    message_id = line.write()

    drain_outbox(ignore_pauses=True)
    drain_outbox(ignore_pauses=True)

    status, error, attempts = message_row(message_id, "status", "error", "attempt_count")
    assert (status, error["code"], attempts) == ("failed", int(code), 1)
    assert line.sent() == []


@pytest.mark.parametrize("code", ["503", "429", "130429", "131056", "131000", "131016"])
def test_refusal_that_passes_is_queued_again_after_a_pause(line: Line, code: str):
    line.graph.fail(code)
    message_id = line.write()

    drain_outbox()

    status, wamid, pause = message_row(
        message_id, "status", "wamid", "next_attempt_at - now() BETWEEN '0' AND '1 s'"
    )
    assert (status, wamid, pause) == ("queued", None, True)
    drain_outbox()
    assert line.sent() == []
    drain_outbox(ignore_pauses=True)
    assert status_of(message_id) == "sent"
    assert len(line.sent()) == 1


def test_pauses_grow_and_end_in_a_failure(line: Line):
    line.graph.fail("130429", count=None)
    message_id = line.write()
    pauses = []

    for _ in range(MAX_ATTEMPTS):
        execute("UPDATE messages SET next_attempt_at = now() WHERE status = 'queued'")
        drain_outbox()
        pauses.append(value("SELECT extract(epoch FROM next_attempt_at - now()) FROM messages"))

    assert message_row(message_id, "status", "attempt_count") == ("failed", MAX_ATTEMPTS)
    ceilings = [min(4**n, LONGEST_PAUSE_S) for n in range(MAX_ATTEMPTS - 1)]
    for pause, ceiling in zip(pauses, ceilings, strict=False):
        assert ceiling / 2 - 2 < pause <= ceiling


def test_order_within_a_conversation_is_kept_through_a_pause(line: Line):
    other = line.new_thread()
    line.graph.fail("130429")
    ids = [line.write(text) for text in ("first", "second", "third")]
    drain_outbox()
    elsewhere = line.write("elsewhere", thread=other)

    drain_outbox()
    assert [status_of(one) for one in (*ids, elsewhere)] == ["queued"] * 3 + ["sent"]
    assert stats.unfinished() == 0
    drain_outbox(ignore_pauses=True)

    assert [sent["text"] for sent in line.sent()] == ["elsewhere", "first", "second", "third"]


def test_message_that_is_tried_again_says_why_and_whoever_gives_it_up_lets_the_next_one_go(
    line: Line,
):
    line.graph.fail("503")
    held, following = line.write("held"), line.write("following")
    drain_outbox()
    drain_outbox()
    assert [status_of(held), status_of(following), line.sent()] == ["queued", "queued", []]

    with db.transaction(line.team.id) as session:
        [waiting, _] = messages.window(session, line.team.agent, line.thread).messages
        stopped = sending.give_up(session, line.team.agent, held)
    drain_outbox()

    assert (waiting.can_give_up, waiting.error and waiting.error["code"]) == (True, 2)
    assert (stopped.status, stopped.can_give_up, stopped.can_retry) == ("failed", False, True)
    assert [sent["text"] for sent in line.sent()] == ["following"]
    assert status_of(held) == "failed"


def test_message_that_was_sent_at_the_second_try_says_nothing_any_more(line: Line):
    line.graph.fail("503")
    message_id = line.write()

    drain_outbox()
    drain_outbox(ignore_pauses=True)

    assert message_row(message_id, "status", "error") == ("sent", None)


def test_sixty_messages_of_many_conversations_go_out_once_each_and_in_order(line: Line):
    threads = [line.new_thread() for _ in range(10)]
    for n in range(60):
        line.write(f"{n}", thread=threads[n % 10])

    with ThreadPoolExecutor(2) as pool:
        assert all(pool.map(lambda _: drain_outbox(), range(2)))

    sent = line.sent()
    assert len(sent) == len({one["id"] for one in sent}) == 60
    for n in range(10):
        mine = [int(one["text"]) for one in sent if int(one["text"]) % 10 == n]
        assert mine == sorted(mine)
    assert count("messages", "status = 'sent' AND wamid IS NOT NULL") == 60


def test_contact_is_addressed_by_what_whatsapp_calls_them(line: Line):
    """A Brazilian number may have a wa_id that differs from its phone."""
    contact = factories.make_contact(line.team.id, phone="+5511987654321", wa_id="551187654321")
    thread = factories.make_conversation(line.number, contact)
    line.write("oi", thread=thread)

    drain_outbox()

    wa_ids = line.graph.store.database.rows(
        "SELECT wa_id FROM customers c JOIN messages m ON m.customer_id = c.id"
        " WHERE m.meta_phone_number_id = ?",
        line.number.meta_id,
    )
    assert [one["wa_id"] for one in wa_ids] == ["551187654321"]


def test_contact_without_a_phone_is_addressed_by_the_user_id(line: Line):
    store = line.graph.store
    customer = store.customers.find_or_create(line.sandbox_number.workspace, "447700999999")
    store.messages.open_window(line.number.meta_id, customer.id)
    contact = factories.make_contact(line.team.id, has_phone=False, user_id=customer.user_id)
    message_id = line.write(thread=factories.make_conversation(line.number, contact))

    drain_outbox()

    assert status_of(message_id) == "sent"


def test_nothing_of_another_day_is_touched(line: Line):
    later = line.write()
    execute("UPDATE messages SET next_attempt_at = %s", utc_now() + DAY)

    drain_outbox()

    assert status_of(later) == "queued"
    assert row("SELECT attempt_count FROM messages") == (0,)

"""What Graph answers, or does not, decides what becomes of a message that was sent once."""

from functools import lru_cache

import httpx
import pytest

from app import db
from app.db import DbRole
from app.services import sending
from app.services.locks import start_run
from app.services.outbox.claim import LEASE, claim
from app.services.outbox.drain import drain as drain_outbox
from app.services.outbox.transmit import Pacer, transmit
from app.services.sending import NotRepeatable
from app.services.whatsapp import client
from tests.integration.outbox_line import Line, close_client, drain_until, listen
from tests.table_rows import execute, message_row, status_of, value


def be_patient(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let a new client wait for Graph no longer than this."""
    close_client()
    monkeypatch.setattr(client, "TIMEOUT", httpx.Timeout(seconds))
    client._http()


def test_answer_that_nobody_saw_leaves_the_message_uncertain_and_unsent_again(
    line: Line, monkeypatch: pytest.MonkeyPatch
):
    be_patient(monkeypatch, 0.2)
    line.graph.fail("timeout")
    message_id = line.write()
    second = line.write("after it")

    drain_outbox()
    drain_outbox(ignore_pauses=True)

    assert message_row(message_id, "status", "wamid") == ("uncertain", None)
    assert status_of(second) == "sent"
    assert [sent["text"] for sent in line.sent()] == ["Hello", "after it"]
    listen(line)
    drain_until(message_id, "read")
    assert message_row(message_id, "wamid") == (line.sent()[0]["wamid"],)


def test_request_that_never_left_is_tried_again(line: Line):
    execute("UPDATE whatsapp_accounts SET graph_url = 'http://127.0.0.1:1'")
    message_id = line.write()
    drain_outbox()
    assert status_of(message_id) == "queued"

    execute("UPDATE whatsapp_accounts SET graph_url = %s", f"{line.graph.address}/graph")
    drain_outbox(ignore_pauses=True)

    assert status_of(message_id) == "sent"
    assert len(line.sent()) == 1


def test_sender_that_died_between_claim_and_record_leaves_it_uncertain(line: Line):
    died_before, died_after = line.write("not sent"), line.write("sent", thread=line.new_thread())
    with db.connect(DbRole.DRAIN) as connection:
        claimed = {one.id: one for one in claim(connection, start_run(connection))}
        transmit(claimed[died_after], Pacer())
        drain_outbox()
        assert {status_of(died_before), status_of(died_after)} == {"sending"}

    drain_outbox(ignore_pauses=True)

    assert {status_of(died_before), status_of(died_after)} == {"uncertain"}
    assert [sent["text"] for sent in line.sent()] == ["sent"]
    listen(line)
    drain_until(died_after, "read")
    assert status_of(died_before) == "uncertain"


def test_sender_that_lives_but_hangs_loses_its_lease(line: Line):
    message_id = line.write()
    with db.connect(DbRole.DRAIN) as connection:
        claim(connection, start_run(connection))
        execute("UPDATE messages SET next_attempt_at = now() - interval '1 s'")

        drain_outbox()

        assert status_of(message_id) == "uncertain"


def test_lease_is_longer_than_the_clients_patience():
    waits = client.TIMEOUT
    patience = waits.connect + waits.read + waits.write + waits.pool

    assert LEASE.total_seconds() > patience


def test_person_decides_about_an_uncertain_message_once(line: Line):
    message_id = line.write()
    execute("UPDATE messages SET status = 'uncertain', next_attempt_at = NULL")

    with db.transaction(line.team.id) as session:
        sending.send_again(session, line.team.agent, message_id)
    drain_outbox()

    assert status_of(message_id) == "sent"
    assert len(line.sent()) == 1
    with db.transaction(line.team.id) as session, pytest.raises(NotRepeatable):
        sending.send_again(session, line.team.agent, message_id)


def test_uncertain_message_that_turns_out_to_be_sent_is_not_sent_again(line: Line):
    """The person has asked to repeat it, then its own status comes before the drain."""
    message_id = line.write()
    with db.connect(DbRole.DRAIN) as connection:
        [claimed] = claim(connection, start_run(connection))
        transmit(claimed, Pacer())
    execute("UPDATE messages SET status = 'uncertain', next_attempt_at = NULL")
    with db.transaction(line.team.id) as session:
        sending.send_again(session, line.team.agent, message_id)
    listen(line)
    drain_until(message_id, "read")

    drain_outbox(ignore_pauses=True)

    assert len(line.sent()) == 1


@pytest.mark.parametrize(
    "answer",
    [b"", b"[]", b"{}", b"<html>", b'{"messages": []}', b'{"messages": ["x"]}',
     b'{"messages": [{}]}', b'{"messages": [{"id": null}]}', b'{"messages": {"id": "x"}}'],
    ids=repr,
)  # fmt: skip
def test_success_without_an_id_is_uncertain(
    line: Line, monkeypatch: pytest.MonkeyPatch, answer: bytes
):
    answer_with(monkeypatch, httpx.Response(200, content=answer))
    message_id = line.write()

    drain_outbox()

    assert status_of(message_id) == "uncertain"


@pytest.mark.parametrize(
    ("response", "status"),
    [
        (httpx.Response(500, content=b"<html>"), "uncertain"),
        (httpx.Response(502, content=b""), "uncertain"),
        (httpx.Response(503, content=b"<html>"), "queued"),
        (httpx.Response(429, content=b""), "queued"),
        (httpx.Response(404, content=b""), "failed"),
        (httpx.Response(302, headers={"location": "http://127.0.0.1:1/"}), "failed"),
        (httpx.Response(400, json={"error": "words"}), "failed"),
        (httpx.Response(400, json={"error": {"code": "x"}}), "failed"),
        (httpx.Response(400, json={"error": {"code": 131000, "error_data": "x"}}), "queued"),
    ],
    ids=repr,
)
def test_answers_of_proxies_and_of_a_broken_graph_have_a_meaning(
    line: Line, monkeypatch: pytest.MonkeyPatch, response: httpx.Response, status: str
):
    answer_with(monkeypatch, response)
    message_id = line.write()

    drain_outbox()

    assert status_of(message_id) == status


def test_wish_of_the_provider_to_wait_is_followed(line: Line, monkeypatch: pytest.MonkeyPatch):
    answer_with(monkeypatch, httpx.Response(503, headers={"retry-after": "120"}))
    line.write()

    drain_outbox()

    assert value("SELECT next_attempt_at > now() + interval '110 s' FROM messages")


def answer_with(monkeypatch: pytest.MonkeyPatch, response: httpx.Response) -> None:
    """Let Graph answer like this; the transport is the only thing that is not real."""
    transport = httpx.MockTransport(lambda _: response)
    fake = httpx.Client(transport=transport)
    close_client()
    monkeypatch.setattr(client, "_http", lru_cache(lambda: fake))

"""News about our messages: kept once each, applied by rank, in whatever order they come."""

import itertools
from typing import Any
from uuid import UUID

import pytest

from app import db
from app.clock import utc_now
from app.db import DbRole
from app.ids import new_id
from app.models.enums import MessageStatus
from app.services.inbound.apply import apply
from app.services.inbound.drain import drain
from app.services.inbound.items import Item, Origin, split
from app.services.outbox.record import settle
from app.services.whatsapp.outbound import Attempt
from app.services.whatsapp.payloads import read_changes
from tests import factories
from tests.factories import Team
from tests.table_rows import count, message_row, row, rows, status_of, value
from tests.webhook_factories import status, store_event, text_message, webhook_body

WORDS = ("sent", "delivered", "read", "failed")


def receive(team: Team, *statuses: dict[str, Any]) -> None:
    store_event(team.number.account_id, webhook_body(team.number, statuses=list(statuses)))
    assert drain()


def sent_message(team: Team, **columns: Any) -> tuple[UUID, str]:
    thread = factories.make_conversation(team.number)
    message_id = factories.make_message(thread, **columns)
    return message_id, value("SELECT wamid FROM messages WHERE id = %s", message_id)


def test_rank_in_sql_is_the_rank_in_python():
    words = [*MessageStatus, "deleted", "warning", ""]

    found = dict(rows("SELECT w, message_rank(w) FROM unnest(%s::text[]) AS w", words))

    assert found == {
        word: MessageStatus(word).rank if word in set(MessageStatus) else -1 for word in words
    }


def test_delivered_and_read_show_in_thread_and_list(acme: Team, rival: Team):
    message_id, wamid = sent_message(acme)
    other, _ = sent_message(rival)

    receive(acme, status(wamid, "delivered"))
    receive(acme, status(wamid, "read"))

    assert status_of(message_id) == "read"
    assert value(
        "SELECT last_message_status FROM conversations WHERE last_message_id = %s", message_id
    ) == ("read")
    assert status_of(other) == "sent"


def test_all_orders_of_four_news_with_duplicates_end_alike(acme: Team):
    """24 orders, each with every status twice: first body by body, then all in one body."""
    orders = list(itertools.permutations(WORDS))
    thread = factories.make_conversation(acme.number)
    wamids = [factories.new_wamid() for _ in range(2 * len(orders))]
    ids = [
        (factories.make_message(thread, status=MessageStatus.SENDING, wamid=wamid), wamid)
        for wamid in wamids
    ]
    seen: dict[UUID, list[int]] = {message_id: [] for message_id, _ in ids}

    for step in range(2 * len(WORDS)):
        for (_, wamid), order in zip(ids[: len(orders)], orders, strict=True):
            body = webhook_body(acme.number, statuses=[status(wamid, order[step // 2])])
            store_event(acme.number.account_id, body)
        drain()
        for message_id, word in rows("SELECT id, status FROM messages"):
            seen[message_id].append(MessageStatus(word).rank)
    for (_, wamid), order in zip(ids[len(orders) :], orders, strict=True):
        receive(acme, *[status(wamid, word) for word in (*order, *order)])

    assert rows("SELECT DISTINCT status FROM messages") == [("read",)]
    assert all(ranks == sorted(ranks) for ranks in seen.values())
    assert count("message_statuses") == 4 * len(ids)
    assert count("message_statuses", "message_id IS NULL") == 0


def test_failure_after_delivery_is_kept_but_not_shown(acme: Team):
    message_id, wamid = sent_message(acme)
    receive(acme, status(wamid, "delivered"))

    receive(acme, status(wamid, "failed", code=131026))

    assert message_row(message_id, "status", "error") == ("delivered", None)
    assert row("SELECT errors -> 0 -> 'code' FROM message_statuses WHERE status = 'failed'") == (
        131026,
    )


def test_delivery_after_failure_is_shown_and_clears_the_error(acme: Team):
    message_id, wamid = sent_message(acme)
    receive(acme, status(wamid, "failed", code=131026))
    assert message_row(message_id, "status", "error") == (
        "failed",
        {"code": 131026, "title": "Error 131026"},
    )

    receive(acme, status(wamid, "delivered"))

    assert message_row(message_id, "status", "error") == ("delivered", None)


def test_failure_without_a_reason_is_a_failure(acme: Team):
    message_id, wamid = sent_message(acme)

    receive(acme, status(wamid, "failed"))

    assert message_row(message_id, "status", "error") == ("failed", {"code": 0})


@pytest.mark.parametrize("word", ["deleted", "warning", "in_orbit", "SENT?"])
def test_word_that_nobody_knows_is_kept_and_changes_nothing(acme: Team, word: str):
    message_id, wamid = sent_message(acme)

    receive(acme, status(wamid, word))

    assert status_of(message_id) == "sent"
    assert row("SELECT message_id, status FROM message_statuses") == (message_id, word)


def test_same_news_twice_is_kept_once(acme: Team):
    _, wamid = sent_message(acme)

    receive(acme, status(wamid), status(wamid))
    receive(acme, status(wamid))

    assert count("message_statuses") == 1


def test_news_that_change_nothing_ring_nobody(acme: Team):
    message_id, wamid = sent_message(acme)
    receive(acme, status(wamid, "read"))
    before = value("SELECT change_seq FROM conversations")

    receive(acme, status(wamid, "delivered"))

    assert value("SELECT change_seq FROM conversations") == before
    assert message_row(message_id, "change_seq") == (before,)


def test_status_names_its_price_and_receiver(acme: Team):
    _, wamid = sent_message(acme)

    receive(acme, status(wamid, "delivered", pricing={"billable": True, "category": "service"}))

    assert row("SELECT recipient, pricing FROM message_statuses") == (
        "447700900148",
        {"billable": True, "category": "service"},
    )


def test_status_of_another_workspaces_message_finds_nothing(acme: Team, rival: Team):
    message_id, wamid = sent_message(rival)

    receive(acme, status(wamid, "read"))
    receive(acme, status("wamid.other", "read", callback=message_id))

    assert status_of(message_id) == "sent"
    assert count("message_statuses", "workspace_id = %s", rival.id) == 0


def test_status_of_a_customers_message_changes_nothing(acme: Team):
    store_event(acme.number.account_id, webhook_body(acme.number, [text_message(wamid="wamid.IN")]))
    drain()

    receive(acme, status("wamid.IN", "read"))

    assert row("SELECT status FROM messages") == ("received",)


def test_status_with_our_own_id_settles_a_message_whose_answer_nobody_saw(acme: Team):
    message_id, _ = sent_message(acme, status=MessageStatus.UNCERTAIN, has_wamid=False)

    receive(acme, status("wamid.NEW", "sent", callback=message_id))
    receive(acme, status("wamid.NEW", "delivered", callback=message_id))

    assert message_row(message_id, "status", "wamid") == ("delivered", "wamid.NEW")
    assert count("message_statuses", "message_id = %s", message_id) == 2


@pytest.mark.parametrize("order", list(itertools.permutations(("sent", "delivered", "read"))))
def test_status_that_comes_before_the_answer_waits_for_its_message(
    acme: Team, order: tuple[str, ...]
):
    """Without our own id in it, only Meta's id names the message, and the answer brings that."""
    message_id, _ = sent_message(acme, status=MessageStatus.SENDING, has_wamid=False)
    for word in order:
        receive(acme, status("wamid.LATE", word))
    assert count("message_statuses", "message_id IS NULL") == 3

    record_answer(message_id, "wamid.LATE")

    assert message_row(message_id, "status", "wamid") == ("read", "wamid.LATE")
    assert count("message_statuses", "message_id = %s", message_id) == 3
    assert value("SELECT last_message_status FROM conversations") == "read"


def test_waiting_news_are_found_when_later_ones_bring_our_own_id(acme: Team):
    message_id, _ = sent_message(acme, status=MessageStatus.UNCERTAIN, has_wamid=False)
    receive(acme, status("wamid.LATE", "delivered"))

    receive(acme, status("wamid.LATE", "sent", callback=message_id))

    assert message_row(message_id, "status", "wamid") == ("delivered", "wamid.LATE")
    assert count("message_statuses", "message_id = %s", message_id) == 2


def test_status_and_answer_that_cross_each_other_lose_nothing(acme: Team):
    """The drain looks for the message, the sender commits the answer, the drain commits."""
    message_id, _ = sent_message(acme, status=MessageStatus.SENDING, has_wamid=False)
    body = webhook_body(acme.number, statuses=[status("wamid.CROSS", "delivered")])
    items = [
        item
        for item in split(read_changes(body), Origin(new_id(), acme.number.account_id, utc_now()))
        if isinstance(item, Item)
    ]

    with db.connect(DbRole.DRAIN) as connection:
        apply(connection, items)
        with db.connect(DbRole.DRAIN) as other:
            other.execute("SET lock_timeout = '300ms'")
            try:
                _settle(other, message_id, "wamid.CROSS")
            except Exception:  # noqa: BLE001  # it had to wait: then it comes after
                other.rollback()
                connection.commit()
                _settle(other, message_id, "wamid.CROSS")
    drain()

    assert status_of(message_id) == "delivered"


def test_status_after_the_answer_and_before_its_record_counts_once(acme: Team):
    message_id, _ = sent_message(acme, status=MessageStatus.SENDING, has_wamid=False)
    receive(acme, status("wamid.FAST", "delivered", callback=message_id))
    assert message_row(message_id, "status", "wamid") == ("delivered", "wamid.FAST")

    record_answer(message_id, "wamid.FAST")

    assert message_row(message_id, "status", "wamid") == ("delivered", "wamid.FAST")


def test_callback_data_that_is_not_ours_is_no_obstacle(acme: Team):
    _, wamid = sent_message(acme)

    receive(acme, status(wamid, "read", callback="order 17; drop table"))

    assert row("SELECT status FROM messages") == ("read",)


def record_answer(message_id: UUID, wamid: str) -> None:
    with db.connect(DbRole.DRAIN) as connection:
        _settle(connection, message_id, wamid)


def _settle(connection: Any, message_id: UUID, wamid: str) -> None:
    workspace, thread = message_row(message_id, "workspace_id", "conversation_id")
    place = (workspace, thread, Attempt(message_id))
    settle(connection, place, MessageStatus.SENT, wamid=wamid)
    connection.commit()

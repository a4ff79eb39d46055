"""Webhook bodies become messages: once each, in any order, for the right workspace only."""

import datetime as dt
import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from app.clock import utc_now
from app.models.enums import MessageType
from app.services.inbound.drain import drain
from tests import factories, table_rows, waiting
from tests.factories import DAY, HOUR, Team
from tests.integration.receiving import ANA, BEN, receive, thread
from tests.table_rows import count, row, rows, value
from tests.webhook_factories import envelope, status, store_event, text_message, webhook_body


def everything() -> list[tuple[Any, ...]]:
    """All that a person can see, without keys and times that depend on the run."""
    return rows(
        """
        SELECT w.name, c.phone_number, c.profile_name, c.last_message_at, t.unread_count, t.status,
            t.window_expires_at, t.last_message_at, t.last_message_text, t.last_message_type,
            m.wamid, m.type, m.text, m.content, m.context, m.status, m.sent_at
        FROM messages m JOIN conversations t ON t.id = m.conversation_id
        JOIN contacts c ON c.id = t.contact_id JOIN workspaces w ON w.id = m.workspace_id
        ORDER BY m.wamid
        """
    )


def test_text_becomes_contact_conversation_and_message(acme: Team, rival: Team):
    at = utc_now().replace(microsecond=0) - HOUR

    receive(acme, text_message("Hi there", sender=ANA, at=at), names={ANA: "Ana"})

    assert row(
        "SELECT workspace_id, phone_number, profile_name, last_message_at FROM contacts"
    ) == (acme.id, f"+{ANA}", "Ana", at)
    assert thread(
        acme, "phone_number_id", "unread_count", "last_message_text", "window_expires_at"
    ) == (acme.number.id, 1, "Hi there", at + DAY)
    assert row("SELECT direction, type, text, content, status, sent_at FROM messages") == (
        "inbound", "text", "Hi there", {"text": "Hi there"}, "received", at,
    )  # fmt: skip
    assert count("contacts", "workspace_id = %s", rival.id) == 0


def test_same_body_twice_has_one_effect(acme: Team):
    body = webhook_body(acme.number, [text_message(), text_message("again")])

    for _ in range(2):
        store_event(acme.number.account_id, body)
        drain()
    first = everything()
    store_event(acme.number.account_id, body)
    store_event(acme.number.account_id, body)
    drain()

    assert everything() == first
    assert count("messages") == 2
    assert thread(acme, "unread_count", "change_seq") == (2, 1)
    assert count("webhook_events", "state = 'PROCESSED'") == 4


def test_same_message_twice_in_one_body_is_one(acme: Team):
    message = text_message()

    receive(acme, message, message)

    assert count("messages") == 1
    assert thread(acme, "unread_count") == (1,)


def test_order_of_bodies_does_not_matter(acme: Team):
    start = utc_now() - HOUR
    bodies = [
        webhook_body(
            acme.number,
            [
                text_message(
                    f"{n}", sender=sender, wamid=f"wamid.{n}", at=start + dt.timedelta(0, n)
                )
            ],
            names={ANA: f"Ana {n}", BEN: f"Ben {n}"},
        )
        for n, sender in enumerate((ANA, ANA, BEN))
    ]
    results = []
    for order in itertools.permutations(bodies):
        for body in order:
            store_event(acme.number.account_id, body)
            drain()
        results.append(everything())
        table_rows.execute("TRUNCATE contacts, webhook_events CASCADE")

    assert len(results[0]) == 3
    assert all(result == results[0] for result in results)


@pytest.mark.parametrize("drains", ["one by one", "all at once"])
def test_person_known_by_phone_and_by_id_is_one_contact_in_any_order(acme: Team, drains: str):
    hidden = text_message(sender=None, from_user_id="GB.77", wamid="wamid.1")
    both = text_message(sender=ANA, from_user_id="GB.77", wamid="wamid.2")
    results = []
    for order in ([hidden, both], [both, hidden]):
        for message in order:
            store_event(acme.number.account_id, webhook_body(acme.number, [message]))
            if drains == "one by one":
                drain()
        drain()
        results.append(rows("SELECT phone_number FROM contacts"))
        table_rows.execute("TRUNCATE contacts, webhook_events CASCADE")

    assert results == [[(f"+{ANA}",)], [(f"+{ANA}",)]]


def test_contact_that_was_there_by_hand_is_the_one_who_writes(acme: Team, rival: Team):
    mine = factories.make_contact(acme.id, phone=f"+{ANA}", name="Ana", has_identity=False)
    theirs = factories.make_contact(rival.id, phone=f"+{ANA}", name="Other")

    receive(acme, text_message(sender=ANA))

    assert thread(acme, "contact_id") == (mine,)
    assert count("contacts") == 2
    assert count("conversations", "contact_id = %s", theirs) == 0


def test_contact_without_a_phone_can_write(acme: Team):
    receive(acme, text_message(sender=None, from_user_id="GB.134"))
    receive(acme, text_message(sender="GB.134"))

    assert row("SELECT phone_number FROM contacts") == (None,)
    assert thread(acme, "unread_count") == (2,)


def test_batch_of_a_thousand_updates_is_applied_whole(acme: Team, rival: Team):
    messages = [
        text_message(f"{n}", sender=f"4478000{n % 50:05d}", wamid=f"wamid.{n}") for n in range(600)
    ]
    sent = [factories.make_message(factories.make_conversation(acme.number)) for _ in range(4)]
    wamids = [value("SELECT wamid FROM messages WHERE id = %s", one) for one in sent]
    statuses = [
        status(wamids[n % 4] if n < 4 else f"wamid.unknown.{n}", "delivered") for n in range(400)
    ]

    receive(acme, *messages, statuses=statuses)

    assert count("messages", "direction = 'inbound' AND workspace_id = %s", acme.id) == 600
    assert count("contacts", "workspace_id = %s", acme.id) == 54
    assert value("SELECT sum(unread_count) FROM conversations") == 600
    assert count("messages", "status = 'delivered'") == 4
    assert count("message_statuses") == 400
    assert count("messages_unprocessed") == 0
    assert count("messages", "workspace_id = %s", rival.id) == 0


def test_two_accounts_in_one_drain_stay_apart(acme: Team, rival: Team):
    for team, name in ((acme, "Ana at Acme"), (rival, "Ana at Rival")):
        body = webhook_body(
            team.number, [text_message(name, sender=ANA, wamid="wamid.SAME")], names={ANA: name}
        )
        store_event(team.number.account_id, body)

    drain()

    for team, name in ((acme, "Ana at Acme"), (rival, "Ana at Rival")):
        assert row(
            "SELECT text FROM messages WHERE workspace_id = %s AND wamid = 'wamid.SAME'", team.id
        ) == (name,)
        assert row("SELECT profile_name FROM contacts WHERE workspace_id = %s", team.id) == (name,)
        assert thread(team, "unread_count") == (1,)


def test_two_numbers_of_a_workspace_are_two_threads_with_one_contact(acme: Team):
    second = factories.connect_number(acme.id)
    for number in (acme.number, second):
        store_event(number.account_id, webhook_body(number, [text_message(sender=ANA)]))

    drain()

    assert count("contacts") == 1
    assert count("conversations") == 2


def test_route_of_an_account_cannot_touch_another_accounts_number(acme: Team, rival: Team):
    body = webhook_body(rival.number, [text_message()], [status("wamid.X")])

    store_event(acme.number.account_id, body)
    drain()

    assert count("messages") == 0
    assert count("message_statuses") == 0
    assert count("messages_unprocessed", "state = 'PARKED'") == 2


def test_route_of_the_platform_touches_numbers_of_the_platform_only(acme: Team, rival: Team):
    ours = factories.connect_number(acme.id, is_platform=True)
    for number in (ours, rival.number):
        store_event(None, webhook_body(number, [text_message()]))

    drain()

    assert row("SELECT phone_number_id FROM messages") == (ours.id,)
    assert count("messages_unprocessed", "state = 'PARKED'") == 1


def test_number_that_was_disconnected_takes_no_more_messages(acme: Team):
    table_rows.execute("UPDATE phone_numbers SET disconnected_at = now()")

    receive(acme, text_message())

    assert count("messages") == 0
    assert count("messages_unprocessed", "state = 'PARKED'") == 1


def test_nul_and_half_pairs_are_stored_as_replacement_characters(acme: Team):
    body = webhook_body(acme.number, [text_message("a MARK b")], names={ANA: "MARK"})

    store_event(acme.number.account_id, body.replace(b"MARK", b"\\u0000\\ud800"))
    drain()

    assert value("SELECT text FROM messages").startswith("a �")
    assert count("messages_unprocessed") == 0


def test_every_type_of_message_is_stored_under_its_own_name(acme: Team):
    messages = [
        {**text_message(wamid=f"wamid.{kind.value}"), "type": kind.value} for kind in MessageType
    ]

    receive(acme, *messages)

    assert {found for (found,) in rows("SELECT type FROM messages")} == set(MessageType)


def test_other_fields_are_kept_with_the_event_only(acme: Team):
    change = {"field": "message_template_status_update", "value": {"event": "APPROVED"}}

    store_event(acme.number.account_id, envelope(change))
    drain()

    assert row("SELECT state, error FROM webhook_events") == ("PROCESSED", None)
    assert count("messages_unprocessed") == 0


def test_messages_of_one_second_stay_in_the_order_in_which_they_came(acme: Team):
    words = [f"{number}" for number in range(20)]
    together, apart = words[:10], words[10:]
    at = utc_now().replace(microsecond=0)
    store_event(
        acme.number.account_id,
        webhook_body(
            acme.number,
            [text_message(word, at=at, wamid=f"wamid.{uuid4()}") for word in together],
        ),
    )
    for word in apart:
        body = webhook_body(acme.number, [text_message(word, at=at, wamid=f"wamid.{uuid4()}")])
        store_event(acme.number.account_id, body)

    drain()

    assert [text for (text,) in rows("SELECT text FROM messages ORDER BY sent_at, id")] == words
    assert row("SELECT last_message_text FROM conversations") == (words[-1],)


def test_concurrent_drains_of_the_same_bodies_double_nothing(
    acme: Team, rival: Team, monkeypatch: pytest.MonkeyPatch
):
    """Senders, threads and messages are all new, so every drain wants to make them first."""
    bodies = [
        (
            team.number.account_id,
            webhook_body(
                team.number,
                [
                    text_message(f"{n}", sender=f"447700901{n % 7:03d}", wamid=f"wamid.{n}")
                    for n in range(batch, batch + 12)
                ],
                [status(f"wamid.out.{batch}")],
            ),
        )
        for team in (acme, rival)
        for batch in range(0, 60, 12)
    ]
    for _ in range(4):
        for account_id, body in bodies:
            store_event(account_id, body)

    monkeypatch.setattr("app.services.inbound.drain.BATCH", 5)

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(lambda _: drain(), range(4)))

    for team in (acme, rival):
        assert count("messages", "workspace_id = %s", team.id) == 60
        assert count("contacts", "workspace_id = %s", team.id) == 7
        assert count("conversations", "workspace_id = %s", team.id) == 7
        assert count("message_statuses", "workspace_id = %s", team.id) == 5
    assert value("SELECT sum(unread_count) FROM conversations") == 120
    assert count("webhook_events", "state <> 'PROCESSED'") == 0
    assert count("messages_unprocessed") == 0


def test_drain_leaves_what_another_drain_holds_and_waits_for_nobody(acme: Team):
    held = store_event(acme.number.account_id, webhook_body(acme.number, [text_message()]))
    free = store_event(acme.number.account_id, webhook_body(acme.number, [text_message()]))

    with waiting.held("SELECT FROM webhook_events WHERE id = %s FOR UPDATE", held):
        assert drain()
        assert dict(rows("SELECT id, state FROM webhook_events")) == {
            held: "PENDING",
            free: "PROCESSED",
        }
    drain()

    assert count("messages") == 2


def test_second_hand_helps_with_what_is_more_than_a_batch(
    acme: Team, rival: Team, monkeypatch: pytest.MonkeyPatch
):
    """One customer's messages among all batches: the hands wait for each other, nothing is lost."""
    monkeypatch.setattr("app.services.inbound.drain.BATCH", 5)
    for number in range(60):
        team = (acme, rival)[number % 2]
        message = text_message(f"Number {number}", sender=f"44770090012{number % 3}")
        store_event(team.number.account_id, webhook_body(team.number, [message]))

    assert drain()

    assert count("webhook_events", "state = 'PROCESSED'") == 60
    assert count("messages", "workspace_id = %s", acme.id) == 30
    assert rows("SELECT sum(unread_count), count(*) FROM conversations") == [(60, 6)]
    assert count("drain_marks") == count("messages_unprocessed") == 0


def test_drain_gives_way_when_asked_and_goes_on_later(acme: Team, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("app.services.inbound.drain.BATCH", 1)
    monkeypatch.setattr("app.services.turns.GIVE_WAY_AFTER_S", 0.0)
    for _ in range(3):
        store_event(acme.number.account_id, webhook_body(acme.number, [text_message()]))

    assert not drain(should_stop=lambda: True)
    assert count("webhook_events", "state = 'PENDING'") == 2
    assert drain()

    assert count("messages") == 3


def test_payload_is_kept_byte_for_byte(acme: Team):
    body = json.dumps(
        json.loads(webhook_body(acme.number, [text_message("é/")])), indent=3
    ).encode()

    store_event(acme.number.account_id, body)
    drain()

    assert bytes(value("SELECT payload FROM webhook_events")) == body

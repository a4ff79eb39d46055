"""What the business writes in WhatsApp's own app, and what customers want and are called now."""

import itertools
import json
from typing import Any

import pytest

from app import db
from app.ids import new_id
from app.services import messages, sending
from app.services.inbound.drain import drain
from app.services.locks import start_run
from app.services.outbox.claim import claim
from tests import factories
from tests.factories import Team
from tests.table_rows import count, execute, row, rows, value
from tests.webhook_factories import store_event, text_message, webhook_body

CUSTOMER, NEW = "4915551234567", "4915557654321"
AT = 1_739_321_024


def store(team: Team, field: str, **members: Any) -> None:
    value_ = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "1", "phone_number_id": team.number.meta_id},
        **members,
    }
    body = {"entry": [{"id": "1", "changes": [{"field": field, "value": value_}]}]}
    store_event(team.number.account_id, json.dumps({"object": "x", **body}).encode())


def echo(text: str = "From the counter", **members: Any) -> dict[str, Any]:
    return {
        "from": "15550783881",
        "to": CUSTOMER,
        "id": "wamid.ECHO",
        "timestamp": str(AT),
        "type": "text",
        "text": {"body": text},
        **members,
    }


def test_echo_is_shown_as_ours_and_opens_nothing(acme: Team, rival: Team):
    for _again in range(2):
        store(acme, "smb_message_echoes", message_echoes=[echo()])
    assert drain()

    assert rows("SELECT direction, status, is_echo, text, wamid, workspace_id FROM messages") == [
        ("outbound", "sent", True, "From the counter", "wamid.ECHO", acme.id)
    ]
    thread = row(
        "SELECT unread_count, window_expires_at, last_message_text, last_message_direction,"
        " last_message_status FROM conversations"
    )
    assert thread == (0, None, "From the counter", "outbound", "sent")
    assert value("SELECT phone_number FROM contacts") == f"+{CUSTOMER}"
    with db.transaction(acme.id) as session:
        thread_id = value("SELECT id FROM conversations")
        (view,) = messages.window(session, acme.viewer, thread_id).messages
    assert view.is_echo


def test_echo_and_what_the_customer_writes_are_one_thread_in_any_order(acme: Team):
    inbound = text_message("Thanks", sender=CUSTOMER, timestamp=AT + 60, wamid="wamid.IN")
    steps = [
        lambda: store(acme, "smb_message_echoes", message_echoes=[echo()]),
        lambda: store_event(acme.number.account_id, webhook_body(acme.number, [inbound])),
    ]
    for order in itertools.permutations(steps):
        for table in ("messages", "conversations", "contacts", "webhook_events"):
            execute(f"DELETE FROM {table}")  # noqa: S608  # our own words
        for step in order:
            step()
            assert drain()

        assert count("conversations") == count("contacts") == 1
        last = "SELECT unread_count, last_message_text, last_message_direction FROM conversations"
        assert row(last) == (1, "Thanks", "inbound")
        assert value("SELECT window_expires_at IS NOT NULL FROM conversations")


@pytest.mark.parametrize("bad", [None, "x", {}, {"id": "wamid.X"}, echo(to=None), echo(to=[])])
def test_echo_that_cannot_be_read_is_put_aside(acme: Team, bad: Any):
    store(acme, "smb_message_echoes", message_echoes=[bad, echo(id="wamid.GOOD")])
    assert drain()

    assert count("messages") == 1
    assert count("messages_unprocessed") == 1


def wish(what: str, at: int = AT, **members: Any) -> dict[str, Any]:
    return {
        "wa_id": CUSTOMER,
        "detail": f"User said {what}",
        "category": "marketing_messages",
        "value": what,
        "timestamp": at,
        **members,
    }


def test_newest_wish_counts_whatever_comes_first_and_each_is_kept_once(acme: Team, rival: Team):
    contact = factories.make_contact(rival.id, phone=f"+{CUSTOMER}")
    wishes = [wish("stop"), wish("resume", AT + 10), wish("stop", AT + 20)]
    for order in itertools.permutations(wishes):
        execute("DELETE FROM consent_entries")
        for one in (*order, order[0]):
            store(acme, "user_preferences", user_preferences=[one])
            assert drain()
        own = "SELECT extract(epoch FROM opted_out_at) FROM contacts WHERE workspace_id = %s"
        assert value(own, acme.id) == AT + 20
        assert count("consent_entries") == 3

    store(acme, "user_preferences", user_preferences=[wish("resume", AT + 30)])
    assert drain()
    assert value("SELECT opted_out_at FROM contacts WHERE workspace_id = %s", acme.id) is None
    ledger = "SELECT is_given, source, words FROM consent_entries ORDER BY said_at DESC LIMIT 1"
    assert row(ledger) == (True, "WHATSAPP", "User said resume")
    assert value("SELECT opted_out_at FROM contacts WHERE id = %s", contact) is None
    assert count("messages") == 0


def test_wish_about_something_else_changes_nothing(acme: Team):
    store(acme, "user_preferences", user_preferences=[wish("stop", category="calls")])
    assert drain()

    assert count("consent_entries") == 0


def moved(to: str = NEW, member: str = "wa_id") -> dict[str, Any]:
    system = {"body": "User changed", "type": "user_changed_number", member: to}
    return {
        "from": CUSTOMER,
        "id": "wamid.MOVED",
        "timestamp": str(AT + 100),
        "type": "system",
        "system": system,
    }


def write(team: Team, *said: dict[str, Any]) -> None:
    store_event(team.number.account_id, webhook_body(team.number, list(said)))
    assert drain()


def address_of(team: Team) -> str | None:
    """Where the outbox would send to the only conversation of a team."""
    thread = value("SELECT id FROM conversations WHERE workspace_id = %s", team.id)
    execute("UPDATE conversations SET window_expires_at = now() + interval '1 hour'")
    with db.transaction(team.id) as session:
        sending.send_text(session, team.agent, thread, text="x", client_ref=new_id())
    with db.connect() as connection:
        (one,) = claim(connection, start_run(connection))
    return one.address.to


@pytest.mark.parametrize("member", ["wa_id", "new_wa_id"])
def test_customer_with_another_number_stays_the_same_person(acme: Team, rival: Team, member: str):
    write(acme, text_message("Hello", sender=CUSTOMER))
    write(acme, moved(member=member))
    write(acme, moved(member=member))
    write(acme, text_message("It is me", sender=NEW))

    assert count("contacts", "workspace_id = %s", acme.id) == 1
    assert count("conversations", "workspace_id = %s", acme.id) == 1
    assert value("SELECT phone_number FROM contacts WHERE workspace_id = %s", acme.id) == f"+{NEW}"
    assert address_of(acme) == NEW


def test_number_of_somebody_else_stays_theirs(acme: Team):
    write(acme, text_message("I was here", sender=NEW))
    write(acme, text_message("Hello", sender=CUSTOMER))
    write(acme, moved())

    phones = {phone for (phone,) in rows("SELECT phone_number FROM contacts")}
    assert phones == {f"+{CUSTOMER}", f"+{NEW}"}
    assert count("conversations") == 2


@pytest.mark.parametrize("to", ["", "12", "x" * 40, "9" * 40])
def test_number_that_is_none_moves_nobody(acme: Team, to: str):
    write(acme, text_message("Hello", sender=CUSTOMER))
    write(acme, moved(to))

    assert value("SELECT phone_number FROM contacts") == f"+{CUSTOMER}"
    assert count("messages_unprocessed") == 0

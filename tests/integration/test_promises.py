"""Promises that no single service keeps: receiving always works, providers wait for commits."""

import pytest

from app import db
from app.ids import new_id
from app.services import passwords, sending
from app.services.inbound.drain import drain
from app.services.locks import start_run
from app.services.plans import SubscriptionRequired
from app.services.whatsapp import client
from app.services.whatsapp.client import Credentials
from app.services.whatsapp.outbound import OutgoingText, TextBody
from tests.factories import Team
from tests.table_rows import count, execute, rows, value
from tests.waiting import wait_until
from tests.webhook_factories import store_event, text_message, webhook_body

NOWHERE = Credentials(graph_url="http://127.0.0.1:1", version="v25.0", access_token="EAAtest")


@pytest.mark.parametrize(
    "change",
    [
        "status = 'CANCELED'",
        "status = 'UNPAID'",
        "status = 'PAST_DUE', grace_ends_at = now() - interval '1 day'",
        "status = 'TRIALING', trial_ends_at = now() - interval '1 day'",
    ],
)
def test_workspace_that_may_not_send_still_receives(acme: Team, rival: Team, change: str):
    execute(f"UPDATE subscriptions SET {change} WHERE workspace_id = %s", acme.id)  # noqa: S608
    for team in (acme, rival):
        store_event(team.number.account_id, webhook_body(team.number, [text_message("Hello")]))

    assert drain()

    assert rows("SELECT text FROM messages WHERE workspace_id = %s", acme.id) == [("Hello",)]
    assert count("webhook_events", "state <> 'PROCESSED'") == 0
    thread = value("SELECT id FROM conversations WHERE workspace_id = %s", acme.id)
    with db.transaction(acme.id) as session, pytest.raises(SubscriptionRequired):
        sending.send_text(session, acme.agent, thread, text="x", client_ref=new_id())


def test_number_whose_token_is_unusable_still_receives(acme: Team):
    execute(
        "UPDATE whatsapp_accounts SET access_token = 'nonsense' WHERE workspace_id = %s", acme.id
    )
    store_event(acme.number.account_id, webhook_body(acme.number, [text_message("Hello")]))

    assert drain()

    assert rows("SELECT text FROM messages") == [("Hello",)]


def test_run_counts_as_gone_when_its_connection_has_ended():
    asked = b"SELECT runner_is_gone(%s)"
    with db.connect() as asking:
        with db.connect() as running:
            runner = start_run(running)
            assert asking.execute(asked, (runner,)).fetchone() == (False,)
            asking.rollback()
        wait_until(lambda: asking.execute(asked, (runner,)).fetchone() == (True,))


def test_provider_is_never_called_inside_a_transaction(acme: Team):
    message = OutgoingText(to="447700900148", text=TextBody(body="x"), biz_opaque_callback_data="x")
    with db.transaction(acme.id), pytest.raises(db.WaitInsideTransaction):
        client.send(NOWHERE, "1", message)
    with db.transaction(acme.id), pytest.raises(db.WaitInsideTransaction):
        client.request(NOWHERE, "GET", "me")

    assert isinstance(client.send(NOWHERE, "1", message), client.Refused)


def test_passwords_are_never_hashed_inside_a_transaction(acme: Team):
    """Hashing waits for one of two slots: a few sign-ins would hold every connection meanwhile."""
    stored = passwords.hash_password("a long enough password")

    with db.transaction(acme.id), pytest.raises(db.WaitInsideTransaction):
        passwords.choose("a long enough password")
    with db.transaction(acme.id), pytest.raises(db.WaitInsideTransaction):
        passwords.verify(stored, "a long enough password")

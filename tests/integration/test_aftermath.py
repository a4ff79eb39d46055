"""What a refused message says beyond itself: a customer wants no marketing, a token has ended."""

import pytest

from app.services import notices
from app.services.inbound.drain import drain as drain_webhooks
from app.services.outbox.drain import drain as drain_outbox
from tests.accounts import act
from tests.factories import Team
from tests.integration.outbox_line import Line
from tests.table_rows import count, rows, status_of, value
from tests.webhook_factories import status, store_event, webhook_body

OPTED_OUT = "opted_out_at IS NOT NULL"


def hear(line: Line, *updates: dict[str, object]) -> None:
    store_event(line.number.account_id, webhook_body(line.number, statuses=updates))
    assert drain_webhooks()


def test_refusal_for_a_customers_no_is_written_down_once(line: Line, rival: Team):
    message_id = line.write()
    drain_outbox()
    wamid = value("SELECT wamid FROM messages WHERE id = %s", message_id)

    for _again in range(2):
        hear(line, status(wamid, "failed", at=1_790_000_000, code=131050))

    assert rows("SELECT is_given, source, workspace_id FROM consent_entries") == [
        (False, "WHATSAPP", line.team.id)
    ]
    whose = value("SELECT contact_id FROM messages WHERE id = %s", message_id)
    assert rows(f"SELECT id FROM contacts WHERE {OPTED_OUT}") == [(whose,)]  # noqa: S608  # our own words


@pytest.mark.parametrize("code", [131026, 131049])
def test_other_failures_say_nothing_of_what_a_customer_wants(line: Line, code: int):
    message_id = line.write()
    drain_outbox()
    wamid = value("SELECT wamid FROM messages WHERE id = %s", message_id)

    hear(line, status(wamid, "failed", code=code), status("wamid.NOBODYS", "failed", code=131050))

    assert status_of(message_id) == "failed"
    assert count("consent_entries") == count("contacts", OPTED_OUT) == 0


def test_refusal_at_once_is_written_down_too(line: Line):
    line.graph.fail("131050")
    message_id = line.write()

    drain_outbox()

    assert status_of(message_id) == "failed"
    assert count("consent_entries") == count("contacts", OPTED_OUT) == 1


def test_token_that_ended_is_told_while_one_writes(line: Line, rival: Team):
    line.graph.fail("190")
    message_id = line.write()

    drain_outbox()

    assert status_of(message_id) == "failed"
    [told] = act(notices.list_open, line.team.admin)
    assert told.level == "DANGER"
    assert act(notices.list_open, rival.admin) == []
    refused = "problem IS NOT NULL AND workspace_id = %s"
    assert count("whatsapp_accounts", refused, line.team.id) == 1
    assert count("whatsapp_accounts", refused, rival.id) == 0

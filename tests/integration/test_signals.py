"""Blue ticks and "typing…" for the customer: as each number is switched, and disturbing nobody."""

from typing import Any
from uuid import UUID

import pytest

from app import db
from app.actor import Role
from app.errors import PermissionDenied
from app.services import conversations, signals
from app.services.inbound.drain import drain
from tests.accounts import act
from tests.factories import Team
from tests.integration.outbox_line import Line
from tests.table_rows import execute, value
from tests.webhook_factories import store_event, text_message, webhook_body

CUSTOMER = "4915551230000"


@pytest.fixture
def thread(line: Line) -> UUID:
    """A conversation whose customer has written twice, there and here."""
    for text in ("Hello", "Are you there?"):
        say(line, text)
    return UUID(str(value("SELECT conversation_id FROM messages LIMIT 1")))


def say(line: Line, text: str) -> None:
    sandbox = line.graph.app.state.sandbox
    customer = sandbox.store.customers.find_or_create(line.sandbox_number.workspace, CUSTOMER)
    said = sandbox.lifecycle.say(line.sandbox_number, customer, text)
    message = text_message(text, sender=CUSTOMER, wamid=said.wamid)
    store_event(line.number.account_id, webhook_body(line.number, [message]))
    assert drain()


def read_there(line: Line) -> list[bool]:
    found = line.graph.store.database.rows(
        "SELECT read_at FROM messages WHERE is_from_customer = 1 AND meta_phone_number_id = ?"
        " ORDER BY id",
        line.number.meta_id,
    )
    return [row["read_at"] is not None for row in found]


def types_there(line: Line) -> bool:
    (row,) = line.graph.store.database.rows(
        "SELECT coalesce(max(typing_until), 0) AS until FROM threads"
        " WHERE meta_phone_number_id = ?",
        line.number.meta_id,
    )
    return bool(row["until"] > line.graph.store.clock())


def seq(thread: UUID) -> int:
    return int(value("SELECT change_seq FROM conversations WHERE id = %s", thread))


def switch(line: Line, **columns: bool) -> None:
    for name, is_on in columns.items():
        execute(f"UPDATE phone_numbers SET {name} = %s WHERE id = %s", is_on, line.number.id)  # noqa: S608  # ours


def test_customer_sees_what_was_read_up_to_there(line: Line, thread: UUID):
    seen = seq(thread)
    say(line, "One more")

    signals.show_read(line.team.agent, thread, seen)

    assert read_there(line) == [True, True, False]
    assert not types_there(line)


def test_customer_sees_that_somebody_types(line: Line, thread: UUID):
    signals.show_typing(line.team.agent, thread)

    assert types_there(line)
    assert read_there(line) == [True, True]


@pytest.mark.parametrize(
    ("switches", "is_read"),
    [
        ({"sends_read_receipts": False}, False),
        ({"sends_typing": False}, True),
        ({"sends_read_receipts": False, "sends_typing": False}, False),
    ],
)
def test_number_that_is_switched_off_shows_nothing(
    line: Line, thread: UUID, switches: dict[str, bool], is_read: Any
):
    switch(line, **switches)

    signals.show_typing(line.team.agent, thread)
    assert not types_there(line)
    signals.show_read(line.team.agent, thread, seq(thread))
    assert read_there(line) == [is_read] * 2


def test_what_cannot_be_shown_disturbs_nobody(line: Line, thread: UUID):
    execute("UPDATE whatsapp_accounts SET graph_url = 'http://127.0.0.1:9/graph'")
    signals.show_read(line.team.agent, thread, seq(thread))
    execute("UPDATE phone_numbers SET disconnected_at = now() WHERE id = %s", line.number.id)
    signals.show_typing(line.team.agent, thread)

    assert read_there(line) == [False, False]


def test_nobody_shows_anything_in_another_workspace(line: Line, thread: UUID, rival: Team):
    signals.show_read(rival.owner, thread, 1000)
    signals.show_typing(rival.owner, thread)
    with pytest.raises(PermissionDenied):
        signals.show_typing(line.team.members()[Role.VIEWER], thread)

    assert read_there(line) == [False, False]
    assert not types_there(line)


def test_reading_says_once_whether_anything_was_unread(line: Line, thread: UUID):
    def read(seen: int) -> Any:
        return act(conversations.mark_read, line.team.agent, thread, seen)

    assert read(0) is False
    assert read(seq(thread)) is True
    assert read(seq(thread)) is False
    with db.transaction(line.team.id) as session:
        assert conversations.get(session, line.team.agent, thread).unread_count == 0

"""Customers' messages that arrive, and the thread they arrive in."""

from typing import Any

from app.services.inbound.drain import drain
from tests.factories import Team
from tests.table_rows import row
from tests.webhook_factories import store_event, webhook_body

ANA, BEN = "447700900148", "447700900149"


def receive(team: Team, *messages: dict[str, Any], statuses: Any = (), **options: Any) -> None:
    """Store a body for the team's number and drain it."""
    body = webhook_body(team.number, list(messages), list(statuses), **options)
    store_event(team.number.account_id, body)
    assert drain()


def thread(team: Team, *columns: str) -> tuple[Any, ...]:
    query = f"SELECT {', '.join(columns)} FROM conversations WHERE workspace_id = %s"  # noqa: S608
    return row(query, team.id)

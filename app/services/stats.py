"""Counts for operators: what came, what waits, what went. Crosses workspaces: drain role only."""

from typing import Any
from uuid import UUID

from app import db
from app.db import Connection
from app.models.enums import MessageStatus
from app.services.mails import due as mails
from app.services.media import due as media
from app.services.outbox.due import DUE, UNDER_WAY

OUTBOUND = [status.value for status in MessageStatus if status is not MessageStatus.RECEIVED]


def collect(workspace_id: UUID | None = None) -> dict[str, Any]:
    """Return the counts of `python -m app stats`; their names are public. System-only.

    Of one workspace if named: then events and items of no known workspace are left out.
    """
    with db.connect() as connection:
        by_status = _by_status(connection, workspace_id)
        return {
            "webhook_events": _events(connection, workspace_id),
            "unprocessed": _count(
                connection,
                "SELECT count(*) FROM messages_unprocessed u WHERE"
                " (%(ws)s::uuid IS NULL OR u.account_id IN"
                " (SELECT id FROM whatsapp_accounts WHERE workspace_id = %(ws)s))",
                workspace_id,
            ),
            "messages": {
                "inbound": _scoped(connection, "messages", workspace_id, "direction = 'inbound'"),
                "outbound": sum(by_status.values()),
                "byStatus": by_status,
            },
            "contacts": _scoped(connection, "contacts", workspace_id),
            "conversations": _scoped(connection, "conversations", workspace_id),
            "queue": {
                "outbox": by_status["queued"] + by_status["sending"],
                "media": _scoped(connection, "media_files", workspace_id, media.PENDING),
                "mail": _scoped(connection, "mails", workspace_id, mails.PENDING),
                "deliveries": 0,
            },
        }


def unfinished() -> int:
    """Return how many things a drain could do now, or a worker is doing at this moment.

    An event is pending until the batch that holds it has committed. A message is being sent until
    its outcome is recorded. What only waits for its next retry does not count.
    """
    with db.connect() as connection:
        return _count(
            connection,
            f"""
            SELECT (SELECT count(*) FROM webhook_events WHERE state = 'PENDING')
                + (SELECT count(*) FROM messages m WHERE ({DUE}) OR ({UNDER_WAY}))
                + (SELECT count(*) FROM media_files f WHERE ({media.DUE}) OR ({media.UNDER_WAY}))
                + (SELECT count(*) FROM mails WHERE ({mails.DUE}) OR ({mails.UNDER_WAY}))
            """,  # noqa: S608  # our own words
            None,
        ) + _retried_elsewhere(connection)


def _retried_elsewhere(connection: Connection) -> int:
    """Return how many items that were put aside somebody holds the lock of, to try them again."""
    waiting = "SELECT id FROM messages_unprocessed WHERE state = 'WAITING'"
    with connection.transaction(force_rollback=True):
        free = connection.execute(f"{waiting} FOR SHARE SKIP LOCKED".encode()).fetchall()
        every = connection.execute(waiting.encode()).fetchall()
    return len({row[0] for row in every} - {row[0] for row in free})


def _events(connection: Connection, workspace_id: UUID | None) -> dict[str, int]:
    rows = connection.execute(
        """
        SELECT e.state, count(*) FROM webhook_events e
        WHERE %(ws)s::uuid IS NULL OR e.account_id IN
            (SELECT id FROM whatsapp_accounts WHERE workspace_id = %(ws)s)
        GROUP BY e.state
        """,
        {"ws": workspace_id},
    ).fetchall()
    found: dict[str, int] = dict(rows)
    states = {name: int(found.get(name.upper(), 0)) for name in ("pending", "processed", "failed")}
    return {"received": sum(states.values()), **states}


def _by_status(connection: Connection, workspace_id: UUID | None) -> dict[str, int]:
    rows = connection.execute(
        """
        SELECT status, count(*) FROM messages
        WHERE direction = 'outbound' AND (%(ws)s::uuid IS NULL OR workspace_id = %(ws)s)
        GROUP BY status
        """,
        {"ws": workspace_id},
    ).fetchall()
    return {**dict.fromkeys(OUTBOUND, 0), **dict(rows)}


def _scoped(
    connection: Connection, table: str, workspace_id: UUID | None, condition: str = "true"
) -> int:
    query = (
        f"SELECT count(*) FROM {table} WHERE {condition}"  # noqa: S608  # our own words
        " AND (%(ws)s::uuid IS NULL OR workspace_id = %(ws)s)"
    )
    return _count(connection, query, workspace_id)


def _count(connection: Connection, query: str, workspace_id: UUID | None) -> int:
    row = connection.execute(query.encode(), {"ws": workspace_id}).fetchone()
    return int(row[0]) if row else 0

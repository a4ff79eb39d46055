"""Take claimed events and items to their end, whatever is in them. System-only: the webhook drain.

Where a batch fails it is halved until the failing item stands alone; that one goes to
messages_unprocessed with its error and its next retry, and delays nobody.
"""

import datetime as dt
from uuid import UUID

import psycopg

from app import db, log
from app.db import Connection
from app.services.inbound import aside, numbers
from app.services.inbound.apply import UNKNOWN_NUMBER, apply
from app.services.inbound.aside import Findings
from app.services.inbound.items import (
    BadItem,
    Item,
    News,
    Origin,
    split,
    split_again,
    unused_fields,
)
from app.services.whatsapp.bodies import Unreadable
from app.services.whatsapp.payloads import read_changes

Event = tuple[UUID, UUID | None, dt.datetime, bytes]  # id, account, when it came, body


def process_events(connection: Connection, rows: list[Event]) -> Findings:
    """Take claimed events to their end; one that defeats even that is failed, alone."""
    findings = Findings()
    if not rows:
        return findings
    try:
        with connection.transaction():
            items, unreadable = read(rows, findings)
            apply_or_split(connection, items, findings)
            aside.put(connection, findings)
            numbers.note_webhooks(connection, [row[1] for row in rows], items)
            numbers.note_unused(connection, findings.unused_fields)
            mark_done(connection, [row[0] for row in rows], unreadable)
    except Exception as error:
        if _is_away(connection, error):
            raise
        if len(rows) == 1:
            event_id = rows[0][0]
            log.get(__name__).exception("event_failed", event_id=str(event_id))
            mark_done(
                connection, [event_id], {event_id: f"{type(error).__name__}: {_reason(error)}"}
            )
            return Findings()
        middle = len(rows) // 2
        findings = process_events(connection, rows[:middle])
        findings.add(process_events(connection, rows[middle:]))
    return findings


def read(rows: list[Event], findings: Findings) -> tuple[list[Item | News], dict[UUID, str]]:
    """Return the items of these events, and why a body could not be read at all."""
    items: list[Item | News] = []
    unreadable: dict[UUID, str] = {}
    for event_id, account_id, received_at, payload in rows:
        origin = Origin(event_id, account_id, received_at)
        try:
            changes = read_changes(bytes(payload))
            found = list(split(changes, origin))
        except Unreadable as error:
            unreadable[event_id] = str(error)[:1000]
            continue
        findings.unused_fields |= {(account_id, *one) for one in unused_fields(changes)}
        for item in found:
            if isinstance(item, BadItem):
                findings.put_bad_aside(item)
            else:
                items.append(item)
    return items, unreadable


def apply_or_split(connection: Connection, items: list[Item | News], findings: Findings) -> None:
    """Apply the items, or halve them until what fails stands alone."""
    if not items:
        return
    try:
        with connection.transaction():
            applied = apply(connection, items)
    except Exception as error:
        if _is_away(connection, error):
            raise  # the whole batch comes again
        if len(items) == 1:
            log.get(__name__).exception("item_failed", event_id=str(items[0].origin.event_id))
            findings.put_aside(items[0], f"{type(error).__name__}: {_reason(error)}")
            return
        middle = len(items) // 2
        apply_or_split(connection, items[:middle], findings)
        apply_or_split(connection, items[middle:], findings)
    else:
        findings.bells.extend(applied.bells)
        findings.has_media |= applied.has_media
        for item in applied.unknown:
            findings.put_aside(item, UNKNOWN_NUMBER, park=True)


def _is_away(connection: Connection, error: Exception) -> bool:
    return connection.closed or db.is_connection_loss(error)


def _reason(error: Exception) -> str:
    """Name the database's complaint without the customer's words, which its details repeat."""
    if isinstance(error, psycopg.Error):
        return error.diag.message_primary or "the database refused it"
    return "it could not be applied"


def mark_done(connection: Connection, ids: list[UUID], unreadable: dict[UUID, str]) -> None:
    """Say that nothing is left to do with these events; those in `unreadable` are failed."""
    connection.execute(
        """
        UPDATE webhook_events e SET processed_at = now(), updated_at = now(), error = d.error,
            state = CASE WHEN d.error IS NULL THEN 'PROCESSED' ELSE 'FAILED' END
        FROM unnest(%b::uuid[], %b::text[]) AS d (id, error) WHERE e.id = d.id
        """,
        (ids, [unreadable.get(event_id) for event_id in ids]),
    )


def retry_item(connection: Connection, row_id: UUID) -> tuple[Findings, bool]:
    """Try an item that was put aside again; park what has failed often enough.

    Returns what it came to, and whether the item was there and nobody else had it.
    """
    row = connection.execute(
        """
        SELECT u.webhook_event_id, u.item, u.account_id, e.created_at, u.payload, u.retry_count
        FROM messages_unprocessed u JOIN webhook_events e ON e.id = u.webhook_event_id
        WHERE u.id = %s AND u.state = 'WAITING' FOR UPDATE OF u SKIP LOCKED
        """,
        (row_id,),
    ).fetchone()
    if row is None:
        return Findings(), False
    event_id, key, account_id, received_at, payload, retry_count = row
    findings = Findings()
    for item in split_again(payload, Origin(event_id, account_id, received_at), key):
        if isinstance(item, BadItem):
            findings.put_bad_aside(item)
        else:
            apply_or_split(connection, [item], findings)
    if not findings.aside:
        connection.execute("DELETE FROM messages_unprocessed WHERE id = %s", (row_id,))
        return findings, True
    aside.postpone(connection, row_id, findings, retry_count + 1)
    return findings, True


def fetch(connection: Connection, ids: list[UUID]) -> list[Event]:
    """Return these events with their bodies, in their order."""
    return connection.execute(
        "SELECT id, account_id, created_at, payload FROM webhook_events"
        " WHERE id = ANY(%b::uuid[]) ORDER BY id",
        (ids,),
    ).fetchall()


def items_of(connection: Connection, event_id: UUID) -> list[Item | News | BadItem]:
    """Return all the items of an event, the bad ones, too; none of a body that nobody can read."""
    findings = Findings()
    items, _ = read(fetch(connection, [event_id]), findings)
    return [*items, *(item for item, _, _ in findings.aside)]

"""Take claimed events and items to their end, whatever is in them. System-only: the webhook drain.

Where a batch fails it is halved until the failing item stands alone; that one goes to
messages_unprocessed with its error and its next retry, and delays nobody.
"""

import datetime as dt
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from app import db, log
from app.db import Connection
from app.events import Bell
from app.ids import new_id
from app.models.enums import UnprocessedState
from app.services.inbound.apply import UNKNOWN_NUMBER, apply
from app.services.inbound.items import BadItem, Item, split, split_again
from app.services.whatsapp.bodies import Unreadable
from app.services.whatsapp.payloads import read_changes

PAUSES = tuple(dt.timedelta(seconds=s) for s in (30, 120, 600, 3600, 6 * 3600))

Event = tuple[UUID, UUID | None, bytes]  # id, account, body


class Findings:
    """What a batch came to: bells to ring, items to put aside."""

    def __init__(self) -> None:
        self.bells: list[Bell] = []
        self.aside: list[tuple[Item | BadItem, str, UnprocessedState]] = []

    def put_aside(self, item: Item | BadItem, error: str, *, park: bool = False) -> None:
        """Keep an item for later: it waits for a retry, or for a person."""
        state = UnprocessedState.PARKED if park else UnprocessedState.WAITING
        self.aside.append((item, error[:1000], state))


def process_events(connection: Connection, rows: list[Event]) -> list[Bell]:
    """Take claimed events to their end; one that defeats even that is failed, alone."""
    if not rows:
        return []
    findings = Findings()
    try:
        with connection.transaction():
            items, unreadable = read(rows, findings)
            apply_or_split(connection, items, findings)
            put_aside(connection, findings)
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
            return []
        middle = len(rows) // 2
        return process_events(connection, rows[:middle]) + process_events(connection, rows[middle:])
    return findings.bells


def read(rows: list[Event], findings: Findings) -> tuple[list[Item], dict[UUID, str]]:
    """Return the items of these events, and why a body could not be read at all."""
    items: list[Item] = []
    unreadable: dict[UUID, str] = {}
    for event_id, account_id, payload in rows:
        try:
            found = list(split(read_changes(bytes(payload)), event_id, account_id))
        except Unreadable as error:
            unreadable[event_id] = str(error)[:1000]
            continue
        for item in found:
            if isinstance(item, BadItem):
                findings.put_aside(item, item.error)
            else:
                items.append(item)
    return items, unreadable


def apply_or_split(connection: Connection, items: list[Item], findings: Findings) -> None:
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
            log.get(__name__).exception("item_failed", event_id=str(items[0].event_id))
            findings.put_aside(items[0], f"{type(error).__name__}: {_reason(error)}")
            return
        middle = len(items) // 2
        apply_or_split(connection, items[:middle], findings)
        apply_or_split(connection, items[middle:], findings)
    else:
        findings.bells.extend(applied.bells)
        for item in applied.unknown:
            findings.put_aside(item, UNKNOWN_NUMBER, park=True)


def _is_away(connection: Connection, error: Exception) -> bool:
    return connection.closed or db.is_connection_loss(error)


def _reason(error: Exception) -> str:
    """Name the database's complaint without the customer's words, which its details repeat."""
    if isinstance(error, psycopg.Error):
        return error.diag.message_primary or "the database refused it"
    return "it could not be applied"


def put_aside(connection: Connection, findings: Findings, *, is_deadly: bool = False) -> None:
    """Keep what could not be applied, with its next retry: the same item of two bodies once.

    What kills the process is kept for each event, because that is how the event gets rid of it.
    """
    connection.cursor().executemany(
        """
        INSERT INTO messages_unprocessed (id, webhook_event_id, item, account_id, wa_message_id,
            payload, error, state, next_retry_at)
        SELECT n.* FROM (VALUES (%s::uuid, %s::uuid, %s::text, %s::uuid, %s::text, %s::jsonb,
            %s::text, %s::text, now() + %s)) AS n (id, event, item, account_id, wa_message_id,
            payload, error, state, at)
        WHERE %s OR NOT EXISTS (
            SELECT FROM messages_unprocessed u
            WHERE u.account_id IS NOT DISTINCT FROM n.account_id
            AND u.wa_message_id IS NOT DISTINCT FROM n.wa_message_id AND u.payload = n.payload)
        ON CONFLICT (webhook_event_id, item) DO NOTHING
        """,
        [
            (
                new_id(),
                item.event_id,
                item.key,
                item.account_id,
                item.wamid,
                Jsonb(item.payload),
                error,
                state.value,
                PAUSES[0],
                is_deadly,
            )
            for item, error, state in findings.aside
        ],
    )


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


def retry_item(connection: Connection, row_id: UUID) -> tuple[list[Bell], bool]:
    """Try an item that was put aside again; park what has failed often enough.

    Returns the bells, and whether the item was there and nobody else had it.
    """
    row = connection.execute(
        """
        SELECT webhook_event_id, item, account_id, payload, retry_count
        FROM messages_unprocessed WHERE id = %s AND state = 'WAITING' FOR UPDATE SKIP LOCKED
        """,
        (row_id,),
    ).fetchone()
    if row is None:
        return [], False
    event_id, key, account_id, payload, retry_count = row
    findings = Findings()
    for item in split_again(payload, event_id, account_id, key):
        if isinstance(item, BadItem):
            findings.put_aside(item, item.error)
        else:
            apply_or_split(connection, [item], findings)
    if not findings.aside:
        connection.execute("DELETE FROM messages_unprocessed WHERE id = %s", (row_id,))
        return findings.bells, True
    _, error, state = findings.aside[0]
    count = retry_count + 1
    is_over = count >= len(PAUSES) or state is UnprocessedState.PARKED
    connection.execute(
        """
        UPDATE messages_unprocessed SET retry_count = %s, error = %s, state = %s,
            next_retry_at = now() + %s, updated_at = now() WHERE id = %s
        """,
        (
            count,
            error,
            (UnprocessedState.PARKED if is_over else UnprocessedState.WAITING).value,
            PAUSES[min(count, len(PAUSES) - 1)],
            row_id,
        ),
    )
    return findings.bells, True


def put_item_aside(connection: Connection, event_id: UUID, key: str, reason: str) -> None:
    """Put one item of an event aside: it is tried once more, then a person must replay it."""
    was_aside = connection.execute(
        """
        UPDATE messages_unprocessed SET state = 'PARKED', error = %s, updated_at = now()
        WHERE webhook_event_id = %s AND item = %s
        """,
        (reason, event_id, key),
    ).rowcount
    if was_aside:
        return
    findings = Findings()
    items, _ = read(fetch(connection, [event_id]), findings)
    findings.aside = [(item, reason, UnprocessedState.WAITING) for item in items if item.key == key]
    put_aside(connection, findings, is_deadly=True)


def is_aside(connection: Connection, event_id: UUID, key: str) -> bool:
    """Tell whether an item was put aside before."""
    row = connection.execute(
        "SELECT FROM messages_unprocessed WHERE webhook_event_id = %s AND item = %s",
        (event_id, key),
    ).fetchone()
    return row is not None


def fetch(connection: Connection, ids: list[UUID]) -> list[Event]:
    """Return these events with their bodies, in their order."""
    return connection.execute(
        "SELECT id, account_id, payload FROM webhook_events WHERE id = ANY(%b::uuid[]) ORDER BY id",
        (ids,),
    ).fetchall()

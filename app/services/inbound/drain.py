"""Empty the table of webhook events, batch by batch. System-only: a job and the command line.

A batch is one transaction: claim with SKIP LOCKED, apply, mark, commit, then ring. Where a batch
fails it is halved until the failing item stands alone; that one goes to messages_unprocessed with
its error and its next retry, and delays nobody.
"""

import datetime as dt
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from app import db, events, log
from app.events import Bell
from app.ids import new_id
from app.models.enums import UnprocessedState
from app.services.inbound.apply import UNKNOWN_NUMBER, apply
from app.services.inbound.items import BadItem, Item, split, split_again
from app.services.inbound.people import Connection
from app.services.whatsapp.payloads import Unreadable, read_changes

BATCH = 500
BATCH_BYTES = 8 * 1024 * 1024
SLICE_S = 60.0
GIVE_WAY_S = 0.5
PAUSES = tuple(dt.timedelta(seconds=s) for s in (30, 120, 600, 3600, 6 * 3600))


def drain(
    *,
    deadline_s: float = SLICE_S,
    should_stop: Callable[[], bool] = lambda: False,
    ignore_pauses: bool = False,
) -> bool:
    """Apply what is pending, then what is due again; True when nothing is left.

    False: the time is over, or `should_stop` asked to give way after at least half a second.
    """
    start = time.monotonic()
    with db.connect() as connection:
        with connection.transaction():
            now = connection.execute("SELECT clock_timestamp()").fetchone()
        while _retry(connection, now, ignore_pauses=ignore_pauses):
            pass
        while _batch(connection):
            elapsed = time.monotonic() - start
            if elapsed > deadline_s or (elapsed > GIVE_WAY_S and should_stop()):
                return False
    return True


class _Findings:
    """What a batch came to: bells to ring, items to put aside."""

    def __init__(self) -> None:
        self.bells: list[Bell] = []
        self.aside: list[tuple[Item | BadItem, str, UnprocessedState]] = []

    def put_aside(self, item: Item | BadItem, error: str, *, park: bool = False) -> None:
        state = UnprocessedState.PARKED if park else UnprocessedState.WAITING
        self.aside.append((item, error[:1000], state))


def _batch(connection: Connection) -> int:
    with connection.transaction():
        rows = _claim(connection)
        bells = _process(connection, rows)
    events.publish(bells)
    return len(rows)


def _process(connection: Connection, rows: list[tuple[Any, ...]]) -> list[Bell]:
    """Take claimed events to their end; one that defeats even that is failed, alone."""
    if not rows:
        return []
    findings = _Findings()
    try:
        with connection.transaction():
            items, unreadable = _read(rows, findings)
            _apply_or_split(connection, items, findings)
            _put_aside(connection, findings)
            _mark(connection, [row[0] for row in rows], unreadable)
    except Exception as error:
        if _is_away(connection, error):
            raise
        if len(rows) == 1:
            event_id = rows[0][0]
            log.get(__name__).exception("event_failed", event_id=str(event_id))
            _mark(connection, [event_id], {event_id: f"{type(error).__name__}: {_reason(error)}"})
            return []
        middle = len(rows) // 2
        return _process(connection, rows[:middle]) + _process(connection, rows[middle:])
    return findings.bells


def _claim(connection: Connection) -> list[tuple[Any, ...]]:
    """Lock the oldest pending events: up to 500, and up to 8 MB of bodies, but at least one."""
    waiting = connection.execute(
        """
        SELECT id, octet_length(payload) FROM webhook_events
        WHERE state = 'PENDING' AND type = 'whatsapp'
        ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
        """,
        (BATCH,),
    ).fetchall()
    ids: list[UUID] = []
    size = 0
    for event_id, length in waiting:
        size += length
        if ids and size > BATCH_BYTES:
            break
        ids.append(event_id)
    return connection.execute(
        "SELECT id, account_id, payload FROM webhook_events WHERE id = ANY(%b::uuid[]) ORDER BY id",
        (ids,),
    ).fetchall()


def _read(rows: list[tuple[Any, ...]], findings: _Findings) -> tuple[list[Item], dict[UUID, str]]:
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


def _apply_or_split(connection: Connection, items: list[Item], findings: _Findings) -> None:
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
        _apply_or_split(connection, items[:middle], findings)
        _apply_or_split(connection, items[middle:], findings)
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


def _put_aside(connection: Connection, findings: _Findings) -> None:
    connection.cursor().executemany(
        """
        INSERT INTO messages_unprocessed (id, webhook_event_id, item, account_id, wa_message_id,
            payload, error, state, next_retry_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, now() + %s)
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
            )
            for item, error, state in findings.aside
        ],
    )


def _mark(connection: Connection, ids: list[UUID], unreadable: dict[UUID, str]) -> None:
    connection.execute(
        """
        UPDATE webhook_events e SET processed_at = now(), updated_at = now(), error = d.error,
            state = CASE WHEN d.error IS NULL THEN 'PROCESSED' ELSE 'FAILED' END
        FROM unnest(%b::uuid[], %b::text[]) AS d (id, error) WHERE e.id = d.id
        """,
        (ids, [unreadable.get(event_id) for event_id in ids]),
    )


def _retry(connection: Connection, untouched_since: Any, *, ignore_pauses: bool) -> int:
    """Try the waiting items again, once each; park what has failed often enough."""
    with connection.transaction():
        rows = connection.execute(
            """
            SELECT id, webhook_event_id, item, account_id, payload, retry_count
            FROM messages_unprocessed
            WHERE state = 'WAITING' AND (next_retry_at <= now() OR %s) AND updated_at < %s
            ORDER BY next_retry_at LIMIT %s FOR UPDATE SKIP LOCKED
            """,
            (ignore_pauses, untouched_since[0], BATCH),
        ).fetchall()
        bells = [bell for row in rows for bell in _retry_one(connection, *row)]
    events.publish(bells)
    return len(rows)


def _retry_one(  # noqa: PLR0917  # a row of the query above
    connection: Connection,
    row_id: UUID,
    event_id: UUID,
    key: str,
    account_id: UUID | None,
    payload: dict[str, Any],
    retry_count: int,
) -> list[Bell]:
    findings = _Findings()
    for item in split_again(payload, event_id, account_id, key):
        if isinstance(item, BadItem):
            findings.put_aside(item, item.error)
        else:
            _apply_or_split(connection, [item], findings)
    if not findings.aside:
        connection.execute("DELETE FROM messages_unprocessed WHERE id = %s", (row_id,))
        return findings.bells
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
    return findings.bells

"""Conversations of a batch: found or made, locked in id order, updated once.

System-only: the webhook drain.
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from app.db import Connection
from app.ids import new_id
from app.services import previews
from app.services.inbound.content import AMENDMENTS
from app.services.inbound.inserted import Inserted

ThreadKey = tuple[UUID, UUID, UUID]  # workspace, phone number, contact


@dataclass(slots=True)
class Thread:
    """A locked conversation; `seq` is what this batch stamps on whatever it touches in it."""

    id: UUID
    workspace_id: UUID
    phone_number_id: UUID
    contact_id: UUID
    seq: int

    @property
    def key(self) -> ThreadKey:
        """What makes it one thread."""
        return self.workspace_id, self.phone_number_id, self.contact_id


@dataclass(slots=True)
class _Delta:
    unread: int = 0
    window: dt.datetime | None = None
    newest: Inserted | None = None


class Threads:
    """The locked conversations of a batch, by id and by key."""

    def __init__(self, rows: Collection[Thread]) -> None:
        self.by_id = {row.id: row for row in rows}
        self.by_key = {row.key: row for row in rows}


def lock_threads(connection: Connection, *, keys: set[ThreadKey], ids: set[UUID]) -> Threads:
    """Make the missing threads and lock all of them, in id order, until the transaction ends."""
    ordered = sorted(keys, key=str)
    columns = [list(column) for column in zip(*ordered, strict=True)] or [[], [], []]
    if ordered:
        connection.execute(
            """
            INSERT INTO conversations (id, workspace_id, phone_number_id, contact_id)
            SELECT k.* FROM unnest(%b::uuid[], %b::uuid[], %b::uuid[], %b::uuid[])
                AS k (id, workspace_id, phone_number_id, contact_id)
            WHERE NOT EXISTS (
                SELECT FROM conversations c WHERE c.workspace_id = k.workspace_id
                AND c.phone_number_id = k.phone_number_id AND c.contact_id = k.contact_id)
            ON CONFLICT (workspace_id, contact_id, phone_number_id) DO NOTHING
            """,
            ([new_id() for _ in ordered], *columns),
        )
    rows = connection.execute(
        """
        SELECT id, workspace_id, phone_number_id, contact_id, change_seq + 1
        FROM conversations WHERE id IN (
            SELECT unnest(%b::uuid[])
            UNION SELECT c.id FROM conversations c
            JOIN unnest(%b::uuid[], %b::uuid[], %b::uuid[])
                AS k (workspace_id, phone_number_id, contact_id)
            USING (workspace_id, phone_number_id, contact_id))
        ORDER BY id FOR UPDATE
        """,
        (sorted(ids), *columns),
    ).fetchall()
    return Threads([Thread(*row) for row in rows])


def update_threads(
    connection: Connection,
    threads: Threads,
    inserted: Collection[Inserted],
    changed: Collection[UUID],
) -> list[Thread]:
    """Write what the list shows of the touched threads; returns them. The rest stays as it was."""
    deltas: dict[UUID, _Delta] = {thread_id: _Delta() for thread_id in changed}
    for row in inserted:
        delta = deltas.setdefault(row.conversation_id, _Delta())
        delta.unread += row.is_unread
        if row.window and (delta.window is None or row.window > delta.window):
            delta.window = row.window
        if delta.newest is None or row.rank > delta.newest.rank:
            delta.newest = row
    if deltas:
        _write(connection, deltas)
    if changed:
        previews.show_status(connection, changed)
    return [threads.by_id[thread_id] for thread_id in deltas]


def _write(connection: Connection, deltas: dict[UUID, _Delta]) -> None:
    rows = [
        (
            thread_id,
            delta.unread,
            delta.window,
            delta.newest.id if delta.newest else None,
            delta.newest.sent_at if delta.newest else None,
            delta.newest.preview if delta.newest else None,
            delta.newest.type.value if delta.newest else None,
            delta.newest is not None and delta.newest.is_echo,
        )
        for thread_id, delta in deltas.items()
    ]
    amendments = sorted(kind.value for kind in AMENDMENTS)
    connection.execute(
        """
        UPDATE conversations c SET
            change_seq = c.change_seq + 1,
            updated_at = now(),
            unread_count = c.unread_count + d.unread,
            status = CASE WHEN d.unread > 0 AND c.status IN ('RESOLVED', 'SNOOZED')
                THEN 'OPEN' ELSE c.status END,
            window_expires_at = greatest(c.window_expires_at, d.window_until),
            last_message_id = CASE WHEN is_newer THEN d.last_id ELSE c.last_message_id END,
            last_message_at = CASE WHEN is_newer THEN d.last_at ELSE c.last_message_at END,
            last_message_text = CASE WHEN is_newer THEN d.text ELSE c.last_message_text END,
            last_message_type = CASE WHEN is_newer THEN d.type ELSE c.last_message_type END,
            last_message_direction = CASE WHEN NOT is_newer THEN c.last_message_direction
                WHEN d.is_echo THEN 'outbound' ELSE 'inbound' END,
            last_message_status = CASE WHEN NOT is_newer THEN c.last_message_status
                WHEN d.is_echo THEN 'sent' ELSE 'received' END
        FROM (
            SELECT k.*, k.last_id IS NOT NULL AND (o.last_message_at IS NULL OR
                (k.type <> ALL(%b::text[]), k.last_at, k.last_id)
                > (o.last_message_type <> ALL(%b::text[]), o.last_message_at, o.last_message_id)
            ) AS is_newer
            FROM unnest(%b::uuid[], %b::int[], %b::timestamptz[], %b::uuid[], %b::timestamptz[],
                %b::text[], %b::text[], %b::bool[])
                AS k (id, unread, window_until, last_id, last_at, text, type, is_echo)
            JOIN conversations o ON o.id = k.id
        ) d
        WHERE c.id = d.id
        """,
        [amendments, amendments, *(list(column) for column in zip(*rows, strict=True))],
    )

"""What a drain is working on, committed before it begins: a worker that dies leaves its mark.

A mark names events, or one item of an event. Its runner holds an advisory lock for as long as its
connection lives, so a mark whose lock is free tells of a death. What was marked then comes again
in ever smaller portions: a few together, alone, item by item. So whatever kills workers is found
and put aside, and its neighbours go on. System-only: the webhook drain.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from uuid import UUID

from app.db import Connection
from app.ids import new_id
from app.services.locks import start_run

WORKER_DIED = "The worker died while it worked on this."


class Portion(IntEnum):
    """How carefully an event is taken, by the deaths it was part of (`attempt_count`)."""

    TOGETHER = 0
    FEW = 1
    ALONE = 2
    BY_ITEM = 3
    GIVEN_UP = 4


@dataclass(frozen=True, slots=True)
class DeadItem:
    """An item during which a worker died."""

    event_id: UUID
    key: str


class Marker:
    """The mark of one drain; it lives as long as the connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._runner = start_run(connection)

    def set(self, event_ids: Sequence[UUID], item: str = "") -> None:
        """Say what comes next; to be committed before it is begun.

        The mark need not survive the database, only the worker: nobody waits for the disk.
        """
        self._connection.execute("SET LOCAL synchronous_commit = off")
        self._connection.execute(
            "INSERT INTO drain_marks (id, runner, event_ids, item) VALUES (%s, %s, %s, %s)",
            (new_id(), self._runner, list(event_ids), item),
        )

    def clear(self) -> None:
        """Say that it is done; in the transaction that did it."""
        self._connection.execute("DELETE FROM drain_marks WHERE runner = %s", (self._runner,))


def bury(connection: Connection) -> list[DeadItem]:
    """Take the marks of the dead away; their events come again in smaller portions.

    Returns the items that killed, for the caller to put aside in the same transaction.
    """
    rows = connection.execute(
        """
        DELETE FROM drain_marks WHERE id IN (
            SELECT id FROM drain_marks WHERE runner_is_gone(runner) FOR UPDATE SKIP LOCKED)
        RETURNING event_ids, item
        """
    ).fetchall()
    for event_ids, item in rows:
        if not item:
            _be_more_careful(connection, event_ids)
    return [DeadItem(event_ids[0], item) for event_ids, item in rows if item]


def _be_more_careful(connection: Connection, event_ids: list[UUID]) -> None:
    """Take these in a smaller portion next time; give up what killed before it could be split."""
    connection.execute(
        """
        UPDATE webhook_events SET updated_at = now(),
            attempt_count = greatest(attempt_count, %(least)s) + 1,
            state = CASE WHEN attempt_count >= %(last)s THEN 'FAILED' ELSE state END,
            error = CASE WHEN attempt_count >= %(last)s THEN %(reason)s ELSE error END
        WHERE id = ANY(%(ids)s) AND state = 'PENDING'
        """,
        {
            "least": Portion.ALONE if len(event_ids) == 1 else Portion.TOGETHER,
            "last": Portion.BY_ITEM,
            "reason": WORKER_DIED,
            "ids": event_ids,
        },
    )

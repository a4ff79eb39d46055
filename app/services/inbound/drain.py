"""Empty the table of webhook events, portion by portion. System-only: a job and the command line.

A portion is one transaction: claim with SKIP LOCKED, apply, mark as done, commit, then ring. What
is begun is marked first (`marks`), so that a portion during which the worker dies comes again in
smaller ones, while everything else goes on.

Half of a batch is Python and half is PostgreSQL, each waiting for the other. Where more waits than
one batch takes, a second hand on a thread and a connection of its own works on the next one.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from uuid import UUID

from app import crash, db, events, queue
from app.db import Connection
from app.queue import JobName
from app.services import turns
from app.services.inbound import aside, marks, process
from app.services.inbound.aside import Findings
from app.services.inbound.marks import WORKER_DIED, Marker, Portion
from app.services.turns import Turn

BATCH = 500
BATCH_BYTES = 8 * 1024 * 1024
FEW = 25  # of those that were there when a worker died
CAREFUL = 10  # taken alone between two batches, so that neither waits for the other
RETRIES = 20  # the same


def drain(
    *,
    deadline_s: float = turns.LONGEST_S,
    should_stop: Callable[[], bool] = turns.never,
    ignore_pauses: bool = False,
) -> bool:
    """Apply what is pending, and between the batches what is due again; True when nothing is left.

    False when the turn is over.
    """
    turn = Turn(deadline_s=deadline_s, should_stop=should_stop)
    with db.connect() as connection, ThreadPoolExecutor(1) as pool:
        work = _Drain(connection)
        work.bury_the_dead()
        second_hand: Future[bool] | None = None
        while True:
            taken = work.batch()
            left = taken + work.careful_ones() + work.retries(ignore_pauses=ignore_pauses)
            if not left or turn.is_over():
                break
            if taken == BATCH and second_hand is None:
                second_hand = pool.submit(_help, turn)
        is_helped_to_the_end = second_hand is None or second_hand.result()
    return not left and is_helped_to_the_end


def _help(turn: Turn) -> bool:
    """Take batches beside the drain that called; what else there is to do stays with that one."""
    with db.connect() as connection:
        work = _Drain(connection)
        while taken := work.batch():
            if turn.is_over():
                break
    return not taken


class _Drain:
    """One run over one connection, with its mark."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._marker = Marker(connection)
        [(self._began,)] = self._fetch("SELECT clock_timestamp()", ())

    def bury_the_dead(self) -> None:
        """Put aside what has killed a worker while nothing else was at hand."""
        with self._connection.transaction():
            for dead in marks.bury(self._connection):
                for item in process.items_of(self._connection, dead.event_id):
                    if item.key == dead.key:
                        aside.put_killer(self._connection, item, WORKER_DIED)

    def batch(self) -> int:
        """Take the oldest pending events together; returns how many."""
        return self._take_next(Portion.TOGETHER, BATCH)

    def careful_ones(self) -> int:
        """Take some of those that were there when a worker died; returns how many."""
        [(is_needed,)] = self._fetch(
            "SELECT EXISTS (SELECT FROM webhook_events"
            " WHERE state = 'PENDING' AND attempt_count > 0)",
            (),
        )
        if not is_needed:
            return 0
        taken = self._take_next(Portion.FEW, FEW)
        for _ in range(CAREFUL):
            one = self._take_next(Portion.ALONE, 1) or self._take_next(Portion.BY_ITEM, 1)
            if not one:
                break
            taken += one
        return taken

    def retries(self, *, ignore_pauses: bool) -> int:
        """Try some of the items that wait for it again, each once in this run; returns how many."""
        rows = self._fetch(
            """
            SELECT id, webhook_event_id, item FROM messages_unprocessed
            WHERE state = 'WAITING' AND (next_retry_at <= now() OR %s) AND updated_at < %s
            ORDER BY next_retry_at LIMIT %s
            """,
            (ignore_pauses, self._began, RETRIES),
        )
        for row_id, event_id, key in rows:
            with self._connection.transaction():
                self._marker.set([event_id], key)
            with self._connection.transaction():
                findings, is_mine = process.retry_item(self._connection, row_id)
                self._marker.clear()
            if not is_mine:
                return 0  # another drain is at them
            _ring(findings)
        return len(rows)

    def _take_next(self, portion: Portion, limit: int) -> int:
        with self._connection.transaction():
            ids = self._choose(portion, limit)
            if ids:
                self._marker.set(ids)
        if not ids:
            return 0
        crash.point("drain.marked")
        if portion is Portion.BY_ITEM:
            self._take_by_item(ids[0])
        else:
            self._take(ids)
        return len(ids)

    def _choose(self, portion: Portion, limit: int) -> list[UUID]:
        """Name the oldest events of a portion: up to 8 MB of bodies, but at least one.

        The planner knows nothing true about a queue; the index in its order is always right.
        """
        self._connection.execute("SET LOCAL enable_sort = off")
        waiting = self._connection.execute(
            """
            SELECT id, octet_length(payload) FROM webhook_events
            WHERE state = 'PENDING' AND attempt_count = %s AND type = 'whatsapp'
            AND id NOT IN (SELECT unnest(event_ids) FROM drain_marks)
            ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
            """,
            (portion, limit),
        ).fetchall()
        ids: list[UUID] = []
        size = 0
        for event_id, length in waiting:
            size += length
            if ids and size > BATCH_BYTES:
                break
            ids.append(event_id)
        return ids

    def _take(self, ids: list[UUID]) -> None:
        with self._connection.transaction():
            findings = process.process_events(self._connection, self._claim(ids))
            self._marker.clear()
        crash.point("drain.committed")
        _ring(findings)

    def _take_by_item(self, event_id: UUID) -> None:
        """Take an event that killed even alone; items that killed are aside, the others applied.

        Every item is a transaction of its own; to begin again from the first one is harmless.
        """
        findings = Findings()
        with self._connection.transaction():
            rows = self._claim([event_id])
            items, unreadable = process.read(rows, findings)
            self._marker.clear()
        for item in items:
            with self._connection.transaction():
                if aside.is_kept(self._connection, item):
                    continue
                self._marker.set([event_id], item.key)
            with self._connection.transaction():
                process.apply_or_split(self._connection, [item], findings)
                self._marker.clear()
        with self._connection.transaction():
            aside.put(self._connection, findings)
            process.mark_done(self._connection, [row[0] for row in rows], unreadable)
        _ring(findings)

    def _claim(self, ids: list[UUID]) -> list[process.Event]:
        """Lock and return those that are still pending and that no other drain has."""
        return self._connection.execute(
            """
            SELECT id, account_id, created_at, payload FROM webhook_events
            WHERE id = ANY(%b::uuid[]) AND state = 'PENDING' ORDER BY id FOR UPDATE SKIP LOCKED
            """,
            (ids,),
        ).fetchall()

    def _fetch(self, query: str, params: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        with self._connection.transaction():
            return self._connection.execute(query.encode(), params).fetchall()


def _ring(findings: Findings) -> None:
    """Tell open screens, and whoever fetches files: their links live for minutes."""
    events.publish(findings.bells)
    if findings.has_media:
        queue.ring(JobName.DRAIN_MEDIA)

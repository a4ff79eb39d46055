"""The group committer: every waiting webhook body in one INSERT, answered after its commit.

There is no linger: while one batch commits the next one gathers, so it adapts to the disk by
itself. Measured eleven times faster than a transaction per request (decision 0006).
A database that hangs is answered like one that is away: whoever sends needs an answer in time.
"""

import asyncio
import os
import socket
from uuid import UUID

import psycopg
from nicegui import background_tasks
from psycopg import AsyncConnection

from app import crash, db, log, queue
from app.errors import Unavailable
from app.i18n import mark
from app.ids import new_id
from app.models.enums import WebhookEventType
from app.queue import JobName

MAX_BATCH = 500
CONNECT_TIMEOUT_S = 3
COMMIT_TIMEOUT_S = 3.0
STATEMENT_TIMEOUT_S = 10  # what we no longer wait for must not go on for long
INSERT = """
    INSERT INTO webhook_events (id, type, account_id, payload)
    SELECT * FROM unnest(%b::uuid[], %b::text[], %b::uuid[], %b::bytea[])
"""

Waiting = tuple[UUID, WebhookEventType, UUID | None, bytes, "asyncio.Future[None]"]


class StoreFailed(Unavailable):
    """The body could not be committed; whoever sent it must send it again."""

    code = "store_failed"
    sentence = mark("The database is away. Please send this again.")


class _Away(Exception):
    """The database cannot be reached, or took a statement and said nothing more."""


class Committer:
    """One per process; lives on the event loop and owns one connection."""

    def __init__(self) -> None:
        self._waiting: list[Waiting] = []
        self._task: asyncio.Task[None] | None = None
        self._connection: AsyncConnection[tuple[object, ...]] | None = None
        self._ringing: asyncio.Task[object] | None = None
        self._rings = 0

    async def store(self, kind: WebhookEventType, account_id: UUID | None, body: bytes) -> UUID:
        """Return the event's id once the body is committed.

        Raises:
            StoreFailed: the database cannot be reached; nothing is stored.
        """
        event_id = new_id()
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((event_id, kind, account_id, body, future))
        if self._task is None or self._task.done():
            self._task = background_tasks.create(self._run(), name="webhook committer")
        await future
        return event_id

    async def close(self) -> None:
        """Commit what waits, then let the connection go."""
        for task in (self._task, self._ringing):
            if task is not None:
                await task
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def _run(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
            try:
                await self._insert(batch)
            except _Away as away:
                log.get(__name__).warning("database_away", size=len(batch), error=str(away)[:200])
                _refuse(batch)
            except Exception as error:  # noqa: BLE001  # every waiting request must be answered
                await self._one_by_one(batch, error)
            else:
                crash.point("intake.committed")
                _answer(batch)
                self._ring()

    def _ring(self) -> None:
        """Ring without waiting for it: a Redis that hangs must not delay the next batch."""
        self._rings += 1
        if self._ringing is None or self._ringing.done():
            self._ringing = background_tasks.create(self._keep_ringing(), name="webhook bell")

    async def _keep_ringing(self) -> None:
        heard = 0
        while heard != self._rings:
            heard = self._rings
            await asyncio.to_thread(queue.ring, JobName.DRAIN_WEBHOOKS)

    async def _insert(self, batch: list[Waiting]) -> None:
        connection = await self._connected()
        crash.point("intake.received")
        columns = (
            [row[0] for row in batch],
            [row[1].value for row in batch],
            [row[2] for row in batch],
            [row[3] for row in batch],
        )
        statement = asyncio.ensure_future(connection.execute(INSERT, columns))
        await asyncio.wait({statement}, timeout=COMMIT_TIMEOUT_S)
        if not statement.done():
            # Cancelling would ask the hanging server for permission; a cut line needs none.
            with socket.socket(fileno=os.dup(connection.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)
            await asyncio.wait({statement})
            statement.exception()
            await self._disconnect()
            raise _Away("It did not answer in time.")
        await statement

    async def _one_by_one(self, batch: list[Waiting], error: Exception) -> None:
        """Find the rows that are to blame; with the database away the rest fails at once."""
        log.get(__name__).warning("webhook_batch_failed", size=len(batch), error=repr(error)[:200])
        await self._disconnect()
        for index, row in enumerate(batch):
            try:
                await self._insert([row])
            except (_Away, psycopg.OperationalError):
                await self._disconnect()
                return _refuse(batch[index:])
            except Exception:  # noqa: BLE001  # answered with 503
                await self._disconnect()
                _refuse([row])
            else:
                _answer([row])
        return None

    async def _connected(self) -> AsyncConnection[tuple[object, ...]]:
        if self._connection is None or self._connection.closed:
            try:
                self._connection = await AsyncConnection.connect(
                    db.url(),
                    autocommit=True,
                    **db.connect_args(
                        connect_timeout_s=CONNECT_TIMEOUT_S,
                        statement_timeout_s=STATEMENT_TIMEOUT_S,
                    ),
                )
            except psycopg.OperationalError as error:
                raise _Away(str(error)) from error
        return self._connection

    async def _disconnect(self) -> None:
        if self._connection is not None:
            await self._connection.close()
            self._connection = None


def _answer(batch: list[Waiting]) -> None:
    for *_, future in batch:
        if not future.done():
            future.set_result(None)


def _refuse(batch: list[Waiting]) -> None:
    for *_, future in batch:
        if not future.done():
            future.set_exception(StoreFailed())


committer = Committer()

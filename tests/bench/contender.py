"""The web process with another way to keep a webhook: `python -m tests.bench.contender none|each`.

`none` answers 200 without storing; `each` writes, commits and enqueues an RQ job per request, as
most products do. Everything else is the product's own: route, signature, edge, server.
"""

import asyncio
import sys
from uuid import UUID

from psycopg_pool import AsyncConnectionPool

from app import db, log, queue, server, serving
from app.api import intake
from app.config import settings
from app.ids import new_id
from app.models.enums import WebhookEventType
from app.queue import JobName

INSERT = "INSERT INTO webhook_events (id, type, account_id, payload) VALUES (%s, %s, %s, %s)"


class KeepNothing:
    """What the route costs without the database."""

    async def store(self, _kind: WebhookEventType, _account_id: UUID | None, _body: bytes) -> UUID:
        return new_id()

    async def close(self) -> None:
        """Nothing is open."""


class KeepEach:
    """One INSERT, commit and job per request."""

    def __init__(self) -> None:
        self._pool: AsyncConnectionPool | None = None

    async def store(self, kind: WebhookEventType, account_id: UUID | None, body: bytes) -> UUID:
        if self._pool is None:
            self._pool = AsyncConnectionPool(
                db.url(), min_size=20, max_size=20, open=False, kwargs={"autocommit": True}
            )
            await self._pool.open()
        event_id = new_id()
        async with self._pool.connection() as connection:
            await connection.execute(INSERT, (event_id, kind.value, account_id, body))
        await asyncio.to_thread(self._enqueue)
        return event_id

    def _enqueue(self) -> None:
        job = JobName.DRAIN_WEBHOOKS
        queue.rq_queue(job.lane).enqueue(job.path, result_ttl=0)

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.close()


def main() -> None:
    log.setup()
    contender = {"none": KeepNothing, "each": KeepEach}[sys.argv[1]]()
    for module in ("app.api.webhooks", "app.server"):
        sys.modules[module].committer = contender  # type: ignore[attr-defined]
    assert intake.committer is not contender
    config = settings()
    sockets = serving.bind(config)
    serving.serve(server.build(config, None), config, sockets, on_ready=lambda: None)


if __name__ == "__main__":
    main()

"""The background task that POSTs due webhook updates until the receiver answers 200.

One group per account is under way at a time, so the due order holds; accounts do not wait for
each other. An update is deleted after its 200: a crash in between repeats it, as Meta may.
"""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from itertools import groupby

import httpx
import structlog

from app.config import Settings
from app.sandbox.behaviours import Scope
from app.sandbox.bodies import Body, Plan, plan, sign
from app.sandbox.callbacks import to_address
from app.sandbox.lifecycle import Timings
from app.sandbox.store import Store
from app.sandbox.updates import Update

USER_AGENT = "facebookexternalua"
PARALLEL_POSTS = 8
SHORTEST_PAUSE_S = 0.005

log = structlog.get_logger(__name__)


class Delivery:
    """Start and stop it on the event loop; `wake` it when something was queued there."""

    def __init__(
        self, store: Store, settings: Settings, timings: Timings, rng: random.Random
    ) -> None:
        self._store = store
        self._settings = settings
        self._timings = timings
        self._rng = rng
        self._awake = asyncio.Event()
        self._busy: set[str] = set()
        self._posts = asyncio.Semaphore(PARALLEL_POSTS)
        self._task: asyncio.Task[None] | None = None
        self._client: httpx.AsyncClient

    def start(self, client: httpx.AsyncClient) -> None:
        self._client = client
        if self._task is None:
            loop = asyncio.get_running_loop()
            self._task = loop.create_task(self._run(), name="sandbox-delivery")

    async def stop(self) -> None:
        """Stop at once; what was not answered stays queued."""
        if self._task is None:
            return
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        self._task = None
        self._busy.clear()

    def wake(self) -> None:
        self._awake.set()

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            while True:
                self._awake.clear()
                try:
                    pause_s = await self._launch(group)
                except Exception:
                    log.exception("sandbox delivery failed")
                    pause_s = self._timings.poll_s
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause_s):
                        await self._awake.wait()

    async def _launch(self, group: asyncio.TaskGroup) -> float:
        """Start a task for every account with due updates; return how long to wait."""
        due, next_due_at = await asyncio.to_thread(self._look, tuple(self._busy))
        if due:
            for waba_id, updates in groupby(
                sorted(due, key=lambda update: update.waba_id), key=lambda update: update.waba_id
            ):
                self._busy.add(waba_id)
                group.create_task(self._deliver(waba_id, list(updates)))
            return 0
        if next_due_at is None:
            return self._timings.poll_s
        pause_s = next_due_at - self._store.clock()
        return min(max(pause_s, SHORTEST_PAUSE_S), self._timings.poll_s)

    def _look(self, busy: Sequence[str]) -> tuple[list[Update], float | None]:
        due = self._store.updates.list_due(busy=busy)
        return due, None if due else self._store.updates.next_due_at(busy=busy)

    async def _deliver(self, waba_id: str, updates: Sequence[Update]) -> None:
        try:
            plans = await asyncio.to_thread(self._plan, updates)
            lanes = [lane for planned in plans for lane in planned.lanes]
            await asyncio.gather(*(self._deliver_lane(lane) for lane in lanes))
        except Exception:
            log.exception("sandbox delivery failed", waba_id=waba_id)
            await asyncio.sleep(self._timings.retry_s)
        finally:
            self._busy.discard(waba_id)
            self.wake()

    def _plan(self, updates: Sequence[Update]) -> list[Plan]:
        """Apply the control page's wishes, number by number."""
        by_number: dict[str, list[Update]] = {}
        for update in updates:
            by_number.setdefault(update.meta_phone_number_id, []).append(update)
        plans = []
        for number_id, group in by_number.items():
            scope = Scope(workspace=group[0].workspace, meta_phone_number_id=number_id)
            planned = plan(group, self._store.behaviours.find(scope), self._rng)
            self._store.updates.delete(planned.dropped)
            plans.append(planned)
        return plans

    async def _deliver_lane(self, lane: Sequence[Body]) -> None:
        for body in lane:
            async with self._posts:
                answers = [await self._post(body) for _ in range(body.copies)]
            if any(answers):
                await asyncio.to_thread(self._store.accept, body.updates)
            else:
                await asyncio.to_thread(
                    self._store.updates.postpone, body.updates, pause_s=self._pause_s(body)
                )

    async def _post(self, body: Body) -> bool:
        target, raw = body.updates[0], body.raw
        headers = {
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
            "X-Hub-Signature-256": sign(target.app_secret, raw),
        }
        try:
            url = to_address(target.callback, self._settings)
            answer = await self._client.post(url, content=raw, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            log.info("sandbox webhook not delivered", error=type(error).__name__)
            return False
        if answer.status_code != httpx.codes.OK:
            log.info("sandbox webhook refused", status=answer.status_code)
        return answer.status_code == httpx.codes.OK

    def _pause_s(self, body: Body) -> float:
        attempts = min(update.attempts for update in body.updates)
        return min(self._timings.retry_s * 2.0 ** min(attempts, 16), self._timings.retry_max_s)

"""One reader per web process turns bells from Redis into rows for open views.

A `Feed` is a topic with open views. Its fetch runs once per process however many views there are:
the first bell after quiet at once, later ones gathered for 40 ms. After any Redis trouble, and
every 30 seconds, each feed fetches once without a bell (a resync): bells are only a hint.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import redis.asyncio as aioredis
from nicegui import background_tasks
from redis.exceptions import RedisError

from app import log
from app.config import settings
from app.errors import AppError
from app.events import STREAM, Bell, read

GATHER_S = 0.04
RESYNC_S = 30.0
RETRY_S = 0.5
BLOCK_MS = 5_000
SOCKET_TIMEOUT_S = 15.0  # longer than the block, or every quiet spell would look like an outage

Fetch = Callable[[Sequence[Bell]], Awaitable[Any]]
Listener = Callable[[Any], None]


class Feed:
    """The open views of one topic and the one fetch that serves them all."""

    def __init__(self, topic: str, fetch: Fetch) -> None:
        self.fetch = fetch
        self._topic = topic
        self._listeners: list[Listener] = []
        self._bells: list[Bell] = []
        self._wants_look = False
        self._is_running = False

    @property
    def is_idle(self) -> bool:
        """Whether no view is open any more."""
        return not self._listeners

    def add(self, listener: Listener) -> None:
        """Add a view; each batch is handed to every one."""
        self._listeners.append(listener)

    def remove(self, listener: Listener) -> None:
        """Take a view away; harmless to repeat."""
        if listener in self._listeners:
            self._listeners.remove(listener)

    def notify(self, bell: Bell | None = None) -> None:
        """Fetch soon; without a bell, whatever is new."""
        if bell is not None:
            self._bells.append(bell)
        else:
            self._wants_look = True
        if not self._is_running:
            self._is_running = True
            background_tasks.create(self._run(), name=f"feed {self._topic}")

    async def _run(self) -> None:
        try:
            while (self._bells or self._wants_look) and self._listeners:
                bells, self._bells = self._bells, []
                wants_look, self._wants_look = self._wants_look, False
                if bells:
                    await self._fetch(bells)
                if wants_look:  # a fetch that bells steer does not look around as well
                    await self._fetch([])
        finally:
            self._is_running = False

    async def _fetch(self, bells: list[Bell]) -> None:
        try:
            if batch := await self.fetch(bells):
                self._deliver(batch)
            await asyncio.sleep(GATHER_S)
        except AppError as error:  # the database is away: look again soon
            log.get(__name__).warning("feed_failed", topic=self._topic, error=error.code)
            self._bells = [*bells, *self._bells]
            self._wants_look |= not bells
            await asyncio.sleep(RETRY_S)
        except Exception:  # noqa: BLE001  # one broken fetch must not end live updates
            log.get(__name__).exception("feed_broken", topic=self._topic)

    def _deliver(self, batch: Any) -> None:
        for listener in list(self._listeners):
            try:
                listener(batch)
            except Exception:  # noqa: BLE001  # one broken view must not starve the others
                log.get(__name__).exception("view_failed", topic=self._topic)


class Hub:
    """Feeds by topic and the task that reads the stream for them."""

    def __init__(self) -> None:
        self._feeds: dict[str, Feed] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def join(self, topic: str, fetch: Callable[[], Fetch], listener: Listener) -> "Subscription":
        """Open a view on a topic; `fetch` makes the topic's fetch when it is the first one."""
        feed = self._feeds.get(topic)
        if feed is None:
            feed = self._feeds[topic] = Feed(topic, fetch())
        feed.add(listener)
        return Subscription(self, topic, feed, listener)

    def leave(self, subscription: "Subscription") -> None:
        """Close a view; the topic's feed ends with its last one."""
        subscription.feed.remove(subscription.listener)
        topic = subscription.topic
        if subscription.feed.is_idle and self._feeds.get(topic) is subscription.feed:
            del self._feeds[topic]

    def start(self) -> None:
        """Start reading; to be called on the running loop."""
        self._tasks = [
            background_tasks.create(self._read_forever(), name="hub reader"),
            background_tasks.create(self._resync_forever(), name="hub resync"),
        ]

    def stop(self) -> None:
        """Stop reading and forget all views."""
        for task in self._tasks:
            task.cancel()
        self._tasks = []
        self._feeds.clear()

    def dispatch(self, bell: Bell) -> None:
        """Hand a bell to its topic's feed, if anybody looks at it here."""
        if feed := self._feeds.get(bell.topic):
            feed.notify(bell)

    def resync(self) -> None:
        """Let every feed look for itself."""
        for feed in list(self._feeds.values()):
            feed.notify()

    async def _read_forever(self) -> None:
        last_id = "$"
        while True:
            client = aioredis.Redis.from_url(
                settings().redis_url, decode_responses=True, socket_timeout=SOCKET_TIMEOUT_S
            )
            try:
                if last_id == "$":
                    last_id = await _newest_id(client)
                self.resync()
                while True:
                    last_id = await self._read_once(client, last_id)
            except (RedisError, OSError) as error:
                log.get(__name__).warning("hub_reconnects", error=type(error).__name__)
                last_id = "$"  # a Redis that restarted empty numbers from anew; resync covers it
                await asyncio.sleep(RETRY_S)
            finally:
                await client.aclose()

    async def _read_once(self, client: "aioredis.Redis", last_id: str) -> str:
        answer: Any = await client.xread({STREAM: last_id}, block=BLOCK_MS, count=500)
        entries = _entries(answer)
        if not entries and await _newest_id(client) < last_id:
            raise RedisError("The stream was emptied.")
        for entry_id, fields in entries:
            last_id = entry_id
            for bell in read(fields):
                self.dispatch(bell)
        return last_id

    async def _resync_forever(self) -> None:
        while True:
            await asyncio.sleep(RESYNC_S)
            self.resync()


@dataclass(frozen=True, slots=True)
class Subscription:
    """A view's place in a feed."""

    hub: Hub
    topic: str
    feed: Feed
    listener: Listener

    def leave(self) -> None:
        """Close the view; harmless to repeat."""
        self.hub.leave(self)


hub = Hub()


async def _newest_id(client: "aioredis.Redis") -> str:
    newest: Any = await client.xrevrange(STREAM, count=1)
    return newest[0][0] if newest else "0-0"


def _entries(answer: Any) -> list[tuple[str, dict[str, str]]]:
    if not answer:
        return []
    streams = answer.values() if isinstance(answer, dict) else [item[1] for item in answer]
    entries: list[tuple[str, dict[str, str]]] = []
    for stream in streams:
        inner = stream[0] if stream and isinstance(stream[0], list) else stream
        entries.extend((entry_id, fields) for entry_id, fields in inner)
    return entries

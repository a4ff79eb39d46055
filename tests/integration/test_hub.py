"""Bells become batches for open views: one fetch for all of them, and none is forgotten."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from nicegui import core

from app import events, hub, queue
from app.errors import Unavailable
from app.events import Bell
from app.hub import Hub

TOPIC = "inbox:one"
PATIENCE_S = 5.0


class Views:
    """Two views of a topic and one of another, with what they were handed."""

    def __init__(self, served: Hub) -> None:
        self.hub = served
        self.fetched: list[list[int]] = []
        self.shown: list[list[Any]] = [[], []]
        self.others: list[Any] = []
        self.failures: list[Exception] = []
        self._news = asyncio.Event()
        self.open = [served.join(TOPIC, lambda: self.fetch, shown.append) for shown in self.shown]
        self.open.append(served.join("inbox:two", lambda: self.fetch_other, self.others.append))

    async def fetch(self, bells: Sequence[Bell]) -> Any:
        await asyncio.sleep(0.01)
        if self.failures:
            raise self.failures.pop()
        self.fetched.append([bell.seq for bell in bells])
        self._news.set()
        return [bell.seq for bell in bells] or "resync"

    async def fetch_other(self, bells: Sequence[Bell]) -> Any:
        return [bell.seq for bell in bells] or "resync"

    async def wait_for(self, *, fetches: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while len(self.fetched) < fetches:
                self._news.clear()
                await self._news.wait()
        await asyncio.sleep(0.02)


@pytest.fixture
async def served(monkeypatch: pytest.MonkeyPatch, database: None) -> AsyncIterator[Hub]:
    """A hub that reads the real stream on this test's loop."""
    monkeypatch.setattr(core, "loop", asyncio.get_running_loop())
    monkeypatch.setattr(hub, "BLOCK_MS", 200)
    monkeypatch.setattr(hub, "RETRY_S", 0.05)
    made = Hub()
    yield made
    made.stop()


@pytest.fixture
def views(served: Hub) -> Views:
    return Views(served)


async def test_bells_that_come_together_are_one_fetch_and_reach_every_view(views: Views):
    for seq in range(1, 6):
        views.hub.dispatch(Bell(TOPIC, "c", seq))
    await views.wait_for(fetches=1)

    assert views.fetched == [[1, 2, 3, 4, 5]]
    assert views.shown == [[[1, 2, 3, 4, 5]]] * 2
    assert views.others == []


async def test_bell_during_a_fetch_is_fetched_after_it(views: Views):
    views.hub.dispatch(Bell(TOPIC, "c", 1))
    await asyncio.sleep(0.005)
    views.hub.dispatch(Bell(TOPIC, "c", 2))
    await views.wait_for(fetches=2)

    assert views.fetched == [[1], [2]]


async def test_view_that_breaks_does_not_starve_the_other(views: Views):
    def broken(_batch: Any) -> None:
        raise RuntimeError("This view is broken.")

    views.open.append(views.hub.join(TOPIC, lambda: views.fetch, broken))
    views.hub.dispatch(Bell(TOPIC, "c", 1))
    await views.wait_for(fetches=1)

    assert views.shown == [[[1]], [[1]]]


async def test_database_that_is_away_costs_no_bell(views: Views, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(hub, "RETRY_S", 0.02)
    views.failures = [Unavailable(), Unavailable()]
    views.hub.dispatch(Bell(TOPIC, "c", 1))
    await asyncio.sleep(0.005)
    views.hub.dispatch(Bell(TOPIC, "c", 2))
    await views.wait_for(fetches=1)

    assert views.fetched == [[1, 2]]


async def test_fetch_that_breaks_does_not_end_live_updates(views: Views):
    views.failures = [RuntimeError("broken")]
    views.hub.dispatch(Bell(TOPIC, "c", 1))
    await asyncio.sleep(0.05)
    views.hub.dispatch(Bell(TOPIC, "c", 2))
    await views.wait_for(fetches=1)

    assert views.fetched == [[2]]


async def test_topic_nobody_looks_at_is_forgotten(views: Views):
    for view in views.open[:2]:
        view.leave()
        view.leave()
    views.hub.dispatch(Bell(TOPIC, "c", 1))
    await asyncio.sleep(0.05)

    assert views.fetched == []
    again: list[Any] = []
    views.hub.join(TOPIC, lambda: views.fetch, again.append)
    views.hub.dispatch(Bell(TOPIC, "c", 2))
    await views.wait_for(fetches=1)
    assert again == [[2]]


async def test_published_bells_arrive_and_a_cut_or_emptied_stream_ends_in_a_look(views: Views):
    views.hub.start()
    await views.wait_for(fetches=1)  # it looks once when it starts
    await publish(7)
    await views.wait_for(fetches=2)

    await asyncio.to_thread(queue.connection().execute_command, "CLIENT KILL TYPE normal")
    await views.wait_for(fetches=3)
    await publish(8)
    await views.wait_for(fetches=4)
    await asyncio.to_thread(queue.connection().delete, events.STREAM)
    await views.wait_for(fetches=5)
    await publish(9)
    await views.wait_for(fetches=6)

    assert views.fetched == [[], [7], [], [8], [], [9]]
    assert views.shown[0] == ["resync", [7], "resync", [8], "resync", [9]]


async def publish(seq: int) -> None:
    await asyncio.to_thread(events.publish, [Bell(TOPIC, "c", seq), Bell("inbox:three", "c", 1)])


async def test_lost_bell_is_made_good_by_the_regular_look(
    views: Views, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(hub, "RESYNC_S", 0.2)
    views.hub.start()
    await views.wait_for(fetches=1)  # the first look, when the reader has connected
    came = len(views.fetched)

    await views.wait_for(fetches=came + 2)  # nobody has rung

    assert views.fetched[came:] == [[]] * (len(views.fetched) - came)
    assert views.shown[0][-1] == "resync"

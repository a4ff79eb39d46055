"""A view that loads while others look on misses nothing (two views of a thread in one process)."""

import asyncio
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from nicegui import core

from app import db, events
from app import hub as hub_module
from app.components.live import ThreadSubscription
from app.events import Bell
from app.hub import hub
from app.services import messages
from app.services.inbound.drain import drain
from app.services.messages import ThreadWindow
from tests import factories, waiting
from tests.factories import Team
from tests.table_rows import value
from tests.webhook_factories import store_event, text_message, webhook_body

CLIENT: Any = SimpleNamespace(on_delete=lambda _handler: None)  # a page that is never closed
PATIENCE_S = 5.0


class View:
    """A view as the thread is one: it drops what is delivered before its window is there."""

    def __init__(self, team: Team, thread: UUID) -> None:
        self.team, self.thread = team, thread
        self.texts: list[str | None] | None = None
        self.live = ThreadSubscription(CLIENT, team.agent, thread, self._on_window)

    async def read(self) -> ThreadWindow:
        def read() -> ThreadWindow:
            with db.transaction(self.team.id) as session:
                return messages.window(session, self.team.agent, self.thread)

        return await asyncio.to_thread(read)

    def show(self, window: ThreadWindow) -> None:
        self.texts = [one.text for one in window.messages]
        self.live.catch_up(window.change_seq)

    async def wait_for(self, text: str) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while text not in (self.texts or []):  # noqa: ASYNC110  # filled by the feed
                await asyncio.sleep(0.01)

    def _on_window(self, window: ThreadWindow) -> None:
        if self.texts is not None:
            self.texts += [one.text for one in window.messages if one.text not in self.texts]


@pytest.fixture
def thread(acme: Team, monkeypatch: pytest.MonkeyPatch) -> UUID:
    receive(acme, "one")
    found: UUID = value("SELECT id FROM conversations")
    return found


def receive(team: Team, text: str) -> None:
    store_event(team.number.account_id, webhook_body(team.number, [text_message(text)]))
    assert drain()


async def ring(team: Team, thread: UUID) -> None:
    seq = await asyncio.to_thread(value, "SELECT change_seq FROM conversations")
    hub.dispatch(Bell(events.thread_topic(team.id, thread), str(thread), seq))


async def test_change_that_another_view_had_first_is_not_lost(
    acme: Team, thread: UUID, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(core, "loop", asyncio.get_running_loop())
    first, second = View(acme, thread), View(acme, thread)
    first.show(await first.read())
    window = await second.read()

    await asyncio.to_thread(receive, acme, "while the second loads")
    await ring(acme, thread)
    await first.wait_for("while the second loads")
    second.show(window)

    await second.wait_for("while the second loads")
    assert first.texts == second.texts == ["one", "while the second loads"]


async def test_view_that_catches_up_during_a_fetch_of_another_gets_its_own_changes(
    acme: Team, thread: UUID, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(core, "loop", asyncio.get_running_loop())
    first, second = View(acme, thread), View(acme, thread)
    first.show(await first.read())
    window = await second.read()
    await asyncio.to_thread(receive, acme, "two")
    await ring(acme, thread)
    await first.wait_for("two")
    await asyncio.to_thread(receive, acme, "three")

    held = waiting.held("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE")
    await asyncio.to_thread(held.__enter__)
    await ring(acme, thread)
    await asyncio.to_thread(waiting.wait_until, waiting.waiting_backends)
    second.show(window)
    await asyncio.to_thread(held.__exit__, None, None, None)

    await second.wait_for("two")
    await second.wait_for("three")


async def test_change_whose_bell_was_lost_is_seen_at_the_next_look(
    acme: Team, thread: UUID, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(core, "loop", asyncio.get_running_loop())
    monkeypatch.setattr(hub_module, "RESYNC_S", 0.2)
    view = View(acme, thread)
    view.show(await view.read())
    hub.start()
    try:
        await asyncio.to_thread(receive, acme, "with a bell")
        await view.wait_for("with a bell")  # the reader reads: it does not look by itself any more
        await asyncio.to_thread(factories.make_message, thread, text="without a bell")

        await view.wait_for("without a bell")
    finally:
        hub.stop()

"""Load a region again whenever the workspace's conversations change, one load at a time."""

import asyncio
from collections.abc import Awaitable, Callable

from nicegui import background_tasks, context, ui

from app.components import live
from app.services.inbox import InboxNews
from app.services.sessions import SessionView

PAUSE_S = 1.0  # between loads, however busy the workspace is


class Reload:
    """Calls `load` now and after changes; those during a load or the pause cause one more."""

    def __init__(
        self, session: SessionView, region: ui.element, load: Callable[[], Awaitable[None]]
    ) -> None:
        self._region = region
        self._load = load
        self._is_running = self._is_due = False
        self._live = live.InboxSubscription(context.client, session.actor, self._on_news)
        self._start()

    def _on_news(self, news: InboxNews) -> None:
        if news.has_changed:
            self._start()

    def _start(self) -> None:
        if self._region.is_deleted:
            self._live.leave()
        elif self._is_running:
            self._is_due = True
        else:
            self._is_running = True
            background_tasks.create(self._run(), name="reload", context=self._region)

    async def _run(self) -> None:
        try:
            await self._load()
            await asyncio.sleep(PAUSE_S)
        finally:
            self._is_running = False
            if self._is_due:
                self._is_due = False
                self._start()

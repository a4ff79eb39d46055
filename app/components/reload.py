"""Load a region again whenever the workspace's conversations change, one load at a time."""

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import background_tasks, context, ui

from app.components import live
from app.services.sessions import SessionView


class Reload:
    """Calls `load` now and after every change; changes during a load cause one more."""

    def __init__(
        self, session: SessionView, region: ui.element, load: Callable[[], Awaitable[None]]
    ) -> None:
        self._region = region
        self._load = load
        self._is_running = self._is_due = False
        self._live = live.follow_inbox(context.client, session.actor, self._start)
        self._start()

    def _start(self, *_news: Any) -> None:
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
        finally:
            self._is_running = False
            if self._is_due:
                self._is_due = False
                self._start()

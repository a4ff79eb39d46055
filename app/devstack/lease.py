"""The users' side: a lease keeps the embedded services up for as long as it is held."""

import logging
import os
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

from app.devstack.errors import DevstackError, explain
from app.devstack.joining import (
    STOP_LIMIT_S,
    become_user,
    join,
    start_if_none,
    wait_until_stopped,
)
from app.devstack.layout import Layout, Ready, try_lock, unlock

if TYPE_CHECKING:  # pydantic is slow to import, and the supervisor imports this package
    from app.config import Settings

WATCH_S = 1.0
WATCH_LONGEST_PAUSE_S = 60.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Where everything is: embedded addresses, or the given ones where a service is external."""

    database_url: str
    database_owner_url: str
    redis_url: str


class Lease:
    """The right to use the services, which stay up at least until `release`."""

    def __init__(self, services: Services, hold: "Hold | None" = None) -> None:
        self.services = services
        self._hold = hold

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def release(self, *, wait: bool = True) -> None:
        """Let go; the last user also waits until the services have stopped, unless told not to."""
        hold, self._hold = self._hold, None
        if hold:
            hold.release(wait=wait)


class Hold:
    """The shared lock behind a lease, and a thread that revives the supervisor if it is killed."""

    def __init__(self, layout: Layout, names: Sequence[str]) -> None:
        self._layout = layout
        self._names = names
        self._pid = os.getpid()
        self._users = become_user(layout)
        self._released = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="devstack", daemon=True)
        try:
            self.ready: Ready = join(layout, names)
        except BaseException:
            os.close(self._users)
            raise
        self._watcher.start()

    def release(self, *, wait: bool) -> None:
        if os.getpid() != self._pid:  # a forked child must not unlock for its parent
            os.close(self._users)
            return
        self._released.set()
        self._watcher.join(STOP_LIMIT_S)
        is_last = try_lock(self._users, shared=False)
        unlock(self._users)
        os.close(self._users)
        if wait and is_last:
            wait_until_stopped(self._layout)

    def _watch(self) -> None:
        pause_s = WATCH_S
        while not self._released.wait(pause_s):
            try:
                if start_if_none(self._layout, self._names):
                    self._tell_of_revival()
                pause_s = WATCH_S
            except (DevstackError, OSError):
                logger.exception("The embedded services could not be revived.")
                pause_s = min(pause_s * 2, WATCH_LONGEST_PAUSE_S)

    def _tell_of_revival(self) -> None:
        ready = self._layout.read_ready()
        if ready and ready.ports == self.ready.ports:
            logger.warning("The supervisor of the embedded services was gone and is back.")
        else:
            logger.error("The embedded services are on other ports. Restart this process.")


def ensure_running(settings: "Settings") -> Lease:
    """Return a lease on running services, starting those that have no address in the settings."""
    names = embedded_names(settings)
    given = Services(
        database_url=settings.database_url,
        database_owner_url=settings.database_owner_url,
        redis_url=settings.redis_url,
    )
    if not names:
        return Lease(given)
    if sys.platform != "linux":
        raise DevstackError(
            "Embedded services need Linux. Set DATABASE_URL, DATABASE_OWNER_URL and REDIS_URL."
        )
    layout = Layout(settings.data_dir)
    try:
        hold = Hold(layout, names)
    except OSError as error:
        problem = f"{layout.root} cannot be used for the embedded services."
        raise explain(problem, str(error)) from error
    return Lease(_merge(given, hold.ready), hold)


def embedded_names(settings: "Settings") -> list[str]:
    """Return the services that have no address of their own in the settings."""
    names = []
    if not (settings.database_url or settings.database_owner_url):
        names.append("postgres")
    if not settings.redis_url:
        names.append("valkey")
    return names


def _merge(given: Services, ready: Ready) -> Services:
    """Fill in what is embedded; a given address always wins."""
    is_external = bool(given.database_url or given.database_owner_url)
    return Services(
        database_url=given.database_url if is_external else ready.database_url,
        database_owner_url=given.database_owner_url if is_external else ready.database_owner_url,
        redis_url=given.redis_url or ready.redis_url,
    )

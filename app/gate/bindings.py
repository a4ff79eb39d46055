"""Which page belongs to which session; closes the pages of a session that has ended."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from nicegui import Client, background_tasks, core

from app import db, events, log, paths
from app.errors import Unavailable
from app.events import Bell
from app.gate.budgets import Bucket
from app.hub import Fetch, Subscription, hub
from app.services import sessions
from app.services.sessions import Place, SessionView
from app.web import forget_sessions

RECHECK_S = 5.0
MAX_PAGES = 20
LEAVE = "location.replace('{}')"  # with a path of ours
EVENTS_PER_S, EVENT_BURST = 50.0, 200.0


class Bindings:
    """The open pages of this process."""

    def __init__(self) -> None:
        self._session_of: dict[str, UUID] = {}  # in the order in which the pages were loaded
        self._place_of: dict[str, Place] = {}
        self._subscriptions: dict[UUID, Subscription] = {}
        self._live_at: dict[UUID, float] = {}
        self._look: asyncio.Task[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._soon: asyncio.Task[None] | None = None
        self._is_asked = False
        self._ill_formed: Counter[str] = Counter()
        self._complaints = Bucket(per_s=1 / RECHECK_S, burst=1)
        self.frames = Bucket(per_s=EVENTS_PER_S, burst=EVENT_BURST)

    def bind(self, client: Client, view: SessionView) -> None:
        """Remember whose page this is, and for where it was built, until it is deleted."""
        session_id = view.id
        self._session_of[client.id] = session_id
        self._place_of[client.id] = view.place
        if session_id not in self._subscriptions:
            self._subscriptions[session_id] = hub.join(
                events.session_topic(session_id),
                lambda: _revocation_fetch(session_id),
                lambda _batch: self.recheck_soon(),
            )
        client.on_delete(lambda: self._unbind(client.id))
        self._make_room(session_id)

    def session_of(self, client_id: str) -> UUID | None:
        """Return the session that loaded a page."""
        return self._session_of.get(client_id)

    async def is_live(self, client_id: str) -> bool:
        """Tell whether a page's session is live, as far as the last five seconds know.

        False, too, when the database cannot be asked: nobody acts on what may be over.
        """
        for _try in range(2):  # a look under way may have begun before the page was there
            if self._is_known_live(client_id):
                return True
            if self._look is None or self._look.done():
                self._look = background_tasks.create(self._recheck(), name="session recheck")
            await asyncio.shield(self._look)
        return self._is_known_live(client_id)

    def may_complain(self, client_id: str) -> bool:
        """Tell whether a page that still stands has not been told for a while that it cannot."""
        return client_id in self._session_of and self._complaints.take(client_id)

    def note_ill_formed(self, socket_id: str) -> None:
        """Count a frame that no page of ours sends; the first of a socket is a line in the log."""
        self._ill_formed[socket_id] += 1
        if self._ill_formed[socket_id] == 1:
            log.get(__name__).warning("ill_formed_frame", sid=socket_id)

    def forget_socket(self, socket_id: str) -> None:
        """Stop counting for a socket that is gone."""
        self.frames.forget(socket_id)
        if count := self._ill_formed.pop(socket_id, 0):
            log.get(__name__).info("ill_formed_frames", sid=socket_id, count=count)

    def start(self) -> None:
        """Look every five seconds whether the sessions of open pages are still live."""
        self._task = background_tasks.create(self._recheck_forever(), name="session recheck loop")

    def stop(self) -> None:
        """Stop looking and forget all pages."""
        if self._task is not None:
            self._task.cancel()
        self._session_of.clear()
        self._place_of.clear()
        self._subscriptions.clear()
        self._live_at.clear()

    def recheck_soon(self) -> None:
        """Look at once: a bell says that a session has ended."""
        forget_sessions()
        self._is_asked = True
        if self._soon is None or self._soon.done():
            self._soon = background_tasks.create(self._recheck_asked(), name="session recheck now")

    def close_pages(self, session_id: UUID) -> None:
        """Send every open page of a session to the sign-in page, then delete it here."""
        self._live_at.pop(session_id, None)
        for client_id in self._pages_of(session_id):
            self._close(client_id, paths.SIGN_IN)

    def _is_known_live(self, client_id: str) -> bool:
        session_id = self._session_of.get(client_id)
        if session_id is None:
            return False
        return time.monotonic() - self._live_at.get(session_id, -RECHECK_S) < RECHECK_S

    def _pages_of(self, session_id: UUID) -> list[str]:
        return [key for key, owner in self._session_of.items() if owner == session_id]

    def _make_room(self, session_id: UUID) -> None:
        """Close the oldest page of a session that has too many, best one that nobody looks at."""
        pages = self._pages_of(session_id)
        if len(pages) <= MAX_PAGES:
            return
        unseen = [page for page in pages[:-1] if not _is_looked_at(page)]
        self._close((unseen or pages)[0], paths.TOO_MANY_PAGES)

    def _close(self, client_id: str, target: str) -> None:
        client = Client.instances.get(client_id)
        self._unbind(client_id)  # from here on its events have no effect
        if client is not None:
            background_tasks.create(_close(client, target), name="close page")

    def _unbind(self, client_id: str) -> None:
        self._place_of.pop(client_id, None)
        self._complaints.forget(client_id)
        session_id = self._session_of.pop(client_id, None)
        if session_id is None or session_id in self._session_of.values():
            return
        self._live_at.pop(session_id, None)
        if subscription := self._subscriptions.pop(session_id, None):
            subscription.leave()

    async def _recheck_forever(self) -> None:
        while True:
            await asyncio.sleep(RECHECK_S)
            await self._recheck()

    async def _recheck_asked(self) -> None:
        """Look once for all the bells that rang meanwhile, however many sessions they were of."""
        while self._is_asked:
            self._is_asked = False
            await self._recheck()

    async def _recheck(self) -> None:
        bound = set(self._session_of.values())
        if not bound:
            return
        asked_at = time.monotonic()
        try:
            live = await asyncio.to_thread(_live, bound)
        except Unavailable:
            return  # nothing is known any more after five seconds; the next look decides
        except Exception:  # noqa: BLE001  # one failed look must not be the last
            log.get(__name__).exception("recheck_failed")
            return
        for session_id in bound - live.keys():
            log.get(__name__).info("pages_closed", session_id=str(session_id))
            self.close_pages(session_id)
        for client_id, session_id in list(self._session_of.items()):
            if session_id in live:
                self._live_at[session_id] = asked_at
                self._follow(client_id, live[session_id])

    def _follow(self, client_id: str, place: Place) -> None:
        """Let a page load again whose person is somewhere else now, or something else."""
        before = self._place_of.get(client_id, place)
        client = Client.instances.get(client_id)
        if client is None or before == place:
            return
        self._place_of[client_id] = place
        if before[0] == place[0]:
            client.run_javascript("location.reload()")
        else:
            client.run_javascript("location.assign('/dashboard')")


bindings = Bindings()


def _is_looked_at(client_id: str) -> bool:
    client = Client.instances.get(client_id)
    return client is not None and client.has_socket_connection


def _revocation_fetch(session_id: UUID) -> Fetch:
    async def fetch(bells: Sequence[Bell]) -> UUID | None:
        return session_id if bells else None

    return fetch


def _live(bound: set[UUID]) -> dict[UUID, Place]:
    with db.transaction() as session:
        return sessions.live_among(session, bound)


async def _close(client: Client, target: str) -> None:
    # Past the outbox, which may sleep: the page would be gone before it has heard where to go.
    await core.sio.emit("run_javascript", {"code": LEAVE.format(target)}, room=client.id)
    sockets = list(client._socket_to_document_id)  # noqa: SLF001  # self_test knows it
    for task in client._delete_tasks.values():  # noqa: SLF001  # same
        task.cancel()
    if client.id in Client.instances:
        client.delete()
    for socket_id in sockets:
        await core.sio.disconnect(socket_id)

"""Live updates for open views: one fetch per process and topic, every view gets the same rows.

Subscribe, then fetch, then catch up: a view joins first, loads its window, and takes whatever is
delivered; it upserts by id, so nothing is lost and nothing shown twice. A view that is very far
behind is handed a window that is not complete: it loads afresh. The list of conversations is
looked at by number: what anybody here shows is compared with the database, and only what is newer
is read.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from nicegui import Client

from app import db, events
from app.actor import Actor
from app.components.call import in_thread
from app.events import Bell
from app.hub import hub
from app.services import conversations, inbox, messages
from app.services.conversations import ConversationView
from app.services.inbox import InboxNews, Look, Stamp
from app.services.messages import ThreadWindow

Holder = Callable[[], Iterable[ConversationView]]


class _ThreadFetch:
    """What came after the last fetch; starts where the first view's window ends."""

    def __init__(self, workspace_id: UUID, conversation_id: UUID) -> None:
        self._system = Actor.system(workspace_id)
        self._conversation_id = conversation_id
        self.seen: int | None = None

    async def __call__(self, bells: Sequence[Bell]) -> ThreadWindow | None:
        if self.seen is None or (bells and all(bell.seq <= self.seen for bell in bells)):
            return None
        start = self.seen
        window: ThreadWindow = await in_thread(
            _read, self._system, messages.changes_since, self._conversation_id, start
        )
        if self.seen == start:  # otherwise a view that joined meanwhile needs older changes, too
            self.seen = max(start, window.change_seq)
        return window if window.messages or not window.is_complete else None


class ThreadSubscription:
    """A view of a conversation: join first, load a window, then `catch_up` from its number."""

    def __init__(
        self,
        client: Client,
        actor: Actor,
        conversation_id: UUID,
        listener: Callable[[ThreadWindow], None],
    ) -> None:
        self._subscription = hub.join(
            events.thread_topic(actor.workspace_id, conversation_id),
            lambda: _ThreadFetch(actor.workspace_id, conversation_id),
            listener,
        )
        client.on_delete(self.leave)

    def catch_up(self, seq: int) -> None:
        """Start delivering; whatever was rung while the window loaded is fetched now.

        Other views may have had it already: they get it again, and upsert it by id.
        """
        fetch = self._subscription.feed.fetch
        assert isinstance(fetch, _ThreadFetch)  # noqa: S101  # the topic's fetch is made above
        fetch.seen = seq if fetch.seen is None else min(fetch.seen, seq)
        self._subscription.feed.notify()

    def leave(self) -> None:
        """Close the view."""
        self._subscription.leave()


class _InboxFetch:
    """What the bells name, or on a look whatever is newer than what anybody here has."""

    def __init__(self, workspace_id: UUID) -> None:
        self.holders: list[Holder] = []
        self._system = Actor.system(workspace_id)
        self._known: dict[UUID, int] = {}
        self._rest: tuple[int, Stamp] | None = None  # unread count and stamp at the last look

    async def __call__(self, bells: Sequence[Bell]) -> InboxNews:
        ids = {UUID(bell.conversation_id) for bell in bells if bell.conversation_id}
        if not ids:
            return await self._look()
        news: InboxNews = await in_thread(_read, self._system, inbox.changes, ids)
        self._known |= {view.id: view.change_seq for view in news.views}
        if self._rest is not None:
            self._rest = news.unread_count, self._rest[1]
        return news

    async def _look(self) -> InboxNews:
        known = self._all_known()
        found: Look = await in_thread(_read, self._system, inbox.look, known)
        # Between one that stayed as it was and the newest one there is nothing that is not here.
        has_anchor = any(known.get(one) == seq for one, seq in found.newest.items())
        rest = found.unread_count, found.stamp
        is_first, has_changed = self._rest is None, bool(found.views) or rest != self._rest
        self._known, self._rest = found.newest, rest
        return InboxNews(
            views=found.views,
            unread_count=found.unread_count,
            has_changed=has_changed and not is_first,  # a page that opens loads by itself
            is_complete=is_first or has_anchor or len(found.newest) < conversations.PAGE,
        )

    def _all_known(self) -> dict[UUID, int]:
        """Return what was delivered and what lists hold, of each the oldest that somebody has."""
        known = dict(self._known)
        for holder in self.holders:
            for view in holder():
                known[view.id] = min(view.change_seq, known.get(view.id, view.change_seq))
        return known


class InboxSubscription:
    """A page that is told of its workspace's list; `holder` says which rows it shows, if any."""

    def __init__(
        self,
        client: Client,
        actor: Actor,
        listener: Callable[[InboxNews], None],
        holder: Holder | None = None,
    ) -> None:
        self._holder = holder
        self._subscription = hub.join(
            events.inbox_topic(actor.workspace_id),
            lambda: _InboxFetch(actor.workspace_id),
            listener,
        )
        if holder is not None:
            self._fetch.holders.append(holder)
        client.on_delete(self.leave)

    def look(self) -> None:
        """Let the listener be told how things are, soon."""
        self._subscription.feed.notify()

    def leave(self) -> None:
        """Close the view; harmless to repeat."""
        self._subscription.leave()
        if self._holder in self._fetch.holders:
            self._fetch.holders.remove(self._holder)

    @property
    def _fetch(self) -> _InboxFetch:
        fetch = self._subscription.feed.fetch
        assert isinstance(fetch, _InboxFetch)  # noqa: S101  # the topic's fetch is made above
        return fetch


def _read(actor: Actor, service: Callable[..., Any], *args: Any) -> Any:
    with db.transaction(actor.workspace_id) as session:
        return service(session, actor, *args)

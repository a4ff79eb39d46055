"""Live updates for open views: one fetch per process and topic, every view gets the same rows.

Subscribe, then fetch, then catch up: a view joins first, loads its window, and takes whatever is
delivered; it upserts by id, so nothing is lost and nothing shown twice. A view that is very far
behind is handed a window that is not complete: it loads afresh.
"""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from nicegui import Client

from app import db, events
from app.actor import Actor
from app.components.call import in_thread
from app.events import Bell
from app.hub import Fetch, Subscription, hub
from app.pagination import Page
from app.services import conversations, messages
from app.services.conversations import ConversationView
from app.services.messages import ThreadWindow


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


def follow_inbox(
    client: Client, actor: Actor, listener: Callable[[list[ConversationView]], None]
) -> Subscription:
    """Hand every changed row of the workspace's list to `listener`."""
    subscription = hub.join(
        events.inbox_topic(actor.workspace_id),
        lambda: _inbox_fetch(actor.workspace_id),
        listener,
    )
    client.on_delete(subscription.leave)
    return subscription


def _inbox_fetch(workspace_id: UUID) -> Fetch:
    """Fetch the rows that the bells name, or on a resync the newest page."""
    system = Actor.system(workspace_id)

    async def fetch(bells: Sequence[Bell]) -> list[ConversationView]:
        ids = list({UUID(bell.conversation_id) for bell in bells if bell.conversation_id})
        if ids:
            rows: list[ConversationView] = await in_thread(
                _read, system, conversations.list_by_ids, ids
            )
            return rows
        page: Page[ConversationView] = await in_thread(_read, system, conversations.list_page)
        return page.items

    return fetch


def _read(actor: Actor, service: Callable[..., Any], *args: Any) -> Any:
    with db.transaction(actor.workspace_id) as session:
        return service(session, actor, *args)

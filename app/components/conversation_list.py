"""The list of conversations: state in Python, painted by one Vue component.

Rows arrive as views, from a page of the list or from the workspace's feed; the component upserts
by id and sorts by newest activity.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from nicegui import background_tasks, context, ui
from nicegui.element import Element
from nicegui.events import GenericEventArguments

from app.components import live, words
from app.components.call import action, call
from app.components.person import hue, initials
from app.components.theme import MODULES
from app.i18n import gettext as _
from app.models.enums import MessageStatus
from app.pagination import Cursor
from app.services import conversations
from app.services.conversations import ConversationView, Scope
from app.services.inbox import InboxNews
from app.services.sessions import SessionView


class ConversationList(Element, component="../static/components/conversation_list.js", esm=MODULES):
    """Shows the workspace's conversations and opens the one that is chosen."""

    def __init__(self, session: SessionView) -> None:
        super().__init__()
        self._session = session
        self._actor = session.actor
        self._views: dict[UUID, ConversationView] = {}
        self._scope = Scope.ALL
        self._search = ""
        self._token = 0
        self._missed: list[ConversationView] | None = None  # what came while a page loads
        self._props["strings"] = _strings()
        self._props["locale"] = session.language
        self._props["timezone"] = session.time_zone or None
        self._props["userId"] = str(session.user_id)
        self.on("select", self._on_select)
        self.on("more", self._on_more)
        self.on("search", self._on_search)
        self.on("scope", self._on_scope)
        self._subscription = live.InboxSubscription(
            context.client, self._actor, self._on_news, self._views_held
        )
        background_tasks.create(self._load(), name="conversation list", context=self)

    def select(self, conversation_id: UUID | None) -> None:
        """Mark the open conversation."""
        self.run_method("select", str(conversation_id) if conversation_id else None)

    @action
    async def _load(self) -> None:
        self._token += 1
        token = self._token
        self._missed = []
        missed: list[ConversationView] = []
        try:
            page = await call(
                self._actor, conversations.list_page, scope=self._scope, search=self._search
            )
        finally:
            if token == self._token:
                missed, self._missed = self._missed or [], None
        if token != self._token or self.is_deleted:
            return
        self._views = {view.id: view for view in page.items}
        self.run_method(
            "set_all",
            {"rows": _rows(page.items), "has_more": page.next_cursor is not None},
        )
        self._on_changes(missed)

    @action
    async def _on_more(self, event: GenericEventArguments) -> None:
        token = self._token
        after = Cursor.decode(str(event.args.get("before") or ""))
        if after is None:
            return
        page = await call(
            self._actor,
            conversations.list_page,
            scope=self._scope,
            search=self._search,
            after=after,
        )
        if token != self._token or self.is_deleted:
            return
        self._views |= {view.id: view for view in page.items}
        self.run_method(
            "append", {"rows": _rows(page.items), "has_more": page.next_cursor is not None}
        )

    async def _on_search(self, event: GenericEventArguments) -> None:
        self._search = str(event.args.get("text") or "")[: conversations.MAX_SEARCH]
        await self._load()

    async def _on_scope(self, event: GenericEventArguments) -> None:
        wanted = event.args.get("scope")
        self._scope = Scope.UNREAD if wanted == Scope.UNREAD else Scope.ALL
        await self._load()

    def _on_select(self, event: GenericEventArguments) -> None:
        ui.navigate.to(f"/messages/{UUID(str(event.args.get('id')))}")

    def _views_held(self) -> Iterable[ConversationView]:
        return self._views.values()

    def _on_news(self, news: InboxNews) -> None:
        if self.is_deleted:
            self._subscription.leave()
        elif news.is_complete:
            self._on_changes(news.views)
        else:
            background_tasks.create(self._load(), name="conversation list", context=self)

    def _on_changes(self, views: Sequence[ConversationView]) -> None:
        if self._missed is not None:
            self._missed += views
            return
        fresh = [view for view in views if self._is_news(view)]
        if self._scope is Scope.ALL and not self._search:
            self._show(fresh)
            return
        self._show([view for view in fresh if view.id in self._views])
        if others := [view.id for view in fresh if view.id not in self._views]:
            background_tasks.create(self._show_matching(others), name="matches", context=self)

    @action
    async def _show_matching(self, ids: Sequence[UUID]) -> None:
        """Show what the present search and scope ask for, of conversations not in the list yet."""
        token = self._token
        views = await call(
            self._actor, conversations.list_matching, ids, scope=self._scope, search=self._search
        )
        if token == self._token:
            self._show([view for view in views if self._is_news(view)])

    def _show(self, views: Sequence[ConversationView]) -> None:
        if views and not self.is_deleted:
            self._views |= {view.id: view for view in views}
            self.run_method("upsert", _rows(views))

    def _is_news(self, view: ConversationView) -> bool:
        known = self._views.get(view.id)
        if known is not None:
            return view.change_seq > known.change_seq
        return view.last_message_at is not None

    def _displayed_contents(self, *, only_visible: bool) -> list[Any]:
        texts = super()._displayed_contents(only_visible=only_visible)
        for row in _rows(list(self._views.values())):
            texts += [row["name"], row["preview"]]
        return texts


def _rows(views: Sequence[ConversationView]) -> list[dict[str, Any]]:
    return [_row(view) for view in views]


def _row(view: ConversationView) -> dict[str, Any]:
    said = words.preview(
        view.last_message_type, view.last_message_text, is_voice=view.last_message_is_voice
    )
    status = view.last_message_status or MessageStatus.RECEIVED
    return {
        "id": str(view.id),
        "name": view.contact_name,
        "phone": view.contact_phone,
        "initials": initials(view.contact_name),
        "hue": hue(view.contact_name),
        "preview": said.text,
        "preview_icon": said.icon,
        "direction": view.last_message_direction,
        "status": status.value,
        "at": view.last_message_at.isoformat() if view.last_message_at else None,
        "unread": view.unread_count,
        "window_expires_at": (
            view.window_expires_at.isoformat() if view.window_expires_at else None
        ),
        "href": f"/messages/{view.id}",
        "seq": view.change_seq,
        "cursor": view.cursor,
    }


def status_strings() -> dict[str, str]:
    """Return the spoken names of ticks."""
    return {
        "status_queued": _("Waiting to be sent"),
        "status_sending": _("Sending"),
        "status_uncertain": _("Not confirmed"),
        "status_sent": _("Sent"),
        "status_delivered": _("Delivered"),
        "status_read": _("Read"),
        "status_played": _("Played"),
        "status_failed": _("Not delivered"),
    }


def _strings() -> dict[str, str]:
    return status_strings() | {
        "search": _("Search conversations"),
        "clear_search": _("Clear search"),
        "scope_label": _("Show"),
        "scope_all": _("All"),
        "scope_unread": _("Unread"),
        "list_label": _("Conversations"),
        "loading": _("Loading conversations"),
        "draft": _("Draft:"),
        "failed_preview": _("Could not deliver your message"),
        "yesterday": _("Yesterday"),
        "empty_title": _("No conversations yet"),
        "empty_text": _(
            "When a customer writes to one of your numbers, the conversation appears here."
        ),
        "no_match_title": _("Nothing found"),
        "no_match_text": _("No conversation matches “{query}”."),
        "no_unread_title": _("All caught up"),
        "no_unread_text": _("There are no unread conversations."),
        "clear_filters": _("Clear filters"),
        "unread_one": _("{n} unread message"),
        "unread_other": _("{n} unread messages"),
        "hours_left": _("{h}h left"),
        "minutes_left": _("{m}m left"),
        "window_closed": _("Window closed"),
    }

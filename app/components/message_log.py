"""The messages of a conversation: a Vue component that paints what Python gives it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from nicegui.element import Element

from app.components import bubbles, words
from app.components.cards import cards
from app.components.conversation_list import status_strings
from app.components.theme import MODULES
from app.i18n import gettext as _
from app.services.conversations import ConversationView
from app.services.messages import MessageView, ThreadWindow
from app.services.sessions import SessionView

EMOJIS = ("👍", "❤️", "😂", "😮", "😢", "🙏")  # as WhatsApp offers them first


class MessageLog(Element, component="../static/components/message_thread.js", esm=MODULES):
    """The bubbles; knows the views it was given, so that tests can read them."""

    def __init__(
        self, session: SessionView, view: ConversationView, *, may_send: bool = False
    ) -> None:
        super().__init__()
        self._views: dict[UUID, MessageView] = {}
        self._session_id = session.actor.session_id  # links to files are made for it
        self._props["strings"] = _strings()
        self._props["locale"] = session.language
        self._props["timezone"] = session.time_zone or None
        self._props["conversationId"] = str(view.id)
        self._props["contactName"] = view.contact_name
        self._props["emojis"] = list(EMOJIS) if may_send else []

    def set_all(self, window: ThreadWindow, unread_count: int) -> None:
        """Show a window of the thread from its unread messages on."""
        self._views = {}
        self._remember(window.messages)
        self.run_method(
            "set_all",
            {
                "rows": bubbles.rows(window.messages, self._session_id),
                "has_older": window.has_older,
                "unread_count": unread_count,
            },
        )

    def prepend(self, window: ThreadWindow) -> None:
        """Show older messages above, without a jump."""
        self._remember(window.messages)
        self.run_method(
            "prepend",
            {
                "rows": bubbles.rows(window.messages, self._session_id),
                "has_older": window.has_older,
            },
        )

    def upsert(self, views: Sequence[MessageView]) -> None:
        """Show what is new or has changed."""
        self._remember(views)
        self.run_method("upsert", bubbles.rows(views, self._session_id))

    def repaint(self, message_id: UUID) -> None:
        """Show a message as it was before somebody pressed its button."""
        if message_id in self._views:
            self.upsert([self._views[message_id]])

    def relink(self) -> None:
        """Give the files that are shown links that are good for some more minutes."""
        self.upsert([view for view in self._views.values() if view.media])

    def to_end(self) -> None:
        """Show the newest message."""
        self.run_method("toEnd", False)  # noqa: FBT003  # the script's way

    def reject(self, client_ref: UUID, message: str) -> None:
        """Say why a bubble that was shown at once was not sent."""
        self.run_method("reject", {"client_ref": str(client_ref), "message": message})

    def _remember(self, views: Sequence[MessageView]) -> None:
        self._views |= {view.id: view for view in views}

    def _displayed_contents(self, *, only_visible: bool) -> list[Any]:
        texts = super()._displayed_contents(only_visible=only_visible)
        faults = [bubbles.error(view) for view in self._views.values()]
        texts += [words.body(view).text for view in self._views.values()]
        for view in self._views.values():
            texts += [words.notice(view), *(card["title"] for card in cards(view))]
        texts += [words.file_name(view) for view in self._views.values() if view.media]
        return texts + [fault["text"] for fault in faults if fault]


def _strings() -> dict[str, str]:
    return status_strings() | {
        "log_label": _("Messages with {name}"),
        "us": _("You"),
        "them": _("Customer"),
        "today": _("Today"),
        "yesterday": _("Yesterday"),
        "new_messages_one": _("{n} new message"),
        "new_messages_other": _("{n} new messages"),
        "new_pill_one": _("{n} new"),
        "new_pill_other": _("{n} new"),
        "to_end": _("Go to the newest message"),
        "loading_older": _("Loading older messages"),
        "empty": _("No messages yet."),
        "answer": _("Answer with a quote"),
        "react": _("React"),
        "react_with": _("React with {emoji}"),
        "deleted": _("This message was deleted."),
        "edited": _("Edited"),
        "reacted": _("{name} reacted with {emoji}"),
        "download": _("Download {name}"),
        "refetch": _("Try again"),
        "enlarge": _("Enlarge: {name}"),
        "close": _("Close"),
        "play": _("Play"),
        "pause": _("Pause"),
        "position": _("Position"),
    }

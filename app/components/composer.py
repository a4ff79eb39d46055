"""Where one writes: a Vue component with the draft, the countdown and the guard against doubles."""

import datetime as dt

from nicegui.element import Element

from app.components.theme import MODULES
from app.i18n import gettext as _
from app.services.conversations import ConversationView
from app.services.sessions import SessionView


class Composer(Element, component="../static/components/composer.js", esm=MODULES):
    """Emits `send` with the text and a client reference; the browser has shown the bubble then.

    `template` asks for the templates: beside the text, and in its place once the window has closed.
    """

    def __init__(self, session: SessionView, view: ConversationView, *, can_send: bool) -> None:
        super().__init__()
        self._props["strings"] = _strings()
        self._props["locale"] = session.language
        self._props["timezone"] = session.time_zone or None
        self._props["conversationId"] = str(view.id)
        self._props["userId"] = str(session.user_id)
        self._props["canSend"] = can_send
        until = view.window_expires_at
        self._props["windowExpiresAt"] = until.isoformat() if until else None

    def set_window(self, until: dt.datetime) -> None:
        """Show until when one may answer freely."""
        self.run_method("set_window", until.isoformat())

    def restore(self, text: str) -> None:
        """Put back what could not be sent; nothing typed is lost."""
        self.run_method("restore", {"text": text})


def _strings() -> dict[str, str]:
    return {
        "placeholder": _("Write a reply"),
        "input_label": _("Message"),
        "send": _("Send"),
        "to_send": _("to send"),
        "left_hours": _("{h}h {m}m left"),
        "left_minutes": _("{m}m left"),
        "short_hours": _("{h}h"),
        "short_minutes": _("{m}m"),
        "window_until": _("You can reply until {time}"),
        "window_closed_title": _("The 24-hour window has closed"),
        "window_closed_text": _(
            "Send an approved template now, or write again when the customer has answered."
        ),
        "template": _("Send a template"),
        "choose_template": _("Choose a template"),
        "cannot_send": _("Your role can read conversations but not reply."),
        "counter": _("{n} of {max} characters"),
    }

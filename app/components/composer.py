"""Where one writes: a Vue component with the draft, the countdown and the guard against doubles."""

import datetime as dt
from collections.abc import Iterable
from uuid import UUID

from nicegui.element import Element

from app.components.compose_dialog import title_of
from app.components.theme import MODULES
from app.i18n import gettext as _
from app.services.conversations import ConversationView
from app.services.sessions import SessionView

KINDS = {
    "place": "map-pin",
    "person": "contact",
    "buttons": "square-check",
    "choices": "list",
    "link": "external-link",
}


class Composer(Element, component="../static/components/composer.js", esm=MODULES):
    """Emits `send` with the text and a client reference; the browser has shown the bubble then.

    `file` is one that the browser has brought to the server already, with its kind and caption.

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
        self._props["kinds"] = [
            {"kind": kind, "icon": symbol, "label": title_of(kind)}
            for kind, symbol in KINDS.items()
        ]
        until = view.window_expires_at
        self._props["windowExpiresAt"] = until.isoformat() if until else None

    def set_window(self, until: dt.datetime) -> None:
        """Show until when one may answer freely."""
        self.run_method("set_window", until.isoformat())

    def settled(self, client_ref: UUID, left: Iterable[UUID]) -> None:
        """Say that what was sent under this name is stored, but for the files that are left."""
        refs = [str(ref) for ref in left]
        self.run_method("settled", {"client_ref": str(client_ref), "left": refs})

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
        "attach": _("Attach files"),
        "more": _("Send something else"),
        "tray": _("Files to send"),
        "caption": _("Add a caption"),
        "caption_of": _("Caption of {name}"),
        "uploading": _("{name} is on its way"),
        "remove": _("Remove {name}"),
        "pasted": _("Pasted file"),
        "empty_file": _("This file is empty."),
        "too_large": _("WhatsApp takes files of at most 100 MB."),
        "too_many": _("Ten files at a time are enough."),
        "upload_failed": _("This file did not arrive. Remove it and try again."),
        "no_quote": _("Do not quote"),
        "record": _("Record a voice message"),
        "recording": _("Recording"),
        "microphone_asked": _("Waiting for the microphone"),
        "no_microphone": _("The browser gives us no microphone. Allow it in its address bar."),
        "discard": _("Throw the recording away"),
        "send_voice": _("Send the voice message"),
        "voice_message": _("Voice message"),
        "choose_template": _("Choose a template"),
        "cannot_send": _("Your role can read conversations but not reply."),
        "counter": _("{n} of {max} characters"),
    }

"""The newest conversations as rows of links, outside the inbox."""

from collections.abc import Sequence

from nicegui import ui

from app.components import words
from app.components.button import mark
from app.components.icon import icon
from app.components.moment import Moment
from app.components.person import hue, initials
from app.i18n import gettext as _
from app.i18n import ngettext
from app.services.conversations import ConversationView
from app.services.sessions import SessionView


def recent_conversations(session: SessionView, views: Sequence[ConversationView]) -> None:
    """Draw a row for each, in the order given."""
    rows = ui.element("ul").classes("card-rows")
    rows.props["aria-label"] = _("Newest conversations")
    with rows:
        for view in views:
            with ui.element("li"):
                _row(session, view)


def _row(session: SessionView, view: ConversationView) -> None:
    link = ui.element("a").classes("conv-row")
    if view.unread_count:
        link.classes("is-unread")
    link.props["href"] = f"/messages/{view.id}"
    with mark(link, f"recent-{view.id}"):
        avatar = ui.label(initials(view.contact_name))
        avatar.classes(f"avatar avatar-40 hue-{hue(view.contact_name)}")
        avatar.props["aria-hidden"] = "true"
        with ui.element("div").classes("conv-body"):
            with ui.element("div").classes("conv-line"):
                ui.label(view.contact_name).classes("conv-name")
                if view.last_message_at is not None:
                    Moment(session, view.last_message_at).classes("conv-time")
            with ui.element("div").classes("conv-sub"):
                _preview(view)


def _preview(view: ConversationView) -> None:
    said = words.preview(
        view.last_message_type, view.last_message_text, is_voice=view.last_message_is_voice
    )
    if said.icon:
        icon(said.icon)
    ui.label(said.text).classes("conv-preview")
    if view.unread_count:
        unread = ngettext("{n} unread message", "{n} unread messages", view.unread_count)
        count = ui.element("span").classes("count")
        with count:
            ui.label(str(view.unread_count)).props["aria-hidden"] = "true"
            ui.label(unread.format(n=view.unread_count)).classes("sr-only")

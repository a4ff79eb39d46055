"""The first page after signing in: the next step, what is counted, the newest conversations."""

from collections.abc import Sequence

from nicegui import ui

from app.components.button import link_button, mark
from app.components.call import action, call
from app.components.icon import icon
from app.components.number_status import status_badges
from app.components.recent import recent_conversations
from app.components.reload import Reload
from app.components.sandbox import connect_button, phone_link
from app.components.shell import page_bar
from app.i18n import gettext as _
from app.i18n import ngettext
from app.services import dashboard
from app.services.conversations import ConversationView, Counts
from app.services.phone_numbers import PhoneNumberView
from app.services.sessions import SessionView


def build(session: SessionView) -> None:
    """Compose the dashboard."""
    Dashboard(session)


class Dashboard:
    """One page load; everything on it is live."""

    def __init__(self, session: SessionView) -> None:
        self._session = session
        self._figures: dict[str, ui.label] = {}
        self._captions: dict[str, ui.label] = {}
        self._step = ""
        ui.page_title(_("Dashboard"))
        page_bar(_("Dashboard"))
        with ui.element("div").classes("page page-stack"):
            first_name = (session.user_name or "").split(" ")[0]
            with ui.element("h2").classes("greeting"):
                ui.label(_("Hello {name}").format(name=first_name) if first_name else _("Hello"))
            self._next_step = ui.element("div")
            with ui.element("div").classes("cards cards-2"):
                self._kpi("unread", _("Unread conversations"))
                self._kpi("conversations", _("Conversations"))
                self._kpi("contacts", _("Contacts"))
                self._kpi("numbers", _("Phone numbers"))
            with ui.element("div").classes("page-grid"):
                self._recent = ui.element("section").classes("card col-8")
                self._numbers = ui.element("section").classes("card col-4")
        Reload(session, self._next_step, self._load)

    @action
    async def _load(self) -> None:
        found = await call(self._session.actor, dashboard.read)
        if self._next_step.is_deleted:
            return
        self._show_counts(found.counts, found.number_limit)
        self._show_next_step(found.counts)
        self._show_recent(found.newest)
        self._show_numbers(found.numbers)

    def _show_counts(self, counts: Counts, limit: int) -> None:
        unread, new = counts.unread_messages, counts.new_contacts
        for name, figure, caption in (
            (
                "unread",
                counts.unread_conversations,
                ngettext("{n} message to read", "{n} messages to read", unread).format(
                    n=f"{unread:,}"
                ),
            ),
            (
                "conversations",
                counts.conversations,
                _("{n} can be answered now").format(n=f"{counts.open_windows:,}"),
            ),
            (
                "contacts",
                counts.contacts,
                _("{n} new in the last 7 days").format(n=f"{new:,}"),
            ),
            (
                "numbers",
                counts.phone_numbers,
                _("of {n} in your plan").format(n=f"{limit:,}"),
            ),
        ):
            self._figures[name].set_text(f"{figure:,}")
            self._captions[name].set_text(caption)

    def _show_next_step(self, counts: Counts) -> None:
        step = _step(counts)
        if step == self._step:
            return
        self._step = step
        self._next_step.clear()
        with self._next_step, ui.element("section").classes("card next-step"):
            if step == "connect":
                _words(
                    _("Connect your first number"),
                    _("A sandbox number works at once, without any account, to try things out."),
                )
                connect_button(self._session)
            elif step == "receive":
                _words(
                    _("Let a customer write"),
                    _("Open the customer's phone, write a message, and watch it arrive here."),
                )
                with ui.element("div").classes("hstack gap-2 wrap-row"):
                    phone_link()
                    _open_inbox()
            else:
                waiting = counts.unread_conversations
                _words(
                    _("Somebody is waiting for an answer") if waiting else _("All caught up"),
                    _("New messages appear in the inbox by themselves."),
                )
                _open_inbox()

    def _show_recent(self, views: Sequence[ConversationView]) -> None:
        self._recent.clear()
        with self._recent:
            _words(_("Newest conversations"), _("Who wrote last, or was answered last."))
            if views:
                recent_conversations(self._session, views)
            else:
                _nothing(
                    "inbox", _("What customers write appears here, the newest conversation first.")
                )

    def _show_numbers(self, numbers: Sequence[PhoneNumberView]) -> None:
        self._numbers.clear()
        with self._numbers:
            _words(_("Phone numbers"), _("What customers write to."))
            if not numbers:
                _nothing("phone", _("The numbers that you connect appear here."))
                return
            with ui.element("ul").classes("card-rows"):
                for number in numbers:
                    with ui.element("li").classes("number-row"):
                        _tile("phone")
                        with ui.element("div").classes("grow"):
                            ui.label(number.display_name or number.pretty).classes(
                                "t-card truncate"
                            )
                            if number.display_name:
                                ui.label(number.pretty).classes("card-sub tnum truncate")
                        status_badges(number, with_sandbox=False)

    def _kpi(self, name: str, label: str) -> None:
        with ui.element("section").classes("card kpi"):
            with ui.element("h2").classes("kpi-label"):
                ui.label(label)
            with ui.element("p").classes("kpi-figure"):
                self._figures[name] = mark(ui.label("0"), f"count-{name}")
            with ui.element("p").classes("kpi-change"):
                self._captions[name] = mark(ui.label(""), f"caption-{name}")


def _step(counts: Counts) -> str:
    if not counts.phone_numbers:
        return "connect"
    if not counts.conversations:
        return "receive"
    return "waiting" if counts.unread_conversations else "done"


def _open_inbox() -> None:
    link_button(_("Open the inbox"), "/messages", look="primary", testid="open-inbox")


def _words(title: str, text: str) -> None:
    with ui.element("header").classes("card-head"):
        with ui.element("h2").classes("card-title"):
            ui.label(title)
        with ui.element("p").classes("card-sub"):
            ui.label(text)


def _nothing(icon_name: str, text: str) -> None:
    with ui.element("div").classes("empty"):
        _tile(icon_name)
        with ui.element("p").classes("empty-text"):
            ui.label(text)


def _tile(icon_name: str) -> None:
    with ui.element("span").classes("tile"):
        icon(icon_name)

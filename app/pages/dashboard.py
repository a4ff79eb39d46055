"""The first page after signing in: the next step, and what is there already."""

from nicegui import background_tasks, context, ui

from app.components import live
from app.components.button import link_button
from app.components.call import action, call
from app.components.sandbox import connect_button, phone_link
from app.components.shell import page_bar
from app.i18n import gettext as _
from app.services import conversations
from app.services.conversations import ConversationView, Counts
from app.services.sessions import SessionView


def build(session: SessionView) -> None:
    """Compose the dashboard."""
    Dashboard(session)


class Dashboard:
    """Greeting, next step and counters of one page load; the counters are live."""

    def __init__(self, session: SessionView) -> None:
        self._session = session
        self._figures: dict[str, ui.label] = {}
        self._step = ""
        ui.page_title(_("Dashboard"))
        page_bar(_("Dashboard"))
        with ui.element("div").classes("page page-stack"):
            first_name = (session.user_name or "").split(" ")[0]
            with ui.element("h2").classes("greeting"):
                ui.label(_("Hello {name}").format(name=first_name) if first_name else _("Hello"))
            self._next_step = ui.element("div").classes("stack gap-4")
            with ui.element("div").classes("cards cards-2"):
                self._kpi("unread", _("Unread conversations"))
                self._kpi("conversations", _("Conversations"))
                self._kpi("contacts", _("Contacts"))
                self._kpi("numbers", _("Phone numbers"))
        self._live = live.follow_inbox(context.client, session.actor, self._on_inbox)
        background_tasks.create(self._load(), name="dashboard", context=self._next_step)

    @action
    async def _load(self) -> None:
        counts = await call(self._session.actor, conversations.counts)
        if self._next_step.is_deleted:
            self._live.leave()
            return
        self._figures["unread"].set_text(f"{counts.unread_conversations:,}")
        self._figures["conversations"].set_text(f"{counts.conversations:,}")
        self._figures["contacts"].set_text(f"{counts.contacts:,}")
        self._figures["numbers"].set_text(f"{counts.phone_numbers:,}")
        self._show_next_step(counts)

    def _on_inbox(self, _views: list[ConversationView]) -> None:
        if self._next_step.is_deleted:
            self._live.leave()
        else:
            background_tasks.create(self._load(), name="dashboard", context=self._next_step)

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
                with ui.element("div").classes("hstack gap-2"):
                    phone_link()
                    link_button(
                        _("Open the inbox"), "/messages", look="primary", testid="open-inbox"
                    )
            else:
                waiting = counts.unread_conversations
                _words(
                    _("Somebody is waiting for an answer") if waiting else _("All caught up"),
                    _("New messages appear in the inbox by themselves."),
                )
                link_button(_("Open the inbox"), "/messages", look="primary", testid="open-inbox")

    def _kpi(self, name: str, label: str) -> None:
        with ui.element("section").classes("card kpi"):
            with ui.element("h2").classes("kpi-label"):
                ui.label(label)
            with ui.element("p").classes("kpi-figure"):
                self._figures[name] = ui.label("0").mark(f"count-{name}")
                self._figures[name].props["data-testid"] = f"count-{name}"


def _step(counts: Counts) -> str:
    if not counts.phone_numbers:
        return "connect"
    if not counts.conversations:
        return "receive"
    return "waiting" if counts.unread_conversations else "done"


def _words(title: str, text: str) -> None:
    with ui.element("header").classes("card-head"):
        with ui.element("h2").classes("card-title"):
            ui.label(title)
        with ui.element("p").classes("card-sub"):
            ui.label(text)

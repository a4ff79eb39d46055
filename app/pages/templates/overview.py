"""The workspace's templates, with what Meta thinks of each."""

import asyncio
from uuid import UUID

from nicegui import ui

from app.actor import Permission
from app.components import feedback
from app.components.button import button, link_button, mark
from app.components.call import action, ask, call
from app.components.reload import Reload
from app.components.settings_frame import table_region
from app.components.shell import page_bar
from app.i18n import gettext as _
from app.i18n import ngettext
from app.models.enums import TemplateStatus
from app.services import whatsapp_accounts
from app.services.sessions import SessionView
from app.services.templates import drafts, review
from app.services.templates.drafts import TemplateView
from app.services.templates.words import category_name, reason_sentence, status_name

BADGES = dict.fromkeys(TemplateStatus, "badge-neutral") | {
    TemplateStatus.APPROVED: "badge-ok",
    TemplateStatus.PENDING: "badge-warn",
    TemplateStatus.IN_APPEAL: "badge-warn",
    TemplateStatus.PAUSED: "badge-warn",
    TemplateStatus.REJECTED: "badge-danger",
    TemplateStatus.DISABLED: "badge-danger",
    TemplateStatus.LIMIT_EXCEEDED: "badge-danger",
}


def build(session: SessionView) -> None:
    """Compose the page."""
    Templates(session)


class Templates:
    """One page load; verdicts appear by themselves."""

    def __init__(self, session: SessionView) -> None:
        self._actor = session.actor
        self._may_manage = session.actor.may(Permission.TEMPLATE_MANAGE)
        self._search = ""
        self._accounts: list[UUID] = []
        ui.page_title(_("Templates"))
        self._actions = page_bar(_("Templates"))
        self._page = ui.element("div").classes("page page-stack").props("role=region tabindex=0")
        self._page.props["aria-label"] = _("Templates")
        self._found: list[TemplateView] = []
        Reload(session, self._page, self._load)

    @action
    async def _load(self) -> None:
        self._found, accounts = await asyncio.gather(
            call(self._actor, drafts.list_all), call(self._actor, whatsapp_accounts.list_all)
        )
        self._accounts = [one.id for one in accounts]
        if self._page.is_deleted:
            return
        if not self._actions.default_slot.children and self._may_manage and self._accounts:
            with self._actions:
                button(_("Sync with Meta"), self._sync, testid="templates-sync")
                link_button(
                    _("New template"), "/templates/new", look="primary", testid="template-new",
                    icon="plus",
                )  # fmt: skip
        self._draw()

    def _draw(self) -> None:
        self._page.clear()
        with self._page:
            if not self._accounts:
                self._no_account()
            elif not self._found:
                feedback.empty_state(
                    "file-text",
                    _("No template yet"),
                    _("With a template you write to customers first, or after 24 hours."),
                )
            else:
                self._table()

    def _no_account(self) -> None:
        with feedback.empty_state(
            "file-text",
            _("Connect a number first"),
            _("Templates belong to a WhatsApp account; a sandbox number has one, too."),
        ):
            link_button(
                _("Go to phone numbers"), "/phone-numbers", look="primary", testid="to-numbers"
            )

    def _table(self) -> None:
        with (
            ui.element("section").classes("card"),
            table_region(_("Templates")),
            ui.element("table").classes("table table-stack"),
        ):
            with ui.element("thead"), ui.element("tr"):
                for words in (_("Name"), _("Category"), _("Language"), _("State")):
                    with ui.element("th"):
                        ui.label(words)
            with ui.element("tbody"):
                for one in self._found:
                    _row(one)

    @action
    async def _sync(self) -> None:
        count = 0
        try:
            for account_id in self._accounts:
                count += await ask(self._actor, review.sync, account_id)
        finally:  # what one account gave is shown, whatever the next one said
            await self._load()
        words = ngettext(
            "Meta has {count} template of yours.", "Meta has {count} templates of yours.", count
        )
        feedback.toast(words.format(count=f"{count:,}"))


def _row(one: TemplateView) -> None:
    with mark(ui.element("tr"), f"template-{one.id}"):
        with ui.element("td").classes("cell-title"):
            link = mark(ui.element("a").classes("entry-title"), f"open-template-{one.id}")
            link.props["href"] = f"/templates/{one.id}"
            with link:
                ui.label(one.name)
            ui.label(one.shape.body[:90]).classes("entry-sub")
        with ui.element("td"):
            ui.label(category_name(one.category))
        with ui.element("td"):
            ui.label(one.language)
        with ui.element("td"):
            ui.label(status_name(one.status)).classes(f"badge {BADGES[one.status]}")
            if one.reason:
                ui.label(reason_sentence(one.reason)).classes("entry-sub")

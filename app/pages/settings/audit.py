"""The workspace's diary: who did what, when, from where; as CSV, too."""

from zoneinfo import ZoneInfo

from nicegui import background_tasks, ui

from app.components.button import button, link_button, mark
from app.components.call import action, call
from app.components.settings_frame import section, settings_page, table_region
from app.i18n import gettext as _
from app.services import audit
from app.services.audit import AuditEntryView
from app.services.sessions import SessionView
from app.services.words import action_name

NOUNS = ("", "session", "member", "invitation", "api_key", "workspace", "password", "second_factor")


def build(session: SessionView) -> None:
    """Compose the page."""
    with settings_page(session, "audit", _("Activity log")) as root:
        Audit(session, root)


class Audit:
    """A window of the diary that grows by a page at a time."""

    def __init__(self, session: SessionView, root: ui.element) -> None:
        self._session = session
        self._actor = session.actor
        self._zone = ZoneInfo(session.time_zone or session.workspace_time_zone)
        self._noun = ""
        self._cursor: str | None = None
        with root, section(_("Activity log"), _("What matters is written down and stays.")):
            with ui.element("div").classes("hstack gap-2"):
                nouns = {noun: action_name(noun) if noun else _("Everything") for noun in NOUNS}
                chooser = ui.select(nouns, value="", on_change=self._choose)
                chooser.props("outlined dense options-dense behavior=menu")
                chooser.props["aria-label"] = _("Show")
                mark(chooser, "audit-filter")
                link = link_button(
                    _("Download CSV"), "/exports/audit.csv", testid="audit-csv", icon="download"
                )
                link.props["data-leave"] = True
            with table_region(_("Activity log")), ui.element("table").classes("table"):
                with ui.element("thead"), ui.element("tr"):
                    for words in (_("When"), _("Who"), _("What"), _("From")):
                        with ui.element("th"):
                            ui.label(words)
                self._body = ui.element("tbody")
            self._more = button(_("Show older"), self._load, testid="audit-more")
        background_tasks.create(self._load(), name="audit", context=root)

    @action
    async def _load(self) -> None:
        page = await call(
            self._actor, audit.list_entries, cursor=self._cursor, action=self._noun or None
        )
        if self._body.is_deleted:
            return
        self._cursor = page.next_cursor
        self._more.set_visibility(page.next_cursor is not None)
        with self._body:
            for entry in page.items:
                self._row(entry)

    async def _choose(self, event: object) -> None:
        value = getattr(event, "value", "")
        self._noun = value if value in NOUNS else ""
        self._cursor = None
        self._body.clear()
        await self._load()

    def _row(self, entry: AuditEntryView) -> None:
        who = entry.user_name or entry.user_email or _("The system")
        details = " · ".join(str(value) for value in entry.details.values())
        with mark(ui.element("tr"), f"audit-{entry.id}"):
            with ui.element("td").classes("nowrap"):
                ui.label(f"{entry.at.astimezone(self._zone):%Y-%m-%d %H:%M}")
            with ui.element("td"):
                ui.label(who)
            with ui.element("td"):
                ui.label(action_name(entry.action))
                if details:
                    ui.label(details).classes("entry-sub")
            with ui.element("td"):
                ui.label(entry.ip or "")

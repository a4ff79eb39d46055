"""The workspace's diary: who did what, when, from where; filtered, and as CSV."""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from nicegui import background_tasks, ui
from pydantic.alias_generators import to_camel

from app.components.button import button, link_button, mark
from app.components.call import action, call
from app.components.chooser import chooser
from app.components.settings_frame import section, settings_page, table_region
from app.components.when import zone_of
from app.i18n import gettext as _
from app.services import audit, members
from app.services.audit import AuditEntryView
from app.services.audit_words import NOUNS, action_name, details_line, noun_name
from app.services.members import MemberView
from app.services.sessions import SessionView

DAY = dt.timedelta(days=1)


def build(session: SessionView) -> None:
    """Compose the page."""
    with settings_page(session, "audit", _("Activity log")) as root:
        Audit(session, root)


class Audit:
    """A window of the diary that grows by a page at a time."""

    def __init__(self, session: SessionView, root: ui.element) -> None:
        self._actor = session.actor
        self._session = session
        self._zone = ZoneInfo(session.workspace_time_zone)  # until the device has said its own
        self._cursor: str | None = None
        self._filters: dict[str, Any] = {}
        self._awaited: dict[str, Any] | None = None  # the filters whose next page is on its way
        with root, section(_("Activity log"), _("What matters is written down and stays.")):
            self._bar = ui.element("div").classes("filters")
            self._zone_line = ui.label().classes("muted")
            with table_region(_("Activity log")), ui.element("table").classes("table table-stack"):
                with ui.element("thead"), ui.element("tr"):
                    for words in (_("What"), _("Who"), _("When"), _("From")):
                        with ui.element("th"):
                            ui.label(words)
                self._body = ui.element("tbody")
            self._none = ui.label(_("Nothing of this kind was written down.")).classes("muted")
            self._none.set_visibility(False)
            self._more = button(_("Show older"), self._load, testid="audit-more")
        background_tasks.create(self._begin(), name="audit", context=root)

    @action
    async def _begin(self) -> None:
        people = await call(self._actor, members.list_members)
        self._zone = await zone_of(self._session, self._bar.client)
        if self._bar.is_deleted:
            return
        self._zone_line.set_text(_("Times are those of {zone}.").format(zone=self._zone.key))
        with self._bar:
            self._choices(people)
        await self._load()

    def _choices(self, people: Sequence[MemberView]) -> None:
        nouns = {noun: noun_name(noun) for noun in NOUNS}
        names = {str(one.user_id): one.name or one.email for one in people}
        self._noun = chooser(
            {"": _("Everything")} | nouns, "",
            label=_("What"), testid="audit-filter", on_change=self._filter,
        )  # fmt: skip
        self._who = chooser(
            {"": _("Everybody")} | names, "",
            label=_("Who"), testid="audit-person", on_change=self._filter,
        )  # fmt: skip
        self._since = self._day(_("From"), "audit-since")
        self._until = self._day(_("To"), "audit-until")
        self._csv = link_button(
            _("Download CSV"), "/exports/audit.csv", testid="audit-csv", icon="download"
        )
        self._csv.props["data-leave"] = True

    def _day(self, label: str, testid: str) -> ui.input:
        field = ui.input(on_change=self._filter).props("outlined dense type=date")
        field.props["aria-label"] = label
        field.props["prefix"] = label
        return mark(field, testid)

    @action
    async def _filter(self) -> None:
        since, until = self._midnight(self._since.value), self._midnight(self._until.value)
        chosen = {
            "action": self._noun.value if self._noun.value in NOUNS else None,
            "user_id": UUID(self._who.value) if self._who.value else None,
            "since": since,
            "until": until + DAY if until else None,
        }
        self._filters = {name: value for name, value in chosen.items() if value}
        query = {to_camel(name): value for name, value in self._filters.items()}
        self._csv.props["href"] = f"/exports/audit.csv?{urlencode(query)}"
        self._cursor = None
        self._body.clear()
        await self._load()

    def _midnight(self, day: str | None) -> dt.datetime | None:
        """Return when a day begins for the reader; None for one that is not written whole."""
        try:
            return dt.datetime.fromisoformat(day).replace(tzinfo=self._zone) if day else None
        except ValueError:
            return None

    @action
    async def _load(self) -> None:
        filters = self._filters
        if filters is self._awaited:
            return  # "Show older" while the first page loads would show that page twice
        self._awaited = filters
        try:
            page = await call(self._actor, audit.list_entries, cursor=self._cursor, **filters)
        finally:
            if filters is self._awaited:
                self._awaited = None
        if self._body.is_deleted or filters is not self._filters:
            return
        self._cursor = page.next_cursor
        self._more.set_visibility(page.next_cursor is not None)
        with self._body:
            for entry in page.items:
                self._row(entry)
        self._none.set_visibility(not self._body.default_slot.children)

    def _row(self, entry: AuditEntryView) -> None:
        who = entry.user_name or entry.user_email or _("The system")
        details = details_line(entry.details)
        with mark(ui.element("tr"), f"audit-{entry.id}"):
            with ui.element("td").classes("cell-title"):
                ui.label(action_name(entry.action))
                if details:
                    ui.label(details).classes("entry-sub")
            with ui.element("td"):
                ui.label(who)
            with ui.element("td").classes("nowrap"):
                ui.label(f"{entry.at.astimezone(self._zone):%Y-%m-%d %H:%M}")
            with ui.element("td").classes("nowrap"):
                ui.label(entry.ip or "")

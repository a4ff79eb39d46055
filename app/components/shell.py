"""The frame of the protected area: sidebar, one panel, bottom bar on a phone.

One page per browser tab; inside it `ui.sub_pages` changes the panel without a reload. The path is
resolved before the frame is built, so that 404 is a status.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from nicegui import app as nicegui_app
from nicegui import context, ui
from nicegui.events import GenericEventArguments

from app.components import live
from app.components.account_menu import account_menu
from app.components.button import mark
from app.components.call import action, call, report_unexpected
from app.components.icon import icon
from app.components.person import avatar
from app.i18n import gettext as _
from app.models.enums import Theme
from app.services import profiles
from app.services.inbox import InboxNews
from app.services.sessions import SessionView
from app.services.workspaces import WorkspaceView


@dataclass(frozen=True, slots=True)
class Entry:
    """A place in the navigation."""

    path: str
    label: str
    icon: str
    testid: str
    short_label: str = ""
    is_in_bar: bool = True


def entries() -> list[Entry]:
    """Return the places everybody may go to, in order."""
    return [
        Entry("/messages", _("Inbox"), "inbox", "nav-inbox"),
        Entry("/dashboard", _("Dashboard"), "layout-dashboard", "nav-dashboard"),
        Entry("/templates", _("Templates"), "file-text", "nav-templates"),
    ]


def workspace_entries() -> list[Entry]:
    """Return the places that belong to running the workspace."""
    return [
        Entry("/phone-numbers", _("Phone numbers"), "phone", "nav-phone-numbers", _("Numbers")),
        Entry("/settings/profile", _("Settings"), "settings", "nav-settings", is_in_bar=False),
    ]


class Shell:
    """The frame around a page, for one page load."""

    def __init__(self, session: SessionView, plan_name: str, own: Sequence[WorkspaceView]) -> None:
        self._session = session
        self._own = own
        self._actor = session.actor
        self._counts: list[ui.label] = []
        self._links: list[tuple[str, ui.element]] = []
        client = context.client
        client.layout.classes("app")
        client.content.classes("panel")
        with client.layout:
            self._sidebar(plan_name).move(target_index=0)
            self._bottom_bar()
        ui.skip_link(_("Skip to content"), target=client.content)
        client.sub_pages_router.on_path_changed(self._mark_current)
        self._mark_current(client.sub_pages_router.current_path)
        ui.on_exception(report_unexpected)
        ui.on("theme_chosen", self._keep_theme)
        self._inbox = live.InboxSubscription(client, self._actor, self._on_inbox)
        self._inbox.look()

    def _on_inbox(self, news: InboxNews) -> None:
        count = news.unread_count
        for label in self._counts:
            if not label.is_deleted:
                label.set_text(str(count) if count < 100 else "99+")  # noqa: PLR2004  # fits the pill
                label.set_visibility(count > 0)

    def _sidebar(self, plan_name: str) -> ui.element:
        with ui.element("nav").classes("sidebar") as sidebar:
            sidebar.props["aria-label"] = _("Main")
            self._workspace(plan_name)
            with ui.element("div").classes("nav"):
                for entry in entries():
                    self._nav_item(entry)
                heading = ui.element("h2").classes("nav-group")
                with heading:
                    ui.label(_("Workspace"))
                for entry in workspace_entries():
                    self._nav_item(entry)
            with ui.element("div").classes("sidebar-foot"):
                self._me()
        return sidebar

    def _workspace(self, plan_name: str) -> None:
        """Draw the button that opens the menu; on a phone it is the last tab, "More"."""
        with mark(ui.element("button").classes("ws"), "workspace-menu") as button:
            if self._session.workspace_logo:
                avatar(self._session.workspace_name, self._session.workspace_logo)
            else:
                with ui.element("span").classes("mark"):
                    icon("mark")
            with ui.element("span").classes("ws-text"):
                _text("b", self._session.workspace_name)
                _text("small", plan_name)
            icon("chevrons-up-down")
            with ui.element("span").classes("tab-icon show-phone"):
                icon("menu").classes("i-lg")
            _text("span", _("More")).classes("show-phone")
            account_menu(button, self._session, self._own, opens="down")

    @action
    async def _keep_theme(self, event: GenericEventArguments) -> None:
        if event.args in list(Theme):
            await call(self._actor, profiles.set_theme, Theme(event.args))

    def _nav_item(self, entry: Entry) -> None:
        link = mark(ui.element("a").classes("nav-item"), entry.testid)
        link.props["href"] = entry.path
        with link:
            icon(entry.icon)
            _text("span", entry.label)
            if entry.path == "/messages":
                self._counts.append(_count_pill("nav-unread"))
        self._links.append((entry.path, link))

    def _me(self) -> None:
        name = self._session.user_name or self._session.user_email
        with ui.element("div").classes("me"):
            with mark(ui.element("button").classes("me-menu"), "me-menu") as button:
                avatar(name, self._session.user_image)
                _text("span", name).classes("me-name")
                account_menu(button, self._session, self._own, opens="up")
            _theme_toggle()

    def _bottom_bar(self) -> None:
        with ui.element("nav").classes("bottom-bar") as bar:
            bar.props["aria-label"] = _("Main, at the bottom")
            for entry in [*entries(), *workspace_entries()]:
                if not entry.is_in_bar:
                    continue  # the last tab's menu leads there
                link = mark(ui.element("a").classes("tab-item"), f"tab-{entry.testid[4:]}")
                link.props["href"] = entry.path
                with link:
                    with ui.element("span").classes("tab-icon"):
                        icon(entry.icon).classes("i-lg")
                        if entry.path == "/messages":
                            self._counts.append(_count_pill("tab-unread"))
                    _text("span", entry.short_label or entry.label)
                self._links.append((entry.path, link))

    def _mark_current(self, path: str) -> None:
        for target, link in self._links:
            if path.split("?", maxsplit=1)[0].split("/")[1:2] == target.split("/")[1:2]:
                link.props["aria-current"] = "page"
            else:
                link.props.pop("aria-current", None)


def page_bar(title: str) -> ui.element:
    """Open the bar of a page: the only h1; what is added inside the block are its actions."""
    with ui.element("header").classes("bar"):
        with ui.element("h1").classes("bar-title").props("tabindex=-1"):
            ui.label(title)
        return ui.element("div").classes("bar-actions")


def on_start(handler: Callable[[], Any]) -> None:
    """Run a handler when NiceGUI has started (its loop is there)."""
    nicegui_app.on_startup(handler)


def on_stop(handler: Callable[[], Any]) -> None:
    """Run a handler before NiceGUI stops."""
    nicegui_app.on_shutdown(handler)


def _text(tag: str, text: str) -> ui.element:
    with ui.element(tag) as element:
        ui.label(text)
    return element


def _count_pill(testid: str) -> ui.label:
    label = mark(ui.label("").classes("count"), testid)
    label.set_visibility(False)
    return label


def _theme_toggle() -> None:
    toggle = mark(ui.element("button").classes("icon-btn"), "theme-toggle")
    toggle.props["type"] = "button"
    toggle.props["data-theme-toggle"] = True
    toggle.props["aria-label"] = _("Switch between light and dark")
    toggle.props["title"] = _("Switch between light and dark")
    with toggle:
        icon("moon").classes("theme-light-only")
        icon("sun").classes("theme-dark-only")

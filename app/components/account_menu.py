"""The menu of the person who is signed in: where they are, as whom, light or dark, and the way out.

`static/app.js` paints the choice of theme and moves between entries with the arrow keys; the theme
is a cookie of the browser, and the profile's for the next one.
"""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from app.components.button import mark
from app.components.call import action, call
from app.components.icon import icon
from app.i18n import gettext as _
from app.services import own_sessions
from app.services.sessions import SessionView
from app.services.workspaces import WorkspaceView


def account_menu(
    button: ui.element,
    session: SessionView,
    own: Sequence[WorkspaceView],
    *,
    opens: Literal["up", "down"],
) -> None:
    """Let a button, inside whose block this is called, open the menu; `own` are the workspaces."""
    button.props["type"] = "button"
    button.props["aria-haspopup"] = "menu"
    button.props["aria-expanded"] = "false"

    def show_state(event: ValueChangeEventArguments[bool]) -> None:
        button.props["aria-expanded"] = "true" if event.value else "false"

    menu = ui.menu().classes("menu").on_value_change(show_state)
    if opens == "up":
        menu.props(""":offset="[0, 4]" anchor="top left" self="bottom left" """)
    else:  # on a phone the button is the last tab; the width is that of app.css
        menu.props(
            """:anchor="Quasar.Screen.width < 768 ? 'top right' : 'bottom left'" """
            """:self="Quasar.Screen.width < 768 ? 'bottom right' : 'top left'" """
            """:offset="Quasar.Screen.width < 768 ? [-8, 4] : [0, 4]" """
        )
    menu.props["aria-label"] = _("Workspace and account")
    with menu:
        with ui.element("div").classes("menu-head"):
            for text, look in ((session.workspace_name, "menu-title"), (session.user_email, "")):
                ui.label(text).classes(f"truncate {look}").props["title"] = text
        _workspaces(session, own)
        _separator()
        _link("/settings/profile", "settings", _("Settings"), testid="menu-settings")
        _link("/workspaces/new", "plus", _("New workspace"), testid="menu-new-workspace")
        _separator()
        _themes()
        _separator()
        _link("/sign-out", "log-out", _("Sign out"), testid="sign-out")


def _workspaces(session: SessionView, own: Sequence[WorkspaceView]) -> None:
    """List the person's other workspaces; a click goes on there."""
    others = [one for one in own if one.id != session.workspace_id]
    if not others:
        return
    _separator()
    for one in others:
        item = ui.element("button").classes("menu-item")
        item.props["type"] = "button"
        item.props["role"] = "menuitem"
        with mark(item, f"workspace-{one.id}"):
            icon("building-2")
            ui.label(one.name)
        item.on("click", lambda workspace_id=one.id: _switch(session, workspace_id))


@action
async def _switch(session: SessionView, workspace_id: UUID) -> None:
    await call(session.actor, own_sessions.switch, workspace_id)
    ui.run_javascript("location.assign('/dashboard')")


def _link(href: str, icon_name: str, words: str, *, testid: str) -> None:
    link = mark(ui.element("a").classes("menu-item"), testid)
    link.props["role"] = "menuitem"
    link.props["href"] = href
    link.props["data-leave"] = not href.startswith("/settings")
    with link:
        icon(icon_name)
        ui.label(words)


def _themes() -> None:
    with ui.element("div") as group:
        group.props["role"] = "group"
        group.props["aria-label"] = _("Colours")
        _theme("light", "sun", _("Light"))
        _theme("dark", "moon", _("Dark"))
        _theme("system", "monitor", _("Same as this device"))


def _theme(choice: str, icon_name: str, label: str) -> None:
    item = mark(ui.element("button").classes("menu-item"), f"theme-{choice}")
    item.props["type"] = "button"
    item.props["role"] = "menuitemradio"
    item.props["aria-checked"] = "false"
    item.props["data-theme-choice"] = choice
    with item:
        icon(icon_name)
        ui.label(label)
        icon("check").classes("menu-check")


def _separator() -> None:
    ui.element("div").classes("menu-sep").props["role"] = "separator"

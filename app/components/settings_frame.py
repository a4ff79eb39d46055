"""The frame of the settings: places at the left, one of them at the right."""

from nicegui import ui

from app.actor import Permission
from app.components.button import mark
from app.components.icon import icon
from app.components.shell import page_bar
from app.i18n import gettext as _
from app.services.sessions import SessionView


def places(session: SessionView) -> list[tuple[str, str, str]]:
    """Return name, icon and words of the settings that this person may open."""
    own = [
        ("profile", "user", _("Profile")),
        ("security", "shield-check", _("Security")),
        ("team", "users", _("Team")),
    ]
    if session.actor.may(Permission.WORKSPACE_UPDATE):
        own.append(("workspace", "building-2", _("Workspace")))
    if session.actor.may(Permission.KEY_MANAGE):
        own.append(("developers", "key", _("API keys")))
    if session.actor.may(Permission.AUDIT_READ):
        own.append(("audit", "history", _("Activity log")))
    return own


def settings_page(session: SessionView, current: str, title: str) -> ui.element:
    """Open the region of one settings page; what is added inside the block is its content."""
    ui.page_title(title)
    page_bar(_("Settings"))
    with ui.element("div").classes("page settings"):
        with ui.element("nav").classes("settings-nav") as nav:
            nav.props["aria-label"] = _("Settings")
            for name, icon_name, words in places(session):
                link = mark(ui.element("a").classes("nav-item"), f"settings-{name}")
                link.props["href"] = f"/settings/{name}"
                if name == current:
                    link.props["aria-current"] = "page"
                with link:
                    icon(icon_name)
                    ui.label(words)
        # On a phone the places are a row that scrolls, and the current one may be outside of it.
        ui.run_javascript(
            "document.querySelector('.settings-nav [aria-current]')"
            "?.scrollIntoView({block: 'nearest', inline: 'center'})"
        )
        return ui.element("div").classes("settings-main")


def section(title: str, text: str = "") -> ui.element:
    """Open a card of a settings page."""
    card = ui.element("section").classes("card")
    with card, ui.element("header").classes("card-head"):
        with ui.element("h2").classes("card-title"):
            ui.label(title)
        if text:
            ui.label(text).classes("card-sub")
    return card


def table_region(name: str) -> ui.element:
    """Open the region that a wide table scrolls in; keys reach it, too."""
    region = ui.element("div").classes("table-wrap").props("role=region tabindex=0")
    region.props["aria-label"] = name
    return region

"""The workspace's name, logo and time zone."""

from nicegui import background_tasks, ui

from app.components import feedback
from app.components.button import link_button
from app.components.call import action, call
from app.components.forms import Form, Values
from app.components.picture_choice import picture_choice
from app.components.settings_frame import section, settings_page
from app.components.when import time_zones
from app.i18n import gettext as _
from app.services import pictures, workspaces
from app.services.sessions import SessionView
from app.services.workspaces import WorkspaceView


def build(session: SessionView) -> None:
    """Compose the page."""
    with settings_page(session, "workspace", _("Workspace")) as root:
        background_tasks.create(_load(session, root), name="workspace", context=root)


@action
async def _load(session: SessionView, root: ui.element) -> None:
    view = await call(session.actor, workspaces.get)
    if root.is_deleted:
        return
    root.clear()
    with root:
        with section(_("Logo")):
            picture_choice(
                session.actor, view.name, view.logo,
                keep=pictures.set_logo, remove=pictures.remove_logo,
                then=lambda: _load(session, root), testid="workspace-logo",
            )  # fmt: skip
        _details(session, view)
        with section(_("Another business?"), _("A workspace has numbers and a plan of its own.")):
            new = link_button(_("New workspace"), "/workspaces/new", testid="workspace-new")
            new.props["data-leave"] = True


def _details(session: SessionView, view: WorkspaceView) -> None:
    async def save(values: Values) -> None:
        await call(
            session.actor,
            workspaces.update,
            name=values["name"],
            time_zone=values["time_zone"] or "",
        )
        feedback.toast(_("Saved."))

    with section(_("About the workspace")), Form(save, label=_("Save"), testid="workspace") as form:
        form.text("name", _("Name"), value=view.name, maxlength=120)
        form.choice(
            "time_zone",
            _("Time zone"),
            {zone: zone for zone in time_zones()},
            value=view.time_zone,
            hint=_("Where your business is."),
            can_search=True,
        )

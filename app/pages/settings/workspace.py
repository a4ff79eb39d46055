"""The workspace's name, logo and time zone."""

from nicegui import background_tasks, events, ui

from app.components import feedback
from app.components.button import button, link_button
from app.components.call import action, call, in_thread
from app.components.forms import Form, Values
from app.components.person import avatar
from app.components.settings_frame import section, settings_page
from app.i18n import gettext as _
from app.pages.settings.profile import picture_upload, time_zones
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
        _logo(session, view, root)
        _details(session, view)
        with section(_("Another business?"), _("A workspace has numbers and a plan of its own.")):
            new = link_button(_("New workspace"), "/workspaces/new", testid="workspace-new")
            new.props["data-leave"] = True


def _logo(session: SessionView, view: WorkspaceView, root: ui.element) -> None:
    @action
    async def take(event: events.UploadEventArguments) -> None:
        try:
            drawn = await in_thread(pictures.redraw, await event.file.read())
        finally:
            uploader.reset()
        await call(session.actor, pictures.set_logo, drawn)
        await _load(session, root)

    @action
    async def remove() -> None:
        await call(session.actor, pictures.remove_logo)
        await _load(session, root)

    with section(_("Logo")), ui.element("div").classes("hstack gap-3"):
        avatar(view.name, view.logo, is_large=True)
        uploader = picture_upload(take)
        button(
            _("Choose a picture"),
            lambda: uploader.run_method("pickFiles"),
            testid="workspace-logo-choose",
        )
        if view.logo:
            button(_("Remove"), remove, look="ghost", testid="workspace-logo-remove")


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

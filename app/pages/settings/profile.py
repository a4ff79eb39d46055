"""One's own name, picture, time zone and theme."""

from nicegui import background_tasks, ui

from app.components import feedback
from app.components.button import button, link_button
from app.components.call import action, call
from app.components.forms import Form, Values
from app.components.picture_choice import picture_choice
from app.components.settings_frame import section, settings_page
from app.components.when import time_zones
from app.i18n import gettext as _
from app.i18n import mark as mark_words
from app.models.enums import Theme
from app.services import pictures, profiles, verification
from app.services.profiles import ProfileView
from app.services.sessions import SessionView

THEMES = {
    Theme.SYSTEM.value: mark_words("Same as this device"),
    Theme.LIGHT.value: mark_words("Light"),
    Theme.DARK.value: mark_words("Dark"),
}


def build(session: SessionView) -> None:
    """Compose the page."""
    with settings_page(session, "profile", _("Profile")) as root:
        background_tasks.create(_load(session, root), name="profile", context=root)


@action
async def _load(session: SessionView, root: ui.element) -> None:
    profile = await call(session.actor, profiles.get)
    waiting = await call(session.actor, verification.awaited)
    if root.is_deleted:
        return
    root.clear()
    with root:
        if waiting is not None:
            _unverified(session, waiting.address)
        with section(_("Picture"), _("Your team sees it beside what you write.")):
            picture_choice(
                session.actor, profile.name or profile.email, profile.image,
                keep=pictures.set_own, remove=pictures.remove_own,
                then=lambda: _load(session, root), testid="profile-picture",
            )  # fmt: skip
        _details(session, profile)


def _unverified(session: SessionView, address: str) -> None:
    text = _("We sent a link to {email}. Until you open it, you can use the sandbox only.")

    @action
    async def send_again() -> None:
        await call(session.actor, verification.ask_again)
        feedback.toast(_("A new link is on its way."))

    with (
        section(_("Confirm your address"), text.format(email=address)),
        ui.element("div").classes("hstack gap-2"),
    ):
        button(_("Send a new link"), send_again, testid="verify-again")
        link = link_button(_("Change the address"), "/verify-email", testid="verify-change")
        link.props["data-leave"] = True


def _details(session: SessionView, profile: ProfileView) -> None:
    async def save(values: Values) -> None:
        theme = Theme(values["theme"])
        await call(
            session.actor,
            profiles.update,
            name=values["name"],
            time_zone=values["time_zone"] or "",
            theme=theme,
        )
        _paint(theme)
        feedback.toast(_("Saved."))

    with section(_("About you")), Form(save, label=_("Save"), testid="profile") as form:
        form.text("name", _("Your name"), value=profile.name, autocomplete="name", maxlength=120)
        form.choice(
            "time_zone",
            _("Time zone"),
            {"": _("Same as this device")} | {zone: zone for zone in time_zones()},
            value=profile.time_zone,
            can_search=True,
        )
        form.choice(
            "theme",
            _("Colours"),
            {theme: _(words) for theme, words in THEMES.items()},
            value=profile.theme.value,
        )
        form.note(_("E-mail"), profile.email)


def _paint(theme: Theme) -> None:
    """Let this browser show the colours at once; others do with their next page."""
    match theme:
        case Theme.LIGHT:
            ui.run_javascript("window.shell.setTheme('light')")
        case Theme.DARK:
            ui.run_javascript("window.shell.setTheme('dark')")
        case Theme.SYSTEM:
            ui.run_javascript("window.shell.setTheme('system')")

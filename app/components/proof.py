"""Showing one's password again before something dangerous: a dialog, then the action once more."""

from collections.abc import Awaitable, Callable

from nicegui import ui

from app.actor import Actor
from app.components.call import call
from app.components.forms import Form, Values
from app.i18n import gettext as _
from app.services import sign_ins
from app.services.sessions import ProofNeeded


async def proven(actor: Actor, act: Callable[[], Awaitable[None]]) -> None:
    """Do something that may ask for proof; ask for the password where it does."""
    try:
        await act()
    except ProofNeeded:
        if await _ask(actor):
            await act()


async def _ask(actor: Actor) -> bool:
    with ui.dialog() as dialog, ui.element("div").classes("dialog") as box:
        box.props["role"] = "dialog"
        box.props["aria-label"] = _("Is it you?")
        ui.label(_("Is it you?")).classes("dialog-title")
        ui.label(_("Confirm with your password before you go on.")).classes("dialog-text")

        async def send(values: Values) -> None:
            await call(actor, sign_ins.prove, values["password"])
            dialog.submit(True)  # noqa: FBT003  # NiceGUI's way

        with Form(send, label=_("Confirm"), testid="proof") as form:
            form.text("password", _("Password"), kind="password", autocomplete="current-password")
    said = await dialog
    if not dialog.is_deleted:  # it goes with the page
        dialog.delete()
    return bool(said)

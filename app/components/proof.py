"""Showing one's password again before something dangerous: a dialog, then the action once more.

Who has none is mailed a link that sets one.
"""

from collections.abc import Awaitable, Callable

from nicegui import ui

from app.actor import Actor
from app.components import feedback
from app.components.button import button
from app.components.call import action, ask, call
from app.components.dialog import answer, dialog
from app.components.forms import Form, Values
from app.i18n import gettext as _
from app.services import password_changes, profiles, sign_ins
from app.services.sessions import ProofNeeded


async def proven(actor: Actor, act: Callable[[], Awaitable[None]]) -> None:
    """Do something that may ask for proof; ask for the password where it does."""
    try:
        await act()
    except ProofNeeded:
        if await _ask(actor):
            await act()


async def _ask(actor: Actor) -> bool:
    profile = await call(actor, profiles.get)
    with dialog(_("Is it you?")) as box:
        if profile.has_password:
            _password(actor, box)
        else:
            _link(actor, box)
    return bool(await answer(box))


def _password(actor: Actor, box: ui.dialog) -> None:
    async def send(values: Values) -> None:
        await ask(actor, sign_ins.prove, values["password"])
        box.submit(True)  # noqa: FBT003  # NiceGUI's way

    ui.label(_("Confirm with your password before you go on.")).classes("dialog-text")
    with Form(send, label=_("Confirm"), testid="proof") as form:
        form.text("password", _("Password"), kind="password", autocomplete="current-password")


def _link(actor: Actor, box: ui.dialog) -> None:
    """Offer a first password to somebody who signs in by a provider only."""

    @action
    async def send() -> None:
        await call(actor, password_changes.ask_own)
        feedback.toast(_("The link is on its way."))
        box.submit(False)  # noqa: FBT003  # NiceGUI's way

    text = _("This needs a password, and you have none yet: set one, then sign in with it.")
    ui.label(text).classes("dialog-text")
    with ui.element("div").classes("dialog-actions"):
        button(
            _("Mail me a link to set a password"), send, look="primary", testid="proof-mail-link"
        )

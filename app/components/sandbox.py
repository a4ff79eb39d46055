"""Trying the product out: a sandbox number at one click, and the customer's phone beside it."""

from nicegui import ui

from app.actor import Permission
from app.components import feedback
from app.components.button import button, link_button
from app.components.call import action, ask
from app.config import settings
from app.i18n import gettext as _
from app.services import sandbox_numbers
from app.services.sessions import SessionView


def connect_button(session: SessionView) -> None:
    """Draw the button that connects a sandbox number, for those who may, where there is one."""
    if not settings().has_sandbox or not session.actor.may(Permission.NUMBER_CONNECT):
        return

    @action
    async def connect() -> None:
        await ask(session.actor, sandbox_numbers.connect, session.workspace_name)
        feedback.toast(_("The sandbox number is connected."))
        ui.navigate.to("/phone-numbers")

    button(_("Connect a sandbox number"), connect, look="primary", testid="connect-sandbox")


def phone_link() -> None:
    """Draw the link to the customer's phone."""
    if settings().has_sandbox:
        link_button(
            _("Open the customer's phone"),
            "/sandbox/phone",
            testid="open-sandbox-phone",
            icon="smartphone",
            new_tab=True,
        )

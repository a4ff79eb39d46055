"""Secrets that are shown once: recovery codes and API keys, with a button that copies them."""

from collections.abc import Sequence

from nicegui import ui

from app.components.button import button, mark
from app.components.dialog import answer, dialog
from app.i18n import gettext as _


async def show_codes(codes: Sequence[str]) -> None:
    """Show recovery codes until the person has kept them."""
    await _show(
        _("Keep these codes"),
        _("Each opens your account once when your phone is not at hand. They are shown only now."),
        "\n".join(codes),
        testid="recovery-codes",
    )


async def show_key(secret: str) -> None:
    """Show an API key until the person has kept it."""
    await _show(
        _("Copy the key"),
        _("It is shown only now. Keep it where you keep passwords."),
        secret,
        testid="new-api-key",
    )


async def _show(title: str, text: str, secret: str, *, testid: str) -> None:
    with dialog(title, is_persistent=True) as box:
        ui.label(text).classes("dialog-text")
        mark(ui.label(secret).classes("secret"), testid)
        with ui.element("div").classes("dialog-actions"):
            button(_("Copy"), lambda: ui.clipboard.write(secret), testid=f"{testid}-copy")
            button(_("I have saved it"), box.close, look="primary", testid=f"{testid}-kept")
    await answer(box)

"""The state of a phone number, as badges."""

from nicegui import ui

from app.i18n import gettext as _
from app.models.enums import PhoneNumberStatus
from app.services.phone_numbers import PhoneNumberView

BADGES = {
    PhoneNumberStatus.VERIFIED: "badge-ok",
    PhoneNumberStatus.PENDING: "badge-warn",
    PhoneNumberStatus.FAILED: "badge-danger",
}


def status_badges(number: PhoneNumberView, *, with_sandbox: bool = True) -> None:
    """Draw what a number is and whether it works."""
    with ui.element("div").classes("hstack gap-2 no-shrink"):
        ui.label(_status(number.status)).classes(f"badge {BADGES[number.status]}")
        if with_sandbox and number.is_sandbox:
            ui.label(_("Sandbox")).classes("badge badge-info")


def _status(status: PhoneNumberStatus) -> str:
    match status:
        case PhoneNumberStatus.VERIFIED:
            return _("Connected")
        case PhoneNumberStatus.PENDING:
            return _("Waiting for verification")
        case PhoneNumberStatus.FAILED:
            return _("Not connected")

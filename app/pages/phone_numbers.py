"""The workspace's numbers, and a sandbox number at one click."""

from nicegui import background_tasks, ui

from app.components import feedback
from app.components.button import mark
from app.components.call import action, call
from app.components.icon import icon
from app.components.sandbox import connect_button, phone_link
from app.components.shell import page_bar
from app.i18n import gettext as _
from app.models.enums import PhoneNumberStatus
from app.services import phone_numbers
from app.services.phone_numbers import PhoneNumberView
from app.services.sessions import SessionView

BADGES = {
    PhoneNumberStatus.VERIFIED: "badge-ok",
    PhoneNumberStatus.PENDING: "badge-warn",
    PhoneNumberStatus.FAILED: "badge-danger",
}


def build(session: SessionView) -> None:
    """Compose the page."""
    ui.page_title(_("Phone numbers"))
    actions = page_bar(_("Phone numbers"))
    page = ui.element("div").classes("page")
    background_tasks.create(_load(session, actions, page), name="phone numbers", context=page)


@action
async def _load(session: SessionView, actions: ui.element, page: ui.element) -> None:
    numbers = await call(session.actor, phone_numbers.list_all)
    if page.is_deleted:
        return
    if not numbers:
        with (
            page,
            feedback.empty_state(
                "phone",
                _("No phone number yet"),
                _("A sandbox number works at once, without any account, to try things out."),
            ),
        ):
            connect_button(session)
        return
    with actions:
        phone_link()
        connect_button(session)
    with page, ui.element("div").classes("cards"):
        for number in numbers:
            _card(number)


def _card(number: PhoneNumberView) -> None:
    with mark(ui.element("section").classes("card"), f"phone-number-{number.id}"):
        with ui.element("header").classes("card-head"):
            with ui.element("h2").classes("card-title"):
                ui.label(number.display_name or number.pretty)
            if number.display_name:
                with ui.element("p").classes("card-sub tnum"):
                    ui.label(number.pretty)
        with ui.element("div").classes("hstack gap-2"):
            ui.label(_status(number.status)).classes(f"badge {BADGES[number.status]}")
            if number.is_sandbox:
                ui.label(_("Sandbox")).classes("badge badge-info")
        if number.status_reason:
            with ui.element("p").classes("hint"):
                icon("info")
                ui.label(number.status_reason)


def _status(status: PhoneNumberStatus) -> str:
    match status:
        case PhoneNumberStatus.VERIFIED:
            return _("Connected")
        case PhoneNumberStatus.PENDING:
            return _("Waiting for verification")
        case PhoneNumberStatus.FAILED:
            return _("Not connected")

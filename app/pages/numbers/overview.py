"""The workspace's numbers with what is known of each, and a sandbox number at one click."""

import asyncio

from nicegui import ui

from app.actor import Permission
from app.components import feedback
from app.components.button import link_button, mark
from app.components.call import action, call
from app.components.icon import icon
from app.components.moment import Moment
from app.components.number_status import status_badges
from app.components.reload import Reload
from app.components.sandbox import connect_button, phone_link
from app.components.shell import page_bar
from app.config import settings
from app.i18n import gettext as _
from app.services import conversations, phone_numbers, plans
from app.services.conversations import NumberActivity
from app.services.phone_numbers import PhoneNumberView
from app.services.registration import Step, next_step
from app.services.sessions import SessionView


def build(session: SessionView) -> None:
    """Compose the page."""
    PhoneNumbers(session)


class PhoneNumbers:
    """One page load; what goes on at the numbers is live."""

    def __init__(self, session: SessionView) -> None:
        self._session = session
        self._may_connect = session.actor.may(Permission.NUMBER_CONNECT)
        ui.page_title(_("Phone numbers"))
        self._actions = page_bar(_("Phone numbers"))
        self._page = ui.element("div").classes("page page-stack").props("role=region tabindex=0")
        self._page.props["aria-label"] = _("Phone numbers")  # it scrolls, so keys must reach it
        Reload(session, self._page, self._load)

    @action
    async def _load(self) -> None:
        actor = self._session.actor
        numbers, activity, limit = await asyncio.gather(
            call(actor, phone_numbers.list_all),
            call(actor, conversations.activity_by_number),
            call(actor, plans.number_limit),
        )
        if self._page.is_deleted:
            return
        self._page.clear()
        if not numbers:
            with self._page:
                self._nothing()
            return
        if not self._actions.default_slot.children:
            with self._actions:
                phone_link()
                self._connect_link()
        with self._page:
            for number in numbers:
                self._card(number, activity.get(number.id, NumberActivity()))
            _plan_use(len(numbers), limit)

    def _nothing(self) -> None:
        with (
            feedback.empty_state(
                "phone",
                _("No phone number yet"),
                _("A sandbox number works at once, without any account, to try things out."),
            ),
            ui.element("div").classes("hstack gap-2"),
        ):
            connect_button(self._session)
            self._connect_link()

    def _connect_link(self) -> None:
        if self._may_connect:
            link_button(
                _("Connect a number"), "/phone-numbers/connect", testid="connect-number",
                icon="plus",
            )  # fmt: skip

    def _card(self, number: PhoneNumberView, activity: NumberActivity) -> None:
        with mark(ui.element("section").classes("card"), f"phone-number-{number.id}"):
            with ui.element("header").classes("number-head"):
                with ui.element("span").classes("tile"):
                    icon("smartphone" if number.is_sandbox else "phone")
                with ui.element("div").classes("grow"):
                    with ui.element("h2").classes("card-title truncate"):
                        link = mark(ui.element("a"), f"open-number-{number.id}")
                        link.props["href"] = f"/phone-numbers/{number.id}"
                        with link:
                            ui.label(number.display_name or number.pretty)
                    if number.display_name:
                        with ui.element("p").classes("card-sub tnum"):
                            ui.label(number.pretty)
                status_badges(number)
                if self._may_connect and next_step(number) is not Step.DONE:
                    link_button(
                        _("Go on"), f"/phone-numbers/connect?number={number.id}",
                        testid=f"go-on-{number.id}",
                    )  # fmt: skip
            if number.status_reason:
                with ui.element("p").classes("hint mt-3"):
                    ui.label(number.status_reason)
            with ui.element("dl").classes("fact-strip"):
                self._facts(number, activity)

    def _facts(self, number: PhoneNumberView, activity: NumberActivity) -> None:
        _fact(_("Conversations"), f"{activity.conversations:,}")
        _fact(_("Messages to read"), f"{activity.unread_messages:,}")
        _fact(_("Can be answered now"), f"{activity.open_windows:,}")
        with _fact(_("Newest message"), "" if activity.last_message_at else _("None yet")):
            if activity.last_message_at is not None:
                Moment(self._session, activity.last_message_at)
        if number.verified_at is not None:
            with _fact(_("Connected since")):
                Moment(self._session, number.verified_at)
        for label, value in (
            (_("Quality"), number.quality_rating),
            (_("Sending limit"), number.messaging_limit),
            (_("Review of the name"), number.name_status),
        ):
            if value:
                _fact(label, value.replace("_", " ").capitalize())
        if number.webhook_path and not number.is_sandbox:
            with _fact(_("Webhook address")):
                ui.label(settings().public_url + number.webhook_path).classes("code break")


def _fact(label: str, value: str = "") -> ui.element:
    """Draw a label and its value; more of the value goes inside the block."""
    with ui.element("div").classes("fact"):
        with ui.element("dt"):
            ui.label(label)
        with ui.element("dd") as place:
            if value:
                ui.label(value)
    return place


def _plan_use(used: int, limit: int) -> None:
    with ui.element("section").classes("card"):
        with ui.element("h2").classes("meter-row"):
            ui.label(_("Numbers in your plan"))
            ui.label(_("{used} of {limit}").format(used=f"{used:,}", limit=f"{limit:,}"))
        meter = ui.element("progress").classes("meter")
        if used >= limit:
            meter.classes("is-high")
        meter.props["aria-label"] = _("Numbers in your plan")
        meter.props["max"], meter.props["value"] = str(max(1, limit)), str(used)

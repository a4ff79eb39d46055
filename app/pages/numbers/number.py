"""One number: how it is at Meta, its name and switches, its token, and letting go of it."""

import asyncio
import datetime as dt
from uuid import UUID

from nicegui import background_tasks, ui

from app.actor import Permission
from app.clock import utc_now
from app.components import feedback
from app.components.button import button, link_button
from app.components.call import action, ask, call
from app.components.forms import Form, Values, confirm
from app.components.number_health import health_list
from app.components.number_status import status_badges
from app.components.settings_frame import section
from app.components.shell import page_bar
from app.components.when import ago
from app.i18n import gettext as _
from app.services import number_health, own_accounts, phone_numbers
from app.services.number_health import HealthView
from app.services.phone_numbers import PhoneNumberView
from app.services.registration import Step, next_step
from app.services.sessions import SessionView

FRESH = dt.timedelta(minutes=10)


def build(session: SessionView, number_id: UUID) -> None:
    """Compose the page."""
    Number(session, number_id)


class Number:
    """The cards of one number, drawn anew after each change."""

    def __init__(self, session: SessionView, number_id: UUID) -> None:
        self._actor = session.actor
        self._id = number_id
        self._may_change = session.actor.may(Permission.NUMBER_CONNECT)
        ui.page_title(_("Phone number"))
        with page_bar(_("Phone number")):
            link_button(
                _("All numbers"), "/phone-numbers", testid="all-numbers", icon="chevron-left"
            )
        self._page = ui.element("div").classes("page page-stack page-narrow")
        background_tasks.create(self._begin(), name="number", context=self._page)

    @action
    async def _begin(self) -> None:
        await self._load()
        health = await call(self._actor, number_health.get, self._id)
        is_old = health.checked_at is None or utc_now() - health.checked_at > FRESH
        if is_old and self._may_change and health.account_id is not None:
            await self._check()

    async def _load(self) -> None:
        number, health = await asyncio.gather(
            call(self._actor, phone_numbers.get, self._id),
            call(self._actor, number_health.get, self._id),
        )
        if self._page.is_deleted:
            return
        self._page.clear()
        with self._page:
            with ui.element("div") as self._box:
                self._health(number, health)
            if self._may_change:
                self._switches(number, health)
                if not health.is_sandbox and health.account_id is not None:
                    self._token(health.account_id)
                self._disconnect_card(number)

    def _health(self, number: PhoneNumberView, health: HealthView) -> None:
        with section(number.display_name or number.pretty, number.pretty):
            with ui.element("div").classes("hstack gap-2"):
                status_badges(number)
                if health.checked_at is not None:
                    words = _("checked {ago}").format(ago=ago(health.checked_at))
                    ui.label(words).classes("entry-sub")
            health_list(health)
            if not self._may_change:
                return
            with ui.element("div").classes("form-actions"):
                if next_step(number) is not Step.DONE:
                    link_button(
                        _("Go on connecting"), f"/phone-numbers/connect?number={number.id}",
                        look="primary", testid="number-go-on",
                    )  # fmt: skip
                button(_("Check now"), self._check_now, testid="number-check")
                if health.is_subscribed is False:
                    button(_("Subscribe again"), self._subscribe, testid="number-subscribe")

    @action
    async def _check_now(self) -> None:
        await self._check()

    async def _check(self) -> None:
        """Ask Meta; only the health is drawn anew, so that nothing is lost that somebody writes."""
        health = await ask(self._actor, number_health.check, self._id)
        number = await call(self._actor, phone_numbers.get, self._id)
        if self._box.is_deleted:
            return
        self._box.clear()
        with self._box:
            self._health(number, health)

    @action
    async def _subscribe(self) -> None:
        await ask(self._actor, own_accounts.retry, self._id)
        await self._check()

    def _switches(self, number: PhoneNumberView, health: HealthView) -> None:
        async def send(values: Values) -> None:
            ticked = values["shows"]
            await call(
                self._actor, phone_numbers.rename, self._id, display_name=values["display_name"]
            )
            await call(
                self._actor,
                number_health.switch,
                self._id,
                sends_read_receipts="read" in ticked,
                sends_typing="typing" in ticked,
            )
            feedback.toast(_("Saved."))
            await self._load()

        with (
            section(_("Name and signals")),
            Form(send, label=_("Save"), testid="number") as form,
        ):
            form.text(
                "display_name", _("Name in this workspace"), value=number.display_name or "",
                maxlength=100, hint=_("Only your team sees it; Meta's display name stays."),
            )  # fmt: skip
            on = {"read": health.sends_read_receipts, "typing": health.sends_typing}
            form.checks(
                "shows",
                _("What customers see"),
                {
                    "read": _("Blue ticks when somebody here has read their message"),
                    "typing": _("That somebody here is typing (with blue ticks only)"),
                },
                ticked={name for name, is_on in on.items() if is_on},
            )

    def _token(self, account_id: UUID) -> None:
        async def send(values: Values) -> None:
            await ask(
                self._actor,
                own_accounts.replace_token,
                account_id,
                access_token=values["access_token"],
                app_secret=values["app_secret"],
            )
            feedback.toast(_("The new token is in use."))
            await self._check()

        with (
            section(
                _("Access token"),
                _("The old one is used until Meta has taken the new one. Neither is shown again."),
            ),
            Form(send, label=_("Replace"), testid="token", keeps_errors=True) as form,
        ):
            form.text("access_token", _("New access token"), kind="password", maxlength=1000)
            form.text(
                "app_secret", _("New app secret"), kind="password", maxlength=200,
                hint=_("Only if it has changed."),
            )  # fmt: skip

    def _disconnect_card(self, number: PhoneNumberView) -> None:
        with section(
            _("Disconnect"),
            _("It no longer sends or receives here. Its conversations stay."),
        ):
            button(
                _("Disconnect this number"), lambda: self._disconnect(number), look="danger",
                testid="number-disconnect",
            )  # fmt: skip

    @action
    async def _disconnect(self, number: PhoneNumberView) -> None:
        with self._page:
            is_sure = await confirm(
                _("Disconnect {number}?").format(number=number.pretty),
                _("Other numbers of the same account go on as before."),
                label=_("Disconnect"),
                testid="number-disconnect",
            )
        if is_sure:
            await call(self._actor, phone_numbers.disconnect, self._id)
            ui.navigate.to("/phone-numbers")

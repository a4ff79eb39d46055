"""Connecting a number, step by step: the way can be left at any step and taken up again.

What was done stands in the number's row; `?number=` names it, and the page goes on from there.
"""

from collections.abc import Awaitable, Callable
from uuid import UUID

from nicegui import background_tasks, ui

from app.components.button import link_button, mark
from app.components.call import action, call
from app.components.icon import icon
from app.components.number_status import status_badges
from app.components.sandbox import connect_button, phone_link
from app.components.shell import page_bar
from app.components.steps import steps
from app.config import settings
from app.errors import NotFound
from app.i18n import gettext as _
from app.pages.numbers import forms
from app.services import phone_numbers, registration, whatsapp_accounts
from app.services.own_accounts import FoundAccount, OwnAccount
from app.services.phone_numbers import PhoneNumberView
from app.services.registration import Step
from app.services.sessions import SessionView

HOW, NUMBER, CODE, REGISTER, DONE = range(5)
PLACES = {
    Step.ASK: CODE,
    Step.CODE: CODE,
    Step.REGISTER: REGISTER,
    Step.SUBSCRIBE: REGISTER,
    Step.DONE: DONE,
}


def build(session: SessionView, number_id: UUID | None) -> None:
    """Compose the page; with a number, at the step that it has come to."""
    Connect(session, number_id)


class Connect:
    """One page load; each step is drawn in place of the one before."""

    def __init__(self, session: SessionView, number_id: UUID | None) -> None:
        self._session, self._actor = session, session.actor
        ui.page_title(_("Connect a number"))
        page_bar(_("Connect a number"))
        self._page = ui.element("div").classes("page wizard")
        background_tasks.create(self._begin(number_id), name="connect", context=self._page)

    @action
    async def _begin(self, number_id: UUID | None) -> None:
        try:
            if number_id is not None:
                await self._go_on(await call(self._actor, phone_numbers.get, number_id))
                return
        except NotFound:
            pass  # it was disconnected; a new way begins
        await self._choose()

    @action
    async def _choose(self) -> None:
        has_account = bool(await call(self._actor, whatsapp_accounts.list_all))
        with self._card(HOW, _("How do you want to connect?")):
            if not self._session.is_verified:
                _confirm_first()
            with ui.element("div").classes("choices") as ways:
                ways.set_visibility(self._session.is_verified)
                _choice(
                    "connect-own", "key", _("A number that is at WhatsApp already"),
                    _("Bring the access token of your own app at Meta, then choose the numbers."),
                    self._bring,
                )  # fmt: skip
                _choice(
                    "connect-new", "phone", _("A new number"),
                    _("Add it to your WhatsApp account and prove it by a code.")
                    if has_account
                    else _("First bring your WhatsApp account; then add numbers to it."),
                    self._add if has_account else self._bring,
                )  # fmt: skip
            if settings().has_sandbox:
                with ui.element("div").classes("card-foot"):
                    ui.label(_("Only want to look around?")).classes("muted")
                    connect_button(self._session)

    async def _bring(self) -> None:
        with self._card(NUMBER, _("Your WhatsApp account")):
            forms.account_form(self._actor, self._found)

    def _found(self, account: OwnAccount, found: FoundAccount) -> None:
        with self._card(NUMBER, _("Which numbers do you want to use here?")):
            forms.choose_form(self._actor, account, found, self._brought)

    async def _brought(self, numbers: list[PhoneNumberView]) -> None:
        unfinished = [one for one in numbers if registration.next_step(one) is not Step.DONE]
        if numbers:
            await self._go_on((unfinished or numbers)[0])
        else:
            await self._add()

    async def _add(self) -> None:
        with self._card(NUMBER, _("Which number?")):
            forms.add_form(self._actor, self._go_on)

    async def _go_on(self, number: PhoneNumberView) -> None:
        """Draw the step that a number has come to, and keep the number in the address."""
        if self._page.is_deleted:
            return
        ui.navigate.history.replace(f"/phone-numbers/connect?number={number.id}")
        step = registration.next_step(number)
        with self._card(PLACES[step], _title(step, number), number):
            match step:
                case Step.ASK:
                    forms.ask_form(self._actor, number, self._go_on)
                case Step.CODE:
                    forms.code_form(self._actor, number, self._go_on)
                    forms.ask_form(self._actor, number, self._go_on)
                case Step.REGISTER:
                    forms.register_form(self._actor, number, self._go_on)
                case Step.SUBSCRIBE:
                    forms.subscribe_button(self._actor, number, self._go_on)
                case Step.DONE:
                    _done(number)

    def _card(self, place: int, title: str, number: PhoneNumberView | None = None) -> ui.element:
        """Begin a step: the way so far at the left, a card at the right that is returned open."""
        self._page.clear()
        with self._page:
            steps([_("How"), _("Number"), _("Code"), _("Registration"), _("Ready")], place)
            with ui.element("section").classes("card") as card:
                with ui.element("header").classes("card-head hstack"):
                    with ui.element("h2").classes("card-title grow"):
                        ui.label(title)
                    if number is not None:
                        status_badges(number)
                if number is not None and number.status_reason:
                    reason = mark(ui.label(number.status_reason).classes("callout"), "reason")
                    reason.props["role"] = "alert"
        return card


def _title(step: Step, number: PhoneNumberView) -> str:
    match step:
        case Step.ASK | Step.CODE:
            return _("Prove that {number} is yours").format(number=number.pretty)
        case Step.REGISTER:
            return _("Register {number} with WhatsApp").format(number=number.pretty)
        case Step.SUBSCRIBE:
            return _("Have the messages of {number} sent here").format(number=number.pretty)
        case Step.DONE:
            return _("{number} is ready").format(number=number.pretty)


def _choice(
    testid: str, icon_name: str, title: str, text: str, go: Callable[[], Awaitable[None]]
) -> None:
    with mark(ui.element("button").classes("choice"), testid) as choice:
        choice.props["type"] = "button"
        choice.on("click", action(go))
        with ui.element("span").classes("tile"):
            icon(icon_name)
        with ui.element("span").classes("grow"):
            ui.label(title).classes("entry-title")
            ui.label(text).classes("entry-sub")
        icon("chevron-right")


def _done(number: PhoneNumberView) -> None:
    with ui.element("ul").classes("done-list"):
        for words in (
            _("WhatsApp knows the number."),
            _("Messages to it arrive here."),
            _("It can send."),
        ):
            with ui.element("li").classes("hstack gap-2"):
                icon("check")
                ui.label(words)
    ui.label(
        _("Try it: write a WhatsApp message to {number} from your own phone.").format(
            number=number.pretty
        )
    ).classes("hint mt-3")
    with ui.element("div").classes("form-actions mt-3"):
        link_button(_("Open the inbox"), "/messages", look="primary", testid="connect-inbox")
        if number.is_sandbox:
            phone_link()
        link_button(_("All numbers"), "/phone-numbers", testid="connect-all")


def _confirm_first() -> None:
    """Say what comes before connecting a number of one's own."""
    ui.label(_("Confirm your e-mail address first: a number belongs to somebody we can write to."))
    link = link_button(_("Confirm my address"), "/verify-email", testid="connect-verify")
    link.props["data-leave"] = True

"""The forms on a number's way: each does one step and hands on what came of it."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from nicegui import ui

from app.actor import Actor
from app.components.button import button
from app.components.call import action, ask, call
from app.components.forms import Form, Values
from app.components.sandbox import phone_link
from app.config import settings
from app.i18n import gettext as _
from app.services import own_accounts, phone_numbers, registration
from app.services.own_accounts import FoundAccount, FoundNumber, OwnAccount
from app.services.phone_numbers import PhoneNumberView
from app.services.phone_text import pretty
from app.services.registration import CodeMethod

RESEND_S = 60.0
# The languages in which Meta speaks a code; the names are the languages' own.
LANGUAGES = {
    "en_US": "English", "de_DE": "Deutsch", "es_ES": "Español", "fr_FR": "Français",
    "id_ID": "Bahasa Indonesia", "it_IT": "Italiano", "nl_NL": "Nederlands", "pl_PL": "Polski",
    "pt_BR": "Português (Brasil)", "tr_TR": "Türkçe", "hi_IN": "हिन्दी", "ar_AR": "العربية",
}  # fmt: skip

T = TypeVar("T")
Next = Callable[[T], Awaitable[None]]


def account_form(actor: Actor, go_on: Callable[[OwnAccount, FoundAccount], None]) -> None:
    """Ask for an account's id, token and secret, and look it up at Meta."""

    async def send(values: Values) -> None:
        account = OwnAccount(
            waba_id=values["waba_id"],
            access_token=values["access_token"],
            app_secret=values["app_secret"],
        )
        go_on(account, await ask(actor, own_accounts.look_up, account))

    with Form(send, label=_("Look it up"), testid="account", keeps_errors=True) as form:
        form.text(
            "waba_id", _("WhatsApp Business account id"), maxlength=64,
            hint=_("In the WhatsApp Manager under Settings; digits only."),
        )  # fmt: skip
        form.text(
            "access_token", _("Access token"), kind="password", maxlength=1000,
            hint=_("Of a system user, with whatsapp_business_management and …_messaging."),
        )  # fmt: skip
        form.text(
            "app_secret", _("App secret"), kind="password", maxlength=200,
            hint=_("In your app's basic settings. By it we know that a message comes from Meta."),
        )  # fmt: skip


def choose_form(
    actor: Actor, account: OwnAccount, found: FoundAccount, go_on: Next[list[PhoneNumberView]]
) -> None:
    """Let somebody choose which of an account's numbers to use here."""

    async def send(values: Values) -> None:
        chosen = values.get("numbers", [])
        await go_on(await ask(actor, own_accounts.connect, account, chosen))

    ends = found.token_expires_at
    with Form(send, label=_("Connect"), testid="choose", keeps_errors=True) as form:
        if found.numbers:
            options = {one.meta_id: _number_line(one) for one in found.numbers}
            first = {found.numbers[0].meta_id} if len(found.numbers) == 1 else set()
            form.checks("numbers", _("Numbers of this account"), options, ticked=first)
        else:
            ui.label(_("This account has no number yet. You add one in the next step."))
        if ends is not None:
            ui.label(
                _("The token ends on {day}. Replace it before, or take one that lasts.").format(
                    day=f"{ends:%Y-%m-%d}"
                )
            ).classes("hint")


def add_form(actor: Actor, go_on: Next[PhoneNumberView]) -> None:
    """Ask for a new number and the name that customers see."""

    async def send(values: Values) -> None:
        await go_on(
            await call(
                actor,
                phone_numbers.add,
                phone_number=values["phone_number"],
                display_name=values["display_name"],
            )
        )

    with Form(send, label=_("Go on"), testid="add-number", keeps_errors=True) as form:
        form.text(
            "phone_number", _("Phone number"), kind="tel", maxlength=30,
            hint=_("With + and country code. It must not be in use in a WhatsApp app."),
        )  # fmt: skip
        form.text(
            "display_name", _("Display name"), maxlength=75,
            hint=_("Your business as customers know it; WhatsApp reviews it. No web address."),
        )  # fmt: skip


def ask_form(actor: Actor, number: PhoneNumberView, go_on: Next[PhoneNumberView]) -> None:
    """Ask for a code by SMS or by a call; once more only after a minute."""

    async def send(values: Values) -> None:
        await go_on(
            await ask(
                actor,
                registration.request_code,
                number.id,
                method=CodeMethod(values["method"]),
                language=values["language"],
            )
        )

    is_again = number.code_asked_at is not None
    label = _("Send another code") if is_again else _("Send the code")
    with Form(send, label=label, testid="ask-code", keeps_errors=True) as form:
        methods = {CodeMethod.SMS.value: _("By SMS"), CodeMethod.VOICE.value: _("By a call")}
        form.choice("method", _("How"), methods, value=CodeMethod.SMS.value)
        form.choice("language", _("Language of the message"), LANGUAGES, value="en_US")
    if is_again:
        form.send_button.disable()
        ui.timer(RESEND_S, form.send_button.enable, once=True)


def code_form(actor: Actor, number: PhoneNumberView, go_on: Next[PhoneNumberView]) -> None:
    """Ask for the code that arrived."""

    async def send(values: Values) -> None:
        await go_on(await ask(actor, registration.verify_code, number.id, code=values["code"]))

    if number.is_sandbox and settings().has_sandbox:
        with ui.element("div").classes("card-note"):
            ui.label(_("In the sandbox the code is shown on the customer's phone.")).classes(
                "muted"
            )
            phone_link()
    with Form(send, label=_("Verify"), testid="code", keeps_errors=True) as form:
        form.text(
            "code", _("Code"), autocomplete="one-time-code", maxlength=12,
            hint=_("Six digits. They count for ten minutes."),
        )  # fmt: skip


def register_form(actor: Actor, number: PhoneNumberView, go_on: Next[PhoneNumberView]) -> None:
    """Register a proven number, with the PIN of two-step verification."""

    async def send(values: Values) -> None:
        pin = values["pin"].strip() or None
        await go_on(await ask(actor, registration.register, number.id, pin=pin))

    with Form(send, label=_("Register"), testid="register", keeps_errors=True) as form:
        form.text(
            "pin", _("PIN, if the number has one"), maxlength=6, autocomplete="off",
            hint=_("Six digits. Without one we choose one and keep it, encrypted."),
        )  # fmt: skip


def subscribe_button(actor: Actor, number: PhoneNumberView, go_on: Next[PhoneNumberView]) -> None:
    """Try once more to have a number's messages sent here."""

    @action
    async def retry() -> None:
        await go_on(await ask(actor, own_accounts.retry, number.id))

    ui.label(
        _("WhatsApp must reach {url} from the internet, by https.").format(
            url=settings().public_url
        )
    ).classes("hint")
    button(_("Try again"), retry, look="primary", testid="subscribe-again")


def _number_line(number: FoundNumber) -> str:
    parts = [pretty(number.phone_number), number.verified_name or ""]
    if not number.is_registered:
        parts.append(_("not registered yet"))
    return " · ".join(part for part in parts if part)

"""The forms in which one makes a place, a contact card, buttons, a list or a link."""

from collections.abc import Awaitable, Callable

from app.components.dialog import dialog
from app.components.forms import Form, Values
from app.i18n import gettext as _
from app.services.composed import MAKERS
from app.services.sending import Written


def open_form(kind: str, send: Callable[[Written], Awaitable[None]]) -> None:
    """Open the form for a kind of message; what is made in it is sent once, and the form closes.

    Must be called where the dialog may be drawn. An unknown kind opens nothing.
    """
    if kind not in MAKERS:
        return

    async def make(values: Values) -> None:
        await send(MAKERS[kind](values))
        box.close()

    with (
        dialog(title_of(kind)) as box,
        Form(make, label=_("Send"), testid="compose", on_cancel=box.close) as form,
    ):
        _FIELDS[kind](form)
    box.on("hide", box.delete)
    box.open()


def title_of(kind: str) -> str:
    """Return what a form is called, in the menu and above it."""
    return {
        "place": _("Location"),
        "person": _("Contact card"),
        "buttons": _("Buttons"),
        "choices": _("List"),
        "link": _("Link button"),
    }[kind]


def _place(form: Form) -> None:
    form.text("point", _("Latitude, longitude"), hint=_("As maps show it: 52.520008, 13.404954"))
    form.text("name", _("Name"), maxlength=200)
    form.text("address", _("Address"), maxlength=400)


def _person(form: Form) -> None:
    form.text("name", _("Name"), maxlength=120)
    form.text("phone", _("Phone number"), hint=_("With the country code: +44 7700 900123"))
    form.text("email", _("E-mail address"), maxlength=254)
    form.text("company", _("Company"), maxlength=120)


def _buttons(form: Form) -> None:
    form.area("text", _("Message"), maxlength=1024)
    for name, label in (
        ("first", _("First button")), ("second", _("Second button")), ("third", _("Third button")),
    ):  # fmt: skip
        form.text(name, label, maxlength=20)
    form.text("footer", _("Small line below"), maxlength=60)


def _choices(form: Form) -> None:
    form.area("text", _("Message"), maxlength=1024)
    form.text("button", _("Button that opens the list"), maxlength=20)
    form.area(
        "rows",
        _("Choices"),
        hint=_("One a line, at most ten. After a colon comes what explains it."),
        maxlength=1200,
    )
    form.text("footer", _("Small line below"), maxlength=60)


def _link(form: Form) -> None:
    form.area("text", _("Message"), maxlength=1024)
    form.text("label", _("On the button"), maxlength=20)
    form.text("url", _("Web address"), kind="url", maxlength=2000)
    form.text("footer", _("Small line below"), maxlength=60)


_FIELDS: dict[str, Callable[[Form], None]] = {
    "place": _place,
    "person": _person,
    "buttons": _buttons,
    "choices": _choices,
    "link": _link,
}

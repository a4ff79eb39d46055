"""Choosing a template for a customer, filling it, and seeing it as they will."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

from nicegui import ui

from app.components import feedback, forms
from app.components.button import button, link_button, mark
from app.components.dialog import dialog
from app.components.file_field import FileField
from app.components.forms import Field, Form
from app.components.icon import icon
from app.components.template_preview import template_preview
from app.i18n import gettext as _
from app.services.templates import fill
from app.services.templates.drafts import TemplateView
from app.services.templates.fill import MAX_VALUE, Values
from app.services.templates.shape import SAMPLES, Shape
from app.services.templates.words import category_name

MANY = 6  # from here on one searches
MOST_CHIPS = 6
OnSend = Callable[[TemplateView, Values], Awaitable[None]]


class TemplatePicker:
    """A dialog in two steps: which template, then what goes into it."""

    def __init__(
        self, views: Sequence[TemplateView], known: Mapping[str, str], on_send: OnSend
    ) -> None:
        self._views = views
        self._known = known
        self._on_send = on_send
        with dialog(_("Send a template"), is_wide=True) as self._dialog:
            self._body = ui.element("div").classes("picker-body")
        self._dialog.on("hide", self._dialog.delete)
        self._list()
        self._dialog.open()

    def _list(self, search: str = "") -> None:
        self._body.clear()
        with self._body:
            if not self._views:
                self._nothing()
                return
            ui.label(_("Approved by WhatsApp, it also reaches customers after 24 hours.")).classes(
                "dialog-text"
            )
            if len(self._views) > MANY:
                field = ui.input(value=search, placeholder=_("Search templates"))
                field.props("outlined dense debounce=150 clearable")
                field.props["aria-label"] = _("Search templates")
                mark(field, "picker-search").on_value_change(lambda event: self._draw(event.value))
            self._choices = ui.element("div").classes("choices picker-choices")
            with ui.element("div").classes("dialog-actions"):
                button(_("Cancel"), self._dialog.close, testid="picker-cancel")
        self._draw(search)

    def _draw(self, search: str | None) -> None:
        words = (search or "").casefold().split()
        found = [one for one in self._views if all(word in _text_of(one) for word in words)]
        self._choices.clear()
        with self._choices:
            for one in found:
                self._choice(one)
            if not found:
                ui.label(_("No template has these words.")).classes("muted")

    def _choice(self, one: TemplateView) -> None:
        with mark(ui.element("button").classes("choice"), f"pick-{one.name}") as choice:
            choice.props["type"] = "button"
            choice.on("click", partial(self._fill, one))
            with ui.element("span").classes("grow"):
                with ui.element("span").classes("picker-name"):
                    ui.label(one.name).classes("entry-title")
                    ui.label(f"{category_name(one.category)} · {one.language}").classes("entry-sub")
                ui.label(one.shape.body).classes("picker-text")
            icon("chevron-right")

    def _nothing(self) -> None:
        with feedback.empty_state(
            "layout-template",
            _("No approved template yet"),
            _("Write one, have WhatsApp approve it, and it can be sent from here."),
        ):
            link_button(_("Go to templates"), "/templates", look="primary", testid="to-templates")

    def _fill(self, one: TemplateView) -> None:
        self._body.clear()
        with self._body:
            ui.label(one.name).classes("picker-name")
            with ui.element("div").classes("picker-fill"):
                Filling(one.shape, self._known, back=self._list, send=partial(self._send, one))

    async def _send(self, one: TemplateView, values: Values) -> None:
        await self._on_send(one, values)
        self._dialog.close()


class Filling:
    """The variables of one template at the left, the message that they make at the right."""

    def __init__(
        self,
        shape: Shape,
        known: Mapping[str, str],
        *,
        back: Callable[[], None],
        send: Callable[[Values], Awaitable[None]],
    ) -> None:
        self._shape = shape
        self._known = known
        self._send = send
        self._fields: dict[str, Field | FileField] = {}
        names = fill.wanted(shape)
        with Form(self._submit, label=_("Send"), testid="template", keeps_errors=True) as form:
            if not names:
                ui.label(_("Nothing to fill in: it goes as it stands.")).classes("muted")
            for name in names:
                self._add(form, name)
        with ui.element("div").classes("picker-side"):
            self._preview = ui.element("div")
            button(_("Another template"), back, look="ghost", testid="picker-back")
        self._show()

    def _add(self, form: Form, name: str) -> None:
        part, _dot, variable = name.partition(".")
        if part == "media":
            types = ",".join(sorted(SAMPLES[self._shape.header]))
            sample = self._shape.media if self._shape.sample_id else ""
            label = _label(self._shape, name)
            self._fields[name] = form.file(
                name, label, accept=types, on_change=self._show, value=sample
            )
            return
        value = self._known.get(variable, "") if part in {"body", "header"} else ""
        hint = _hint(self._shape, part, variable)
        field = form.text(
            name, _label(self._shape, name), value=value, hint=hint, maxlength=MAX_VALUE
        )
        field.control.on_value_change(self._show)
        self._fields[name] = field
        if part not in {"body", "header"}:
            return
        with ui.element("div").classes("picker-chips"):
            for key, text in list(self._known.items())[:MOST_CHIPS]:
                chip = mark(ui.element("button").classes("chip"), f"fill-{name}-{key}")
                chip.props["type"] = "button"
                chip.on("click", partial(field.control.set_value, text))
                with chip:
                    ui.label(_known_name(key))

    def _values(self) -> Values:
        given = {name: str(field.value or "").strip() for name, field in self._fields.items()}

        def of(part: str) -> dict[str, str]:
            start = f"{part}."
            return {name.removeprefix(start): text for name, text in given.items()
                    if name.startswith(start) and text}  # fmt: skip

        return Values(
            header=of("header"),
            body=of("body"),
            media=given.get("media", ""),
            buttons={int(place): text for place, text in of("buttons").items()},
        )

    def _show(self) -> None:
        self._preview.clear()
        with self._preview:
            template_preview(self._shape, self._values())

    async def _submit(self, _given: forms.Values) -> None:
        await self._send(self._values())


def _text_of(one: TemplateView) -> str:
    return f"{one.name} {one.language} {one.shape.body}".casefold()


def _label(shape: Shape, name: str) -> str:
    """Name a field as people see its place."""
    part, _dot, variable = name.partition(".")
    match part:
        case "header":
            return _("Title: {variable}").format(variable=variable)
        case "media":
            return _("The file above the text")
        case "buttons":
            text = shape.buttons[int(variable)].text
            return _("Button “{text}”").format(text=text) if text else _("Code to copy")
        case _body:
            return _("Text: {variable}").format(variable=variable)


def _hint(shape: Shape, part: str, variable: str) -> str:
    if part == "buttons":
        example = shape.buttons[int(variable)].example or shape.buttons[int(variable)].value
    else:
        examples = shape.header_examples if part == "header" else shape.examples
        example = examples.get(variable, "")
    return _("For example: {example}").format(example=example) if example else ""


def _known_name(key: str) -> str:
    return {
        "first_name": _("First name"),
        "name": _("Name"),
        "last_name": _("Last name"),
        "phone_number": _("Phone number"),
    }.get(key, key)

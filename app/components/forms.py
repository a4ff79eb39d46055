"""Forms of the shell: fields with a label above and an error below, a form that sends once.

A form hands its values to a handler; a `ValidationFailed` marks the fields that it names, and the
first of them gets the focus. Everything else becomes a toast, by `@action`, or stays above the
button of a form that `keeps_errors`: for steps whose reason one has to read while mending it.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

from nicegui import ui
from nicegui.elements.mixins.value_element import ValueElement

from app.components.button import button, mark
from app.components.call import action
from app.components.chooser import chooser
from app.components.dialog import answer, dialog
from app.components.file_field import FileField
from app.errors import AppError, NotAuthenticated, ValidationFailed
from app.i18n import gettext as _

Values = dict[str, Any]
Handler = Callable[[Values], Awaitable[None]]


class Field:
    """A labelled input; `error` is a sentence below it, or none."""

    def __init__(self, label: str, control: "ValueElement[Any]", *, testid: str) -> None:
        self.control = mark(control, testid)
        self._is_wrong = False
        control.props["aria-label"] = label
        control.on_value_change(self._forget)

    @property
    def value(self) -> Any:
        """What is in it now."""
        return self.control.value

    def show_error(self, sentence: str | None) -> None:
        """Mark the field, or take the mark away, as does whoever changes what is in it."""
        self._is_wrong = bool(sentence)
        self.control.props["error"] = bool(sentence)
        self.control.props["error-message"] = sentence or ""
        self.control.props["aria-invalid"] = "true" if sentence else "false"

    def _forget(self) -> None:
        if self._is_wrong:
            self.show_error(None)

    def focus(self) -> None:
        """Put the cursor into it."""
        self.control.run_method("focus")


class Form:
    """Fields by name and one button that sends them; the fields are added inside its block."""

    def __init__(
        self,
        on_send: Handler,
        *,
        label: str,
        testid: str,
        keeps_errors: bool = False,
        on_cancel: Callable[[], object] | None = None,
    ) -> None:
        self._on_send = on_send
        self._on_cancel = on_cancel
        self._label = label
        self._testid = testid
        self._keeps_errors = keeps_errors
        self._alert: ui.label | None = None
        self._fields: dict[str, Field] = {}
        self._root = ui.element("form").classes("form")
        self._root.props["novalidate"] = True
        self._root.on(
            "submit", self._submit, js_handler="(event) => { event.preventDefault(); emit() }"
        )

    def __enter__(self) -> "Form":
        self._root.__enter__()
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._keeps_errors:
            self._alert = mark(ui.label().classes("callout"), f"{self._testid}-error")
            self._alert.props["role"] = "alert"
            self._alert.set_visibility(False)
        with ui.element("div").classes("form-actions"):
            self.send_button = button(
                self._label, lambda: None, look="primary", testid=f"{self._testid}-submit"
            )
            self.send_button.props["type"] = "submit"
            if self._on_cancel:
                button(_("Cancel"), self._on_cancel, look="ghost", testid=f"{self._testid}-cancel")
        self._root.__exit__(*_exception)

    def text(
        self,
        name: str,
        label: str,
        *,
        value: str = "",
        hint: str = "",
        kind: str = "text",
        autocomplete: str = "off",
        maxlength: int = 400,
    ) -> Field:
        """Add a line of text."""
        with labelled(label, hint):
            control = ui.input(value=value, password=kind == "password").props("outlined dense")
            control.props["type"] = kind
            control.props["autocomplete"] = autocomplete
            control.props["maxlength"] = maxlength
        return self._add(name, label, control)

    def area(self, name: str, label: str, *, hint: str = "", maxlength: int = 4000) -> Field:
        """Add some lines of text."""
        with labelled(label, hint):
            control = ui.textarea().props("outlined dense autogrow")
            control.props["maxlength"] = maxlength
        return self._add(name, label, control)

    def file(
        self, name: str, label: str, *, accept: str, on_change: Callable[[], None], value: str = ""
    ) -> FileField:
        """Add a file, which is brought at once."""
        with labelled(label, ""):
            field = FileField(
                accept=accept, on_change=on_change, testid=f"{self._testid}-{name}", value=value
            )
        self._fields[name] = field  # type: ignore[assignment]  # it has a value and an error, too
        return field

    def choice(
        self,
        name: str,
        label: str,
        options: Mapping[str, str],
        *,
        value: str,
        hint: str = "",
        can_search: bool = False,
    ) -> Field:
        """Add one choice of several; with `can_search` one types to find it."""
        with labelled(label, hint):
            control = chooser(
                options, value, label=label, testid=f"{self._testid}-{name}", can_search=can_search
            )
        return self._add(name, label, control)

    def note(self, label: str, text: str) -> None:
        """Add a fact that cannot be changed here."""
        with labelled(label, ""):
            ui.label(text).classes("given")

    def checks(
        self, name: str, label: str, options: Mapping[str, str], *, ticked: Collection[str]
    ) -> None:
        """Add boxes to tick; the value is the list of those that are ticked."""
        with ui.element("fieldset").classes("field"):
            with ui.element("legend").classes("label"):
                ui.label(label)
            group = _Checks(
                {
                    key: self._box(name, key, text, is_ticked=key in ticked)
                    for key, text in options.items()
                },
                mark(ui.label().classes("error"), f"{self._testid}-{name}-error"),
            )
        self._fields[name] = group  # type: ignore[assignment]  # it has a value and an error, too

    def _box(self, name: str, key: str, text: str, *, is_ticked: bool) -> ui.checkbox:
        box = ui.checkbox(text, value=is_ticked).props("dense")
        return mark(box, f"{self._testid}-{name}-{key}")

    def _add(self, name: str, label: str, control: Any) -> Field:
        field = Field(label, control, testid=f"{self._testid}-{name}")
        self._fields[name] = field
        return field

    @action
    async def _submit(self) -> None:
        for field in self._fields.values():
            field.show_error(None)
        self._say(None)
        self.send_button.disable()
        try:
            await self._on_send({name: field.value for name, field in self._fields.items()})
        except ValidationFailed as error:
            self._show(error)
        except AppError as error:
            if self._alert is None or isinstance(error, NotAuthenticated):
                raise
            self._say(error.explanation)
        finally:
            if not self.send_button.is_deleted:
                self.send_button.enable()

    def _say(self, sentence: str | None) -> None:
        if self._alert is not None and not self._alert.is_deleted:
            self._alert.set_text(sentence or "")
            self._alert.set_visibility(bool(sentence))

    def _show(self, error: ValidationFailed) -> None:
        unknown = {name: text for name, text in error.fields.items() if name not in self._fields}
        if unknown:
            raise ValidationFailed(unknown)
        wrong = [field for name, field in self._fields.items() if name in error.fields]
        for name, sentence in error.fields.items():
            self._fields[name].show_error(sentence)
        wrong[0].focus()


class _Checks:
    """A group of boxes, as a field."""

    def __init__(self, boxes: Mapping[str, ui.checkbox], error: ui.label) -> None:
        self._boxes = boxes
        self._error = error
        self._error.props["role"] = "alert"
        self.show_error(None)

    @property
    def value(self) -> list[str]:
        return [key for key, box in self._boxes.items() if box.value]

    def show_error(self, sentence: str | None) -> None:
        """Say below the boxes what is wrong with the choice, or nothing."""
        self._error.set_text(sentence or "")
        self._error.set_visibility(bool(sentence))

    def focus(self) -> None:
        """Go to the first box."""
        next(iter(self._boxes.values())).run_method("(box) => box.$el.focus()")


def labelled(label: str, hint: str = "") -> ui.element:
    """Open a block with a label, and perhaps a hint, above what is put inside."""
    block = ui.element("div").classes("field")
    with block:
        ui.label(label).classes("label")
        if hint:
            ui.label(hint).classes("hint")
    return block


async def confirm(title: str, text: str, *, label: str, testid: str) -> bool:
    """Ask before something that cannot be undone; True when the person says yes."""
    with dialog(title, role="alertdialog") as box:
        ui.label(text).classes("dialog-text")
        with ui.element("div").classes("dialog-actions"):
            button(_("Cancel"), lambda: box.submit(False), testid=f"{testid}-cancel")  # noqa: FBT003
            button(label, lambda: box.submit(True), look="danger", testid=f"{testid}-confirm")  # noqa: FBT003
    return bool(await answer(box))

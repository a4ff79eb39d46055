"""Parts of the editor's form: a labelled line, and the rows of buttons."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from app.components.button import button, mark
from app.components.forms import labelled
from app.i18n import gettext as _
from app.services.templates.lint import MAX_BUTTONS
from app.services.templates.shape import Button, ButtonKind
from app.services.templates.words import button_name


def line(
    label: str,
    text: str,
    on_change: Callable[..., None],
    *,
    testid: str,
    most: int,
    hint: str = "",
) -> ui.input:
    """Draw a line of text that tells of its changes while one writes."""
    with labelled(label, hint):
        field = ui.input(value=text, on_change=on_change).props("outlined dense debounce=200")
        field.props["maxlength"] = most
    field.props["aria-label"] = label
    return mark(field, testid)


@dataclass(slots=True)
class _Row:
    kind: ButtonKind
    text: str = ""
    value: str = ""
    example: str = ""


class ButtonRows:
    """The template's buttons: one row each, added below and taken away one by one."""

    def __init__(self, buttons: Sequence[Button], on_change: Callable[..., None]) -> None:
        self._rows = [_Row(one.kind, one.text, one.value, one.example) for one in buttons]
        self._on_change = on_change
        with labelled(_("Buttons")):
            self._box = ui.element("div").classes("form")
            with ui.element("div").classes("button-kinds"):
                for kind in ButtonKind:
                    button(
                        button_name(kind),
                        lambda kind=kind: self._add(kind),
                        look="ghost",
                        testid=f"add-button-{kind.value.lower().replace('_', '-')}",
                    )
        self._draw()

    def read(self) -> tuple[Button, ...]:
        """Return the buttons as they are written now."""
        return tuple(
            Button(
                kind=row.kind, text=row.text.strip(), value=row.value.strip(), example=row.example
            )
            for row in self._rows
        )

    def _add(self, kind: ButtonKind) -> None:
        if len(self._rows) < MAX_BUTTONS:
            self._rows.append(_Row(kind))
            self._draw()
            self._on_change()

    def _remove(self, row: _Row) -> None:
        self._rows.remove(row)
        self._draw()
        self._on_change()

    def _draw(self) -> None:
        self._box.clear()
        with self._box:
            for place, row in enumerate(self._rows):
                with ui.element("div").classes("button-row"):
                    self._fields(place, row)
                    button(
                        _("Remove"), lambda row=row: self._remove(row), look="ghost",
                        testid=f"remove-button-{place}",
                    )  # fmt: skip

    def _fields(self, place: int, row: _Row) -> None:
        name = f"button-{place}"
        if row.kind is not ButtonKind.COPY_CODE:
            self._line(row, "text", button_name(row.kind), testid=f"{name}-text", most=40)
        match row.kind:
            case ButtonKind.URL:
                hint = _("May end with {{1}}, which is filled for each customer.")
                self._line(row, "value", _("Address"), testid=f"{name}-value", most=2000, hint=hint)
                self._line(
                    row, "example", _("Example of its end"), testid=f"{name}-example", most=200
                )
            case ButtonKind.PHONE_NUMBER:
                self._line(row, "value", _("Phone number"), testid=f"{name}-value", most=30)
            case ButtonKind.COPY_CODE:
                self._line(row, "value", _("Example of the code"), testid=f"{name}-value", most=20)
            case ButtonKind.QUICK_REPLY:
                pass

    def _line(
        self, row: _Row, member: str, label: str, *, testid: str, most: int, hint: str = ""
    ) -> None:
        def keep(event: Any) -> None:
            setattr(row, member, str(event.value or ""))
            self._on_change()

        line(label, str(getattr(row, member)), keep, testid=testid, most=most, hint=hint)

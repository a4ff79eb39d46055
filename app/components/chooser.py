"""One choice of several, from a list that opens."""

from collections.abc import Callable, Mapping
from typing import Any

from nicegui import ui

from app.components.button import mark

# Quasar makes the inside of its list focusable, which hides the options from screen readers; the
# focus itself stays in the field. The event comes one frame before the list is there.
_READABLE = """() => requestAnimationFrame(() => document
    .querySelectorAll("[role=listbox] > .q-virtual-scroll__content[tabindex]")
    .forEach((inside) => inside.removeAttribute("tabindex")))"""


def chooser(
    options: Mapping[str, str],
    value: str,
    *,
    label: str,
    testid: str,
    on_change: Callable[..., Any] | None = None,
    can_search: bool = False,
) -> ui.select:
    """Draw a choice that screen readers call `label`; with `can_search` one types to find it."""
    element = ui.select(dict(options), value=value, with_input=can_search, on_change=on_change)
    element.props("outlined dense options-dense behavior=menu")
    element.props["aria-label"] = label
    element.on("popupShow", js_handler=_READABLE)
    return mark(element, testid)

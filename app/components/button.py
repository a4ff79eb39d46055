"""Buttons and links that look like buttons: a verb in sentence case, one primary per view."""

from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any, Literal, TypeVar

from nicegui import ui

from app.components.icon import icon as draw

E = TypeVar("E", bound=ui.element)
Look = Literal["primary", "secondary", "ghost", "soft", "danger"]


def button(
    label: str, on_click: Callable[..., Any], *, look: Look = "secondary", testid: str
) -> ui.button:
    """Draw a button; its test id is also its marker.

    It is disabled until what it does is done; what is clicked meanwhile, as by a double click
    that was under way already, does nothing.
    """
    element = ui.button(label, color=None).classes(f"btn btn-{look}")
    is_busy = False

    def press() -> Awaitable[None] | None:
        nonlocal is_busy
        if is_busy:
            return None
        done = on_click()
        if not isawaitable(done) or isinstance(done, ui.element):  # awaiting a dialog opens it
            return None
        is_busy = True
        element.disable()
        return finish(done)

    async def finish(done: Awaitable[Any]) -> None:
        nonlocal is_busy
        try:
            await done
        finally:
            is_busy = False
            if not element.is_deleted:
                element.enable()

    element.on_click(press)
    return mark(element, testid)


def link_button(
    label: str,
    href: str,
    *,
    look: Look = "secondary",
    testid: str,
    icon: str | None = None,
    new_tab: bool = False,
) -> ui.element:
    """Draw a link that looks like a button."""
    element = ui.element("a").classes(f"btn btn-{look}")
    element.props["href"] = href
    if new_tab:
        element.props["target"] = "_blank"
    with element:
        if icon:
            draw(icon)
        ui.label(label)
    return mark(element, testid)


def mark(element: E, testid: str) -> E:
    """Give an element the id by which tests and people's tools find it."""
    element.mark(testid)
    element.props["data-testid"] = testid
    return element

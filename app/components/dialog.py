"""Boxes above the page: named for screen readers, and gone from the page once they are closed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from nicegui import ui


@contextmanager
def dialog(
    title: str,
    *,
    role: Literal["dialog", "alertdialog"] = "dialog",
    is_wide: bool = False,
    is_persistent: bool = False,
) -> Iterator[ui.dialog]:
    """Draw a box with a title around what the block draws; open it with `answer` or `open()`.

    A persistent one closes by its buttons only.
    """
    with ui.dialog() as box:
        box.props["persistent"] = is_persistent
        box.props["role"] = role
        box.props["aria-label"] = title
        frame = ui.element("div").classes("dialog")
        if is_wide:
            frame.classes("picker")
        with frame:
            ui.label(title).classes("dialog-title")
            yield box


async def answer(box: ui.dialog) -> Any:
    """Open a box, wait until it is closed, and return what it was closed with."""
    said = await box
    if not box.is_deleted:  # it goes with the page
        box.delete()
    return said

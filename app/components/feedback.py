"""Short words at the edge of the screen, and the states of a region: empty, failed."""

from typing import Literal

from nicegui import ui

from app.components.icon import icon

Kind = Literal["info", "error"]


def toast(message: str, *, kind: Kind = "info") -> None:
    """Show one sentence for a few seconds, in place of the one before it.

    Errors stay longer and are announced at once.
    """
    ui.notify(
        message,
        position="bottom-left",
        timeout=8_000 if kind == "error" else 4_000,
        classes=f"toast toast-{kind}",
        group="toast",
        attrs={"role": "alert" if kind == "error" else "status"},
    )


def empty_state(icon_name: str, title: str, text: str) -> ui.element:
    """Show what will be here and how it comes about; add the one button inside the block."""
    with ui.element("div").classes("empty") as block:
        with ui.element("div").classes("empty-icon"):
            icon(icon_name)
        ui.label(title).classes("empty-title")
        ui.label(text).classes("empty-text")
    return block

"""Where one is on a way of several steps."""

from collections.abc import Sequence

from nicegui import ui

from app.components.icon import icon
from app.i18n import gettext as _


def steps(names: Sequence[str], current: int) -> None:
    """Draw the steps, those before `current` as done; beyond the last one all are."""
    with ui.element("ol").classes("steps") as row:
        row.props["aria-label"] = _("Steps")
        for place, name in enumerate(names):
            with ui.element("li").classes("step") as step:
                if place == current:
                    step.props["aria-current"] = "step"
                elif place < current:
                    step.classes("is-done")
                with ui.element("span").classes("step-mark"):
                    if place < current:
                        icon("check").props["aria-label"] = _("Done")
                    else:
                        ui.label(str(place + 1))
                ui.label(name).classes("step-name")

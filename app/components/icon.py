"""Icons by name: one sprite, one family (Lucide). A test checks every name against the sprite."""

from nicegui import ui

SPRITE = "/static/icons.svg"


class _Svg(ui.element):
    """An `svg` that uses one symbol of the sprite; decoration, so hidden from screen readers."""

    def __init__(self, name: str) -> None:
        super().__init__("svg")
        self.classes("i")
        self.props["aria-hidden"] = "true"
        with self:
            ui.element("use").props["href"] = f"{SPRITE}#{name}"


def icon(name: str) -> ui.element:
    """Draw an icon of the sprite in the text's colour."""
    return _Svg(name)

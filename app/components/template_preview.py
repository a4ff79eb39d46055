"""A template as its reader sees it: a bubble on the thread's ground, with its buttons below."""

from nicegui import ui

from app.components.button import mark
from app.components.icon import icon
from app.i18n import gettext as _
from app.services.templates.fill import Values, filled
from app.services.templates.shape import MEDIA, ButtonKind, HeaderKind, Shape
from app.services.templates.words import header_name

ICONS = {
    HeaderKind.IMAGE: "image",
    HeaderKind.VIDEO: "video",
    HeaderKind.DOCUMENT: "file-text",
    HeaderKind.LOCATION: "map-pin",
}
BUTTON_ICONS = {
    ButtonKind.QUICK_REPLY: "reply",
    ButtonKind.URL: "external-link",
    ButtonKind.PHONE_NUMBER: "phone",
    ButtonKind.COPY_CODE: "copy",
}


def template_preview(shape: Shape, values: Values) -> None:
    """Draw the template with these values in its variables; those without one stay as they are."""
    with mark(ui.element("div").classes("preview"), "template-preview"):
        with ui.element("div").classes("bubble preview-bubble"):
            _header(shape, values)
            ui.label(filled(shape.body, values.body) or _("Your text")).classes("bubble-text")
            if shape.footer:
                ui.label(shape.footer).classes("preview-footer")
        for button in shape.buttons:
            with ui.element("div").classes("preview-button"):
                icon(BUTTON_ICONS[button.kind])
                words = _("Copy code") if button.kind is ButtonKind.COPY_CODE else button.text
                ui.label(words or _("Button"))


def _header(shape: Shape, values: Values) -> None:
    if shape.header is HeaderKind.TEXT:
        ui.label(filled(shape.header_text, values.header)).classes("preview-title")
    elif shape.header in MEDIA or shape.header is HeaderKind.LOCATION:
        with ui.element("div").classes("preview-media"):
            icon(ICONS[shape.header])
            ui.label(header_name(shape.header))

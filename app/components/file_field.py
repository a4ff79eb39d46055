"""One file of a form: the browser brings it to the server; its id is the value."""

from collections.abc import Callable

from nicegui.element import Element
from nicegui.events import GenericEventArguments

from app.components.theme import MODULES
from app.i18n import gettext as _
from app.ids import parse_id
from app.services.templates.shape import SAMPLE


class FileField(Element, component="../static/components/file_field.js", esm=MODULES):
    """A field for a file of ours; `value` names it as `Shape.media` does, or is empty."""

    def __init__(
        self, *, accept: str, on_change: Callable[[], None], testid: str, value: str = ""
    ) -> None:
        super().__init__()
        self.value = value
        self._on_change = on_change
        self._props["strings"] = {
            "choose": _("Choose a file"),
            "another": _("Choose another file"),
            "uploading": _("The file is on its way"),
            "empty_file": _("This file is empty."),
            "too_large": _("WhatsApp takes files of at most 100 MB."),
            "upload_failed": _("This file did not arrive. Try again."),
        }
        self._props["testid"] = testid
        self._props["accept"] = accept
        self._props["name"] = _("The sample of the template") if value else ""
        self.on("brought", self._on_brought)

    def take(self, types: str) -> None:
        """Say which types may be chosen, by commas."""
        if self._props["accept"] != types:
            self._props["accept"] = types
            self.update()

    def show_error(self, sentence: str | None) -> None:
        """Say below it what is wrong with the choice, or nothing."""
        self._props["error"] = sentence or ""
        self.update()

    def focus(self) -> None:
        """Put the focus on its button."""
        self.run_method("focus")

    def _on_brought(self, event: GenericEventArguments) -> None:
        file_id = parse_id(str(event.args.get("id")))
        if file_id is not None:
            self.value = f"{SAMPLE}{file_id}"
            self._on_change()

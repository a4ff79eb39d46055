"""A picture of a person or a workspace, which one may choose and take away."""

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import events, ui

from app.actor import Actor
from app.components import feedback
from app.components.button import button, mark
from app.components.call import action, call, in_thread
from app.components.person import avatar
from app.i18n import gettext as _
from app.services import pictures


def picture_choice(
    actor: Actor,
    name: str,
    image: str | None,
    *,
    keep: Callable[..., Any],
    remove: Callable[..., Any],
    then: Callable[[], Awaitable[None]],
    testid: str,
) -> None:
    """Draw the picture, or the initials, and what changes it.

    `keep` and `remove` are services, with and without the drawn picture; `then` follows both.
    """

    @action
    async def take(event: events.UploadEventArguments) -> None:
        try:
            drawn = await in_thread(pictures.redraw, await event.file.read())
        finally:
            uploader.reset()
        await call(actor, keep, drawn)
        await then()

    @action
    async def take_away() -> None:
        await call(actor, remove)
        await then()

    with ui.element("div").classes("hstack gap-3"):
        avatar(name, image, is_large=True)
        uploader = _hidden_upload(take)
        button(
            _("Choose a picture"),
            lambda: uploader.run_method("pickFiles"),
            testid=f"{testid}-choose",
        )
        if image:
            button(_("Remove"), take_away, look="ghost", testid=f"{testid}-remove")


def _hidden_upload(take: object) -> ui.upload:
    """Return an upload of one picture; the button beside it opens it."""
    uploader = ui.upload(
        on_upload=take,  # type: ignore[arg-type]  # an @action
        auto_upload=True,
        max_files=1,
        max_file_size=pictures.MAX_BYTES,
        on_rejected=lambda: feedback.toast(_("Choose a picture of at most 5 MB."), kind="error"),
    ).classes("is-away")  # Quasar's own buttons in it have no names; ours beside it does it all
    uploader.props["accept"] = "image/png,image/jpeg,image/webp,image/gif"
    return mark(uploader, "picture-upload")

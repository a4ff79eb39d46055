"""API keys: made, shown once, rotated, revoked."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from nicegui import background_tasks, ui

from app.actor import SCOPES
from app.clock import utc_now
from app.components.button import button, mark
from app.components.call import action, call
from app.components.forms import Form, Values, confirm
from app.components.proof import proven
from app.components.secret import show_key
from app.components.settings_frame import section, settings_page
from app.components.when import ago
from app.i18n import gettext as _
from app.services import api_keys
from app.services.api_keys import ApiKeyView, NewKey
from app.services.sessions import SessionView
from app.services.words import permission_name

LIVES = {"": None, "30": 30, "90": 90, "365": 365}


def build(session: SessionView) -> None:
    """Compose the page."""
    with settings_page(session, "developers", _("API keys")) as root:
        Developers(session, root)


class Developers:
    """The cards of the page, drawn anew after each change."""

    def __init__(self, session: SessionView, root: ui.element) -> None:
        self._actor = session.actor
        self._root = root
        background_tasks.create(self._load(), name="developers", context=root)

    @action
    async def _load(self) -> None:
        keys = await call(self._actor, api_keys.list_live)
        if self._root.is_deleted:
            return
        self._root.clear()
        with self._root:
            self._new()
            with section(_("Keys"), _("A program shows its key as “Authorization: Bearer …”.")):
                with mark(ui.element("a").classes("entry-sub"), "api-docs") as link:
                    link.props["href"] = "/api/docs"
                    link.props["target"] = "_blank"
                    ui.label(_("How to call the API"))
                if not keys:
                    ui.label(_("There is no key yet.")).classes("muted")
                with ui.element("ul").classes("entries"):
                    for key in keys:
                        self._key(key)

    def _new(self) -> None:
        async def send(values: Values) -> None:
            days = LIVES[values["life"]]
            await self._show_made(
                api_keys.create,
                name=values["name"],
                scopes=values["scopes"],
                expires_at=utc_now() + dt.timedelta(days=days) if days else None,
            )

        with section(_("New key")), Form(send, label=_("Create the key"), testid="key") as form:
            form.text(
                "name", _("Name"), hint=_("What it is for, such as “Web shop”."), maxlength=120
            )
            form.checks(
                "scopes",
                _("What it may do"),
                {scope.value: permission_name(scope) for scope in SCOPES},
                ticked=[scope.value for scope in SCOPES if scope.value.endswith(":read")],
            )
            form.choice(
                "life",
                _("How long it works"),
                {
                    "": _("Until it is revoked"),
                    "30": _("30 days"),
                    "90": _("90 days"),
                    "365": _("One year"),
                },
                value="365",
            )

    def _key(self, key: ApiKeyView) -> None:
        with mark(ui.element("li").classes("entry"), f"key-{key.id}"):
            with ui.element("div").classes("entry-text"):
                ui.label(key.name).classes("entry-title")
                used = (
                    _("used {ago}").format(ago=ago(key.last_used_at))
                    if key.last_used_at
                    else _("never used")
                )
                made = [_("made by {name}").format(name=key.maker)] if key.maker else []
                words = [f"{key.prefix}…", *made, used, *_ends(key)]
                ui.label(" · ".join(words)).classes("entry-sub")
                ui.label(", ".join(map(permission_name, key.scopes))).classes("entry-sub")
            if key.is_expired:
                ui.label(_("Expired")).classes("badge badge-neutral")
            if key.can_rotate:
                button(
                    _("Rotate"), lambda: self._rotate(key), look="ghost",
                    testid=f"key-rotate-{key.id}",
                )  # fmt: skip
            button(
                _("Revoke"), lambda: self._revoke(key), look="ghost",
                testid=f"key-revoke-{key.id}",
            )  # fmt: skip

    @action
    async def _rotate(self, key: ApiKeyView) -> None:
        await self._show_made(api_keys.rotate, key.id)

    async def _show_made(self, service: Callable[..., NewKey], *args: Any, **kwargs: Any) -> None:
        """Make a key, perhaps after a proof, and show it once."""

        async def make() -> None:
            made = await call(self._actor, service, *args, **kwargs)
            await show_key(made.secret)
            await self._load()

        with self._root:
            await proven(self._actor, make)

    @action
    async def _revoke(self, key: ApiKeyView) -> None:
        with self._root:
            is_sure = await confirm(
                _("Revoke {name}?").format(name=key.name),
                _("Programs that use this key stop working at once."),
                label=_("Revoke"),
                testid="key-revoke",
            )
        if is_sure:
            await call(self._actor, api_keys.revoke, key.id)
            await self._load()


def _ends(key: ApiKeyView) -> list[str]:
    """Return the words about the end of a key that has one, as one that was rotated has."""
    if key.expires_at is None or key.is_expired:
        return []
    return [_("works until {day}").format(day=f"{key.expires_at:%Y-%m-%d %H:%M} UTC")]

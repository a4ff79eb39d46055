"""Banners above every page: what Meta has said of the workspace's accounts and is not over."""

from functools import partial
from uuid import UUID

from nicegui import ui

from app.actor import Permission
from app.components.button import mark
from app.components.call import action, call
from app.components.icon import icon
from app.components.reload import Reload
from app.i18n import gettext as _
from app.models.enums import NoticeLevel
from app.services import notices
from app.services.notices import NoticeView
from app.services.sessions import SessionView

LOOKS = {NoticeLevel.INFO: "info", NoticeLevel.WARNING: "warn", NoticeLevel.DANGER: "danger"}


class Notices:
    """The banners of one page load; they come and go by themselves."""

    def __init__(self, session: SessionView) -> None:
        self._actor = session.actor
        self._may_dismiss = session.actor.may(Permission.NUMBER_CONNECT)
        self._root = mark(ui.element("div").classes("notices"), "notices")
        Reload(session, self._root, self._load)

    @action
    async def _load(self) -> None:
        found = await call(self._actor, notices.list_open)
        if self._root.is_deleted:
            return
        self._root.clear()
        with self._root:
            for one in found:
                self._banner(one)

    def _banner(self, one: NoticeView) -> None:
        look = LOOKS[one.level]
        with mark(ui.element("div").classes(f"notice notice-{look}"), f"notice-{one.id}") as box:
            box.props["role"] = "alert" if one.level is NoticeLevel.DANGER else "status"
            icon("circle-alert")
            with ui.element("p").classes("grow"):
                with ui.element("b"):
                    ui.label(one.sentence)
                ui.label(one.remedy)
            if self._may_dismiss:
                close = mark(ui.element("button").classes("icon-btn"), f"dismiss-{one.id}")
                close.props["type"] = "button"
                close.props["aria-label"] = close.props["title"] = _("Put away")
                close.on("click", partial(self._dismiss, one.id))
                with close:
                    icon("x")

    @action
    async def _dismiss(self, notice_id: UUID) -> None:
        await call(self._actor, notices.dismiss, notice_id)
        await self._load()

"""A moment in time, written by the browser in the reader's language and zone."""

import datetime as dt

from nicegui.element import Element

from app.components.theme import MODULES
from app.i18n import gettext as _
from app.services.sessions import SessionView


class Moment(Element, component="../static/components/moment.js", esm=MODULES):
    """Shows the time of today, else the day."""

    def __init__(self, session: SessionView, at: dt.datetime) -> None:
        super().__init__()
        self._props["strings"] = {"yesterday": _("Yesterday")}
        self._props["locale"] = session.language
        self._props["timezone"] = session.time_zone or None
        self._props["at"] = at.isoformat()

"""What Meta says of an account that a person has to know. System-only: the webhook drain.

A notice stays open until Meta says the opposite, or until its time is over; what was said earlier
and comes later changes nothing.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from app.db import Connection
from app.models.enums import NoticeLevel
from app.services.inbound.items import News
from app.services.notices import Said, put

DANGER, WARNING, INFO = NoticeLevel.DANGER, NoticeLevel.WARNING, NoticeLevel.INFO

# Of account_update: what begins, what it is called here, and what ends it.
BEGINS = {
    "ACCOUNT_DELETED": ("account_deleted", DANGER),
    "ACCOUNT_VIOLATION": ("account_violation", DANGER),
    "ACCOUNT_OFFBOARDED": ("account_disconnected", DANGER),
    "PARTNER_REMOVED": ("account_disconnected", DANGER),
    "PARTNER_APP_UNINSTALLED": ("account_disconnected", DANGER),
}
ENDS = {
    "ACCOUNT_RECONNECTED": "account_disconnected",
    "PARTNER_ADDED": "account_disconnected",
    "PARTNER_APP_INSTALLED": "account_disconnected",
}
ALERT_LEVELS = {"CRITICAL": DANGER, "WARNING": WARNING}


def account_update(connection: Connection, account_id: UUID, news: News) -> None:
    """Open or end what an account's event says."""
    _write(connection, account_id, news, _of_account(news))


def account_alert(connection: Connection, account_id: UUID, news: News) -> None:
    """Open or end an alert; each kind of each thing stands for itself."""
    info = _object(news.value, "alert_info") or news.value
    is_active = _text(info, "alert_status") in {"", "ACTIVE"}
    level = ALERT_LEVELS.get(_text(info, "alert_severity"), INFO)
    said = Said(
        kind=f"alert.{_text(info, 'alert_type')}",
        subject=_text(news.value, "entity_id"),
        level=level if is_active else None,
        text=_text(info, "alert_description"),
    )
    _write(connection, account_id, news, [said])


def account_review(connection: Connection, account_id: UUID, news: News) -> None:
    """Open a notice while Meta has not approved the business."""
    decision = _text(news.value, "decision")
    levels = {"APPROVED": None, "PENDING": INFO, "DEFERRED": WARNING}
    said = Said(kind="account_review", level=levels.get(decision, DANGER), text=decision)
    _write(connection, account_id, news, [said])


def security(connection: Connection, account_id: UUID, news: News) -> None:
    """Tell that somebody changed how a number is protected."""
    said = Said(
        kind=f"security.{_text(news.value, 'event')}",
        subject=_text(news.value, "display_phone_number"),
        level=WARNING,
        text=_text(news.value, "display_phone_number"),
    )
    _write(connection, account_id, news, [said])


def _of_account(news: News) -> Iterable[Said]:
    event = _text(news.value, "event")
    if event in BEGINS:
        kind, level = BEGINS[event]
        violation = _text(_object(news.value, "violation_info"), "violation_type")
        yield Said(kind=kind, level=level, text=violation)
    elif event in ENDS:
        yield Said(kind=ENDS[event], level=None)
    elif event == "DISABLED_UPDATE":
        state = _text(_object(news.value, "ban_info"), "waba_ban_state")
        is_over = state == "REINSTATE"
        yield Said(kind="account_disabled", level=None if is_over else DANGER, text=state)
    elif event == "ACCOUNT_RESTRICTION":
        found = news.value.get("restriction_info")
        for one in found if isinstance(found, list) else []:
            if isinstance(one, dict):
                yield Said(
                    kind="account_restricted",
                    subject=_text(one, "restriction_type"),
                    level=DANGER,
                    text=_text(one, "restriction_type"),
                    ends_at=_moment(one.get("expiration")),
                )


def _write(connection: Connection, account_id: UUID, news: News, said: Iterable[Said]) -> None:
    for one in sorted(said, key=lambda one: (one.kind, one.subject)):
        put(connection, account_id, one, at=news.at)


def _object(value: dict[str, Any], name: str) -> dict[str, Any]:
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def _text(value: dict[str, Any], name: str) -> str:
    found = value.get(name)
    return str(found).replace("\0", "") if isinstance(found, str | int) else ""


def _moment(value: Any) -> dt.datetime | None:
    try:
        return dt.datetime.fromtimestamp(int(value), dt.UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None

"""What Meta tells of an account takes effect: its templates and its numbers. System-only: drain.

Every piece of news carries the moment at which Meta said it; an older one changes nothing, so the
order in which they come is the same to us, and so is coming twice.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from app import events
from app.db import Connection
from app.events import Bell
from app.models.enums import TemplateCategory, TemplateStatus
from app.services.inbound import notices
from app.services.inbound.items import News

# A template by Meta's id, or by name and language for one whose answer was lost. Times of webhooks
# are whole seconds.
_TEMPLATE = """
    account_id = %(account)s
    AND (meta_id = %(meta_id)s OR (meta_id IS NULL AND name = %(name)s AND language = %(language)s))
"""
_NEWER = "(told_at IS NULL OR date_trunc('second', told_at) <= %(at)s)"
# Meta's words for a state that are not those of its list.
STATES = {"FLAGGED": None, "REINSTATED": "APPROVED", "UNPAUSED": "APPROVED"}


def apply(connection: Connection, news: list[News]) -> list[Bell]:
    """Apply the news, of each thing in the order in which they were said; returns whom to ring."""
    bells: list[Bell] = []
    for one in sorted(news, key=_order):
        for account_id, workspace_id in _accounts(connection, one):
            EFFECTS[one.field](connection, account_id, one)
            bells.append(Bell(events.inbox_topic(workspace_id)))
    return bells


def _order(news: News) -> tuple[str, object]:
    """Put all drains into one order, or two could wait for each other's rows for ever."""
    subject = _text(news, "message_template_id") or _text(news, "display_phone_number")
    return subject, news.at


def _accounts(connection: Connection, news: News) -> list[tuple[UUID, UUID]]:
    """Return the account of the route, or the platform's account that the entry names."""
    return connection.execute(
        """
        SELECT id, workspace_id FROM whatsapp_accounts
        WHERE id = %s OR (%s::uuid IS NULL AND is_platform AND waba_id = %s)
        """,
        (news.origin.account_id, news.origin.account_id, news.waba_id),
    ).fetchall()


def _template_status(connection: Connection, account_id: UUID, news: News) -> None:
    event = STATES.get(_text(news, "event"), _text(news, "event"))
    if event not in {one.value for one in TemplateStatus}:
        return
    reason = _text(news, "reason")
    connection.execute(
        f"""
        UPDATE templates SET status = %(status)s, reason = %(reason)s, told_at = %(at)s,
            meta_id = coalesce(meta_id, %(meta_id)s), updated_at = now()
        WHERE {_TEMPLATE} AND {_NEWER}
        """,  # noqa: S608  # our own words
        {
            **_template(account_id, news),
            "status": event,
            "reason": None if reason in {"", "NONE"} else reason[:500],
        },
    )


def _template_quality(connection: Connection, account_id: UUID, news: News) -> None:
    connection.execute(
        f"""
        UPDATE templates SET quality = %(quality)s, updated_at = now() WHERE {_TEMPLATE}
        """,  # noqa: S608  # our own words
        {**_template(account_id, news), "quality": _text(news, "new_quality_score")[:20] or None},
    )


def _template_category(connection: Connection, account_id: UUID, news: News) -> None:
    category = _text(news, "new_category")
    if category not in {one.value for one in TemplateCategory}:
        return  # news of a change to come names no new one
    connection.execute(
        f"""
        UPDATE templates SET category = %(category)s, updated_at = now() WHERE {_TEMPLATE}
        """,  # noqa: S608  # our own words
        {**_template(account_id, news), "category": category},
    )


def _number_quality(connection: Connection, account_id: UUID, news: News) -> None:
    limit = _text(news, "max_daily_conversations_per_business") or _text(news, "current_limit")
    quality = {"FLAGGED": "RED", "UNFLAGGED": "GREEN"}.get(_text(news, "event"))
    connection.execute(
        """
        UPDATE phone_numbers SET messaging_limit = coalesce(%(limit)s, messaging_limit),
            quality_rating = coalesce(%(quality)s, quality_rating), updated_at = now()
        WHERE account_id = %(account)s AND disconnected_at IS NULL
            AND phone_number = %(phone)s
            AND (checked_at IS NULL OR date_trunc('second', checked_at) <= %(at)s)
        """,
        {**_number(account_id, news), "limit": limit[:40] or None, "quality": quality},
    )


def _number_name(connection: Connection, account_id: UUID, news: News) -> None:
    decision = _text(news, "decision")
    status = {"APPROVED": "APPROVED", "REJECTED": "DECLINED", "DEFERRED": "PENDING_REVIEW"}
    if decision not in status:
        return
    connection.execute(
        """
        UPDATE phone_numbers SET name_status = %(status)s, updated_at = now()
        WHERE account_id = %(account)s AND disconnected_at IS NULL AND phone_number = %(phone)s
            AND (checked_at IS NULL OR date_trunc('second', checked_at) <= %(at)s)
        """,
        {**_number(account_id, news), "status": status[decision]},
    )


def _capability(connection: Connection, account_id: UUID, news: News) -> None:
    """Keep what Meta lets the business do; -1 is without limit."""
    numbers = news.value.get("max_phone_numbers_per_business")
    limit = _text(news, "max_daily_conversations_per_business")
    connection.execute(
        """
        UPDATE whatsapp_accounts SET max_phone_numbers = coalesce(%(numbers)s, max_phone_numbers),
            updated_at = now()
        WHERE id = %(account)s
        """,
        {
            "account": account_id,
            "numbers": numbers if isinstance(numbers, int) and abs(numbers) < 10**6 else None,
        },
    )
    connection.execute(
        """
        UPDATE phone_numbers SET messaging_limit = %(limit)s, updated_at = now()
        WHERE account_id = %(account)s AND disconnected_at IS NULL AND %(limit)s <> ''
            AND (checked_at IS NULL OR date_trunc('second', checked_at) <= %(at)s)
        """,
        {"account": account_id, "limit": limit[:40], "at": news.at},
    )


def _template(account_id: UUID, news: News) -> dict[str, Any]:
    return {
        "account": account_id,
        "meta_id": _text(news, "message_template_id"),
        "name": _text(news, "message_template_name"),
        "language": _text(news, "message_template_language"),
        "at": news.at,
    }


def _number(account_id: UUID, news: News) -> dict[str, Any]:
    digits = "".join(filter(str.isdecimal, _text(news, "display_phone_number")))
    return {"account": account_id, "phone": f"+{digits}", "at": news.at}


def _text(news: News, name: str) -> str:
    found = news.value.get(name)
    return str(found).replace("\0", "") if isinstance(found, str | int) else ""


EFFECTS: dict[str, Callable[[Connection, UUID, News], None]] = {
    "message_template_status_update": _template_status,
    "message_template_quality_update": _template_quality,
    "template_category_update": _template_category,
    "phone_number_quality_update": _number_quality,
    "phone_number_name_update": _number_name,
    "account_update": notices.account_update,
    "account_alerts": notices.account_alert,
    "account_review_update": notices.account_review,
    "business_capability_update": _capability,
    "security": notices.security,
}

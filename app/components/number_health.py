"""How a number is at Meta, line by line: what it is, how good that is, and what to do about it."""

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from nicegui import ui

from app.clock import utc_now
from app.components.button import mark
from app.components.when import ago
from app.i18n import gettext as _
from app.i18n import ngettext
from app.services.number_health import HealthView

Level = Literal["ok", "warn", "danger", "neutral"]
SOON = dt.timedelta(days=14)
BADGES: dict[Level, str] = {
    "ok": "badge-ok", "warn": "badge-warn", "danger": "badge-danger", "neutral": "badge-neutral",
}  # fmt: skip
TIERS = {
    "TIER_50": 50, "TIER_250": 250, "TIER_1K": 1_000, "TIER_2K": 2_000, "TIER_10K": 10_000,
    "TIER_100K": 100_000,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One fact; `remedy` says what a person can do where it is not well."""

    name: str
    label: str
    value: str
    level: Level
    remedy: str = ""


def health_list(health: HealthView) -> None:
    """Draw every fact with a badge, and below it what to do."""
    with ui.element("ul").classes("entries"):
        for line in lines(health):
            with mark(ui.element("li").classes("entry"), f"health-{line.name}"):
                with ui.element("div").classes("entry-text"):
                    ui.label(line.label).classes("entry-title")
                    if line.remedy:
                        ui.label(line.remedy).classes("entry-sub")
                ui.label(line.value).classes(f"badge {BADGES[line.level]}")


def lines(health: HealthView) -> list[Line]:
    """Return the facts in words, in the order in which they matter."""
    return [
        _token(health),
        _webhooks(health),
        _last_webhook(health),
        _quality(health),
        _limit(health),
        _throughput(health),
        _name(health),
        *_unused(health),
    ]


def _token(health: HealthView) -> Line:
    label, ends = _("Access token"), health.token_expires_at
    renew = _("Make a new token at Meta and put it in below.")
    if health.problem:
        return Line("token", label, _("Refused"), "danger", f"{health.problem} {renew}")
    if health.checked_at is None:
        return Line("token", label, _("Not checked yet"), "neutral")
    if ends is None:
        return Line("token", label, _("Works and lasts"), "ok")
    days = (ends - utc_now()).days
    value = ngettext("{n} day left", "{n} days left", max(0, days)).format(n=max(0, days))
    return Line("token", label, value, "warn" if ends - utc_now() < SOON else "ok", renew)


def _webhooks(health: HealthView) -> Line:
    label = _("Messages arrive here")
    if health.is_subscribed is None:
        return Line("webhooks", label, _("Not checked yet"), "neutral")
    if health.is_subscribed:
        return Line("webhooks", label, _("Yes"), "ok")
    remedy = _("Meta sends this account's messages nowhere. Subscribe again below.")
    return Line("webhooks", label, _("No"), "danger", remedy)


def _unused(health: HealthView) -> list[Line]:
    if not health.unused_fields:
        return []
    number = len(health.unused_fields)
    value = ngettext("{n} kind", "{n} kinds", number).format(n=number)
    said = _("Meta sends these, too, and they are kept: {fields}.").format(
        fields=", ".join(health.unused_fields[:20])
    )
    return [Line("unused", _("News that nothing is done with"), value, "neutral", said)]


def _quality(health: HealthView) -> Line:
    label = _("Quality")
    few = _("Customers block or report this number. Write to fewer people, who asked for it.")
    match health.quality_rating:
        case "GREEN":
            return Line("quality", label, _("High"), "ok")
        case "YELLOW":
            return Line("quality", label, _("Medium"), "warn", few)
        case "RED":
            return Line("quality", label, _("Low"), "danger", few)
        case _other:
            return Line("quality", label, _("Not rated yet"), "neutral")


def _limit(health: HealthView) -> Line:
    label, tier = _("Customers a day that you may write to first"), health.messaging_limit
    if tier == "TIER_UNLIMITED":
        return Line("limit", label, _("Unlimited"), "ok")
    if tier in TIERS:
        return Line("limit", label, f"{TIERS[tier]:,}", "neutral")
    return Line("limit", label, tier or _("Not known yet"), "neutral")


def _last_webhook(health: HealthView) -> Line:
    label, last = _("Last heard from Meta"), health.last_webhook_at
    if last is None:
        return Line("last-webhook", label, _("Not yet"), "neutral")
    return Line("last-webhook", label, ago(last), "neutral")


def _throughput(health: HealthView) -> Line:
    label = _("Messages a second")
    speeds = {"STANDARD": "80", "HIGH": "1,000"}
    if health.throughput in speeds:
        return Line("throughput", label, speeds[health.throughput], "neutral")
    return Line("throughput", label, _("Not known yet"), "neutral")


def _name(health: HealthView) -> Line:
    label = _("Display name")
    match health.name_status:
        case "APPROVED" | "AVAILABLE_WITHOUT_REVIEW":
            return Line("name", label, _("Approved"), "ok")
        case "PENDING_REVIEW":
            return Line("name", label, _("In review"), "warn", _("Meta takes a day or two."))
        case "DECLINED" | "EXPIRED":
            remedy = _("Choose another name in the WhatsApp Manager; it must fit your business.")
            return Line("name", label, _("Declined"), "danger", remedy)
        case _other:
            return Line("name", label, _("Not known yet"), "neutral")

"""The workspace's diary: who did what, when, from where. Entries are added, never changed."""

import csv
import datetime as dt
import io
from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import Session, and_, col, or_, select

from app.actor import Actor, Permission
from app.models import AuditEntry, User
from app.pagination import Cursor, Page

PAGE = 50
# A cell that begins so is calculated by a spreadsheet; the last six are full-width forms.
FORMULA = tuple("=+-@|%\t\r\uff1d\uff0b\uff0d\uff20\uff5c\uff05")

# Where the person of this request or click is; set by the edge, for a page by that of its socket.
client_ip: ContextVar[str | None] = ContextVar("client_ip", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntryView:
    """One line of the diary."""

    id: UUID
    at: dt.datetime
    action: str
    user_id: UUID | None
    user_name: str | None
    user_email: str | None
    ip: str | None
    details: dict[str, Any]


def record(
    session: Session,
    workspace_id: UUID,
    action: str,
    *,
    user_id: UUID | None = None,
    subject: tuple[str, UUID] | None = None,
    ip: str | None = None,
    **details: Any,
) -> None:
    """Add an entry, in the transaction of what it tells. System-only: other services call it.

    `action` is noun.past_participle; `details` hold no secret and no message text. Without an `ip`
    it is that of the request at hand.
    """
    session.add(
        AuditEntry(
            workspace_id=workspace_id,
            action=action,
            user_id=user_id,
            subject_type=subject[0] if subject else None,
            subject_id=subject[1] if subject else None,
            ip=ip or client_ip.get(),
            details=details,
        )
    )


def list_entries(
    session: Session,
    actor: Actor,
    *,
    cursor: str | None = None,
    action: str | None = None,
    user_id: UUID | None = None,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    limit: int = PAGE,
) -> Page[AuditEntryView]:
    """Return the diary of the workspace, newest first.

    `action` is a whole one or its noun; entries are from `since` on and before `until`.
    """
    actor.require(Permission.AUDIT_READ)
    query = (
        select(AuditEntry, User)
        .join(User, col(User.id) == col(AuditEntry.user_id), isouter=True)
        .where(col(AuditEntry.workspace_id) == actor.workspace_id)
        .order_by(col(AuditEntry.created_at).desc(), col(AuditEntry.id).desc())
        .limit(limit + 1)
    )
    if action:
        query = query.where(
            or_(
                col(AuditEntry.action) == action,
                col(AuditEntry.action).startswith(f"{action}.", autoescape=True),
            )
        )
    if user_id:
        query = query.where(col(AuditEntry.user_id) == user_id)
    if since:
        query = query.where(col(AuditEntry.created_at) >= since)
    if until:
        query = query.where(col(AuditEntry.created_at) < until)
    if cursor and (place := Cursor.decode(cursor)):
        query = query.where(
            or_(
                col(AuditEntry.created_at) < place.at,
                and_(col(AuditEntry.created_at) == place.at, col(AuditEntry.id) < place.id),
            )
        )
    views = [_view(entry, user) for entry, user in session.exec(query).all()]
    last = views[limit - 1] if len(views) > limit else None
    return Page(
        items=views[:limit],
        next_cursor=Cursor(last.at, last.id).encode() if last else None,
    )


def begin_export(session: Session, actor: Actor) -> None:
    """Write down that the diary is taken along; refused where it may not be read."""
    actor.require(Permission.AUDIT_READ)
    record(session, actor.workspace_id, "audit.exported", user_id=actor.user_id)


def csv_head() -> str:
    """Return the line of the columns' names."""
    return _csv([["at", "action", "user", "email", "ip", "details"]])


def csv_lines(entries: Sequence[AuditEntryView]) -> str:
    """Return a CSV line for each entry; no spreadsheet calculates a cell of it."""
    return _csv([_cells(entry) for entry in entries])


def _cells(entry: AuditEntryView) -> list[str]:
    details = "; ".join(f"{name}: {value}" for name, value in entry.details.items())
    row = [entry.action, entry.user_name, entry.user_email, entry.ip, details]
    return [entry.at.isoformat(), *(_cell(value) for value in row)]


def _csv(rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows(rows)
    return out.getvalue()


def _cell(value: str | None) -> str:
    """Return a cell's text; what begins like a formula is shown, not calculated."""
    shown = "".join(char for char in value or "" if char.isprintable())
    return f"'{shown}" if shown.lstrip("\ufeff\u200b ").startswith(FORMULA) else shown


def _view(entry: AuditEntry, user: User | None) -> AuditEntryView:
    return AuditEntryView(
        id=entry.id,
        at=entry.created_at,
        action=entry.action,
        user_id=entry.user_id,
        user_name=user.name if user else None,
        user_email=user.email if user else None,
        ip=entry.ip,
        details=entry.details,
    )

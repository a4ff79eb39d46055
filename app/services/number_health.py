"""How a number is at Meta: quality, limits, name, token, webhooks; and its two switches.

What Graph said last is kept; `check` asks again. It opens its own transactions: no network inside.
"""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, func, or_, select

from app import db, events
from app.actor import Actor, Permission
from app.clock import utc_now
from app.errors import NotFound
from app.models import PhoneNumber, WhatsAppAccount
from app.models.enums import NoticeLevel
from app.services import notices, phone_numbers, whatsapp_accounts
from app.services.notices import Said
from app.services.whatsapp import management
from app.services.whatsapp.client import Credentials, GraphRefused
from app.services.whatsapp.management import NumberInfo

STALE = dt.timedelta(hours=6)
MOST_CHECKED = 200  # by one run of the job
TOKEN_WARNING = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthView:
    """What is known of a number at Meta; None is not known (yet). Words are Meta's own."""

    account_id: UUID | None
    waba_id: str | None
    is_sandbox: bool
    checked_at: dt.datetime | None
    problem: str | None
    quality_rating: str | None
    messaging_limit: str | None
    throughput: str | None
    name_status: str | None
    token_expires_at: dt.datetime | None
    is_subscribed: bool | None
    last_webhook_at: dt.datetime | None
    sends_read_receipts: bool
    sends_typing: bool
    unused_fields: tuple[str, ...] = ()  # of webhooks that nobody acts on here, by name


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    number: NumberInfo | None = None
    is_subscribed: bool | None = None
    token_expires_at: dt.datetime | None = None
    problem: str | None = None


def get(session: Session, actor: Actor, phone_number_id: UUID) -> HealthView:
    """Return what is known of a connected number.

    Raises:
        NotFound: it is missing, disconnected, or another workspace's.
    """
    actor.require(Permission.NUMBER_READ)
    found = session.exec(
        select(PhoneNumber, WhatsAppAccount)
        .join(
            WhatsAppAccount,
            (col(WhatsAppAccount.id) == col(PhoneNumber.account_id))
            & (col(WhatsAppAccount.workspace_id) == col(PhoneNumber.workspace_id)),
            isouter=True,
        )
        .where(
            col(PhoneNumber.workspace_id) == actor.workspace_id,
            col(PhoneNumber.id) == phone_number_id,
            col(PhoneNumber.disconnected_at).is_(None),
        )
    ).first()
    if found is None:
        raise NotFound
    return _view(*found)


def check(actor: Actor, phone_number_id: UUID) -> HealthView:
    """Ask Meta how a number is, and keep what it says; what it refuses is kept as the problem.

    Raises:
        PermissionDenied; NotFound.
        ProviderError: Meta could not be reached; nothing changes.
    """
    actor.require(Permission.NUMBER_CONNECT)
    with db.transaction(actor.workspace_id) as session:
        row = phone_numbers.lock(session, actor, phone_number_id)
        if row.account_id is None or row.meta_phone_number_id is None:
            return get(session, actor, phone_number_id)
        account = whatsapp_accounts.find(session, actor, row.account_id)
        credentials = whatsapp_accounts.credentials(account)
        account_id, waba_id, meta_id = account.id, account.waba_id, row.meta_phone_number_id
    found = _ask(credentials, waba_id, meta_id)
    with db.transaction(actor.workspace_id) as session:
        row = phone_numbers.lock(session, actor, phone_number_id)
        account = whatsapp_accounts.find(session, actor, account_id, lock=True)
        _keep(row, account, found)
        _warn(session, account)
        session.flush()
        return get(session, actor, phone_number_id)


def list_stale(session: Session) -> list[tuple[UUID, UUID]]:
    """Return workspace and id of numbers that nobody has asked Meta about for hours.

    Numbers of the sandbox are always well. System-only: a job.
    """
    rows = session.exec(
        select(PhoneNumber.workspace_id, PhoneNumber.id)
        .join(WhatsAppAccount, col(WhatsAppAccount.id) == col(PhoneNumber.account_id))
        .where(
            col(PhoneNumber.disconnected_at).is_(None),
            col(PhoneNumber.meta_phone_number_id).is_not(None),
            col(WhatsAppAccount.is_sandbox).is_(False),
            or_(
                col(PhoneNumber.checked_at).is_(None),
                col(PhoneNumber.checked_at) < utc_now() - STALE,
            ),
        )
        .order_by(func.random())  # those that cannot be reached keep nobody else waiting
        .limit(MOST_CHECKED)
    ).all()
    return [(workspace_id, number_id) for workspace_id, number_id in rows]


def switch(
    session: Session,
    actor: Actor,
    phone_number_id: UUID,
    *,
    sends_read_receipts: bool,
    sends_typing: bool,
) -> HealthView:
    """Say whether customers see that their messages were read, and that somebody is typing.

    Raises:
        NotFound.
    """
    actor.require(Permission.NUMBER_CONNECT)
    row = phone_numbers.lock(session, actor, phone_number_id)
    row.sends_read_receipts, row.sends_typing = sends_read_receipts, sends_typing
    session.flush()
    return get(session, actor, phone_number_id)


def _ask(credentials: Credentials, waba_id: str, meta_id: str) -> _Found:
    try:
        info = management.inspect_token(credentials)
        ends = dt.datetime.fromtimestamp(info.expires_at, dt.UTC) if info.expires_at > 0 else None
        return _Found(
            number=management.get_number(credentials, meta_id),
            is_subscribed=management.is_subscribed(credentials, waba_id),
            token_expires_at=ends,
        )
    except GraphRefused as error:
        return _Found(problem=error.message[:500])


def _keep(row: PhoneNumber, account: WhatsAppAccount, found: _Found) -> None:
    account.checked_at = row.checked_at = utc_now()
    account.problem = found.problem
    if found.number is None:
        return
    account.is_subscribed = found.is_subscribed
    account.token_expires_at = found.token_expires_at
    row.quality_rating = found.number.quality_rating
    row.messaging_limit = found.number.whatsapp_business_manager_messaging_limit
    row.name_status = found.number.name_status
    row.throughput = found.number.throughput.level if found.number.throughput else None


def _warn(session: Session, account: WhatsAppAccount) -> None:
    """Have people told before, and when, nothing can be sent any more."""
    ends, now = account.token_expires_at, utc_now()
    is_ending = not account.problem and ends is not None and ends - now < TOKEN_WARNING
    said = (
        Said(
            kind="token",
            level=NoticeLevel.DANGER if account.problem else None,
            text=account.problem or "",
        ),
        Said(
            kind="token_ends",
            level=NoticeLevel.WARNING if is_ending else None,
            text=ends.date().isoformat() if is_ending and ends else "",
        ),
    )
    for one in said:
        notices.put(db.driver(session), account.id, one, at=now)
    events.ring(session, events.Bell(events.inbox_topic(account.workspace_id)))


def _view(row: PhoneNumber, account: WhatsAppAccount | None) -> HealthView:
    return HealthView(
        account_id=row.account_id,
        waba_id=account.waba_id if account else None,
        is_sandbox=account.is_sandbox if account else False,
        checked_at=row.checked_at,
        problem=account.problem if account else None,
        quality_rating=row.quality_rating,
        messaging_limit=row.messaging_limit,
        throughput=row.throughput,
        name_status=row.name_status,
        token_expires_at=account.token_expires_at if account else None,
        is_subscribed=account.is_subscribed if account else None,
        last_webhook_at=account.last_webhook_at if account else None,
        sends_read_receipts=row.sends_read_receipts,
        sends_typing=row.sends_typing,
        unused_fields=tuple(sorted(account.unused_fields)) if account else (),
    )

"""Business numbers: connecting, listing, and what one needs to call Graph for them."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import func, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import Select

from app.actor import Actor, Permission
from app.clock import utc_now
from app.errors import Conflict, NotFound, ValidationFailed
from app.i18n import gettext as _
from app.i18n import mark
from app.ids import new_id
from app.models import PhoneNumber, WhatsAppAccount
from app.models.enums import PhoneNumberStatus
from app.services import audit, plans, verification, whatsapp_accounts
from app.services.account_text import ACCOUNT, Reader, meta_phone_number_id, read_all
from app.services.phone_text import e164, pretty
from app.services.text import is_storable
from app.services.whatsapp_accounts import NewAccount, webhook_path

NUMBERS = "phone_numbers"
MAX_NAME = 100


class PhoneNumberInUse(Conflict):
    """One workspace at a time holds a number."""

    code = "phone_number_in_use"
    sentence = mark("This number is connected in another workspace. Disconnect it there first.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneNumberView:
    """A number as pages and the API show it."""

    id: UUID
    account_id: UUID | None
    phone_number: str
    display_name: str | None
    status: PhoneNumberStatus
    status_reason: str | None
    is_sandbox: bool
    verified_at: dt.datetime | None
    quality_rating: str | None
    messaging_limit: str | None
    name_status: str | None
    code_asked_at: dt.datetime | None
    code_verified_at: dt.datetime | None
    created_at: dt.datetime

    @property
    def webhook_path(self) -> str | None:
        """Where Meta has to send its webhooks."""
        return webhook_path(self.account_id) if self.account_id else None

    @property
    def pretty(self) -> str:
        """The number, grouped as people write it."""
        return pretty(self.phone_number)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNumber:
    """All that it takes to use a number that is ready at Meta (or in the sandbox)."""

    phone_number: str
    meta_phone_number_id: str
    account: NewAccount
    display_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectedView:
    """A number that can send and receive, and where its webhooks go."""

    phone_number_id: UUID
    account_id: UUID
    webhook_path: str


def connect(
    session: Session, actor: Actor, number: NewNumber, *, enforce_plan: bool = True
) -> ConnectedView:
    """Store a number that is ready to use; again in the same workspace updates its credentials.

    Raises:
        EmailNotVerified: a real number, by a person whose address is not proven.
        ValidationFailed: with everything that is wrong in what was typed.
        PhoneNumberInUse: another workspace holds it.
        PhoneNumberLimitReached: the plan has no free number (unless it is the operator's doing).
    """
    actor.require(Permission.NUMBER_CONNECT)
    if not number.account.is_sandbox:
        verification.require_verified(session, actor)
    number = _checked(number)
    phone, meta_id = number.phone_number, number.meta_phone_number_id
    if _is_taken(session, actor.workspace_id, phone, meta_id):
        raise PhoneNumberInUse
    account = whatsapp_accounts.keep(session, actor, number.account)
    row = _own(session, actor, meta_id, phone)
    if row is None:
        if enforce_plan:
            require_free_number(session, actor)
        row = PhoneNumber(workspace_id=actor.workspace_id, phone_number=phone)
        session.add(row)
    row.account_id = account.id
    row.phone_number = phone
    row.meta_phone_number_id = meta_id
    row.display_name = number.display_name or row.display_name
    row.status, row.status_reason = PhoneNumberStatus.VERIFIED, None
    row.verified_at = row.verified_at or utc_now()
    try:
        session.flush()
    except IntegrityError as error:
        raise PhoneNumberInUse from error
    audit.record(
        session,
        actor.workspace_id,
        "phone_number.connected",
        user_id=actor.user_id,
        subject=("phone_number", row.id),
    )
    return ConnectedView(
        phone_number_id=row.id,
        account_id=account.id,
        webhook_path=webhook_path(account.id),
    )


def add(session: Session, actor: Actor, *, phone_number: str, display_name: str) -> PhoneNumberView:
    """Add a number that is not at Meta yet: PENDING, and it counts against the plan at once.

    Raises:
        PermissionDenied, EmailNotVerified, ValidationFailed, SubscriptionRequired,
        PhoneNumberLimitReached, PhoneNumberInUse: in this order; nothing is added.
    """
    actor.require(Permission.NUMBER_CONNECT)
    verification.require_verified(session, actor)
    read = read_all(READERS, {"phone_number": phone_number, "display_name": display_name})
    phone, name = read["phone_number"], read["display_name"]
    require_free_number(session, actor)
    row = PhoneNumber(
        id=new_id(), workspace_id=actor.workspace_id, phone_number=phone, display_name=name
    )
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        raise PhoneNumberInUse from error
    audit.record(
        session,
        actor.workspace_id,
        "phone_number.added",
        user_id=actor.user_id,
        subject=("phone_number", row.id),
    )
    return get(session, actor, row.id)


def rename(
    session: Session, actor: Actor, phone_number_id: UUID, *, display_name: str
) -> PhoneNumberView:
    """Change the name under which the team sees a number; Meta's own stays.

    Raises:
        ValidationFailed, NotFound.
    """
    actor.require(Permission.NUMBER_CONNECT)
    name = _name(display_name)
    row = lock(session, actor, phone_number_id)
    row.display_name = name
    session.flush()
    return get(session, actor, phone_number_id)


def disconnect(session: Session, actor: Actor, phone_number_id: UUID) -> None:
    """Let go of a number: it neither sends nor receives here, its conversations stay.

    Its siblings of the same WhatsApp account go on as before.

    Raises:
        NotFound: it is missing, or disconnected already.
    """
    actor.require(Permission.NUMBER_CONNECT)
    row = lock(session, actor, phone_number_id)
    row.disconnected_at = utc_now()
    audit.record(
        session,
        actor.workspace_id,
        "phone_number.disconnected",
        user_id=actor.user_id,
        subject=("phone_number", row.id),
        number=row.phone_number,
    )


def require_free_number(session: Session, actor: Actor) -> None:
    """Make sure that the plan has a free number, under the lock of the subscription.

    Raises:
        SubscriptionRequired, PhoneNumberLimitReached.
    """
    subscription, plan = plans.require_sending(session, actor.workspace_id)
    session.refresh(subscription, with_for_update=True)
    used = session.exec(
        select(func.count())
        .select_from(PhoneNumber)
        .where(
            col(PhoneNumber.workspace_id) == actor.workspace_id,
            col(PhoneNumber.disconnected_at).is_(None),
        )
    ).one()
    if used >= plan.max_phone_numbers:
        raise plans.PhoneNumberLimitReached


def list_all(session: Session, actor: Actor) -> list[PhoneNumberView]:
    """Return the workspace's connected numbers, oldest first."""
    actor.require(Permission.NUMBER_READ)
    query = _connected(actor).order_by(col(PhoneNumber.created_at), col(PhoneNumber.id))
    return [_view(*row) for row in session.exec(query).all()]


def get(session: Session, actor: Actor, phone_number_id: UUID) -> PhoneNumberView:
    """Return one connected number.

    Raises:
        NotFound: it is missing, disconnected, or another workspace's.
    """
    actor.require(Permission.NUMBER_READ)
    row = session.exec(_connected(actor).where(col(PhoneNumber.id) == phone_number_id)).first()
    if row is None:
        raise NotFound
    return _view(*row)


def lock(session: Session, actor: Actor, phone_number_id: UUID) -> PhoneNumber:
    """Return the row of a connected number, locked. System-only: whoever changes it has asked.

    Raises:
        NotFound: it is missing, disconnected, or another workspace's.
    """
    row = session.exec(
        select(PhoneNumber)
        .where(
            col(PhoneNumber.workspace_id) == actor.workspace_id,
            col(PhoneNumber.id) == phone_number_id,
            col(PhoneNumber.disconnected_at).is_(None),
        )
        .with_for_update()
    ).first()
    if row is None:
        raise NotFound
    return row


def _name(display_name: str) -> str:
    name = display_name.strip()
    if not 1 <= len(name) <= MAX_NAME or not is_storable(name):
        raise ValidationFailed({"display_name": _("Give it a name, in at most 100 characters.")})
    return name


READERS: Mapping[str, Reader] = {
    "phone_number": e164,
    "display_name": _name,
    "meta_phone_number_id": meta_phone_number_id,
    **ACCOUNT,
}


def _checked(number: NewNumber) -> NewNumber:
    """Return a number and its account with their texts in their stored form."""
    typed = asdict(number) | asdict(number.account)
    read = read_all(READERS, {name: typed[name] for name in READERS})
    account: dict[str, Any] = {name: read.get(name) for name in ACCOUNT}
    return replace(
        number,
        phone_number=read["phone_number"],
        meta_phone_number_id=read["meta_phone_number_id"],
        display_name=read.get("display_name"),
        account=replace(number.account, **account),
    )


def _connected(actor: Actor) -> Select[PhoneNumber, bool]:
    return (
        select(PhoneNumber, WhatsAppAccount.is_sandbox)
        .join(
            WhatsAppAccount,
            (col(WhatsAppAccount.id) == col(PhoneNumber.account_id))
            & (col(WhatsAppAccount.workspace_id) == col(PhoneNumber.workspace_id)),
            isouter=True,
        )
        .where(
            col(PhoneNumber.workspace_id) == actor.workspace_id,
            col(PhoneNumber.disconnected_at).is_(None),
        )
    )


def _view(row: PhoneNumber, is_sandbox: bool | None) -> PhoneNumberView:  # noqa: FBT001  # a column
    return PhoneNumberView(
        id=row.id,
        account_id=row.account_id,
        phone_number=row.phone_number,
        display_name=row.display_name,
        status=row.status,
        status_reason=row.status_reason,
        is_sandbox=bool(is_sandbox),
        verified_at=row.verified_at,
        quality_rating=row.quality_rating,
        messaging_limit=row.messaging_limit,
        name_status=row.name_status,
        code_asked_at=row.code_asked_at,
        code_verified_at=row.code_verified_at,
        created_at=row.created_at,
    )


def _own(
    session: Session, actor: Actor, meta_phone_number_id: str, phone: str
) -> PhoneNumber | None:
    """Return this workspace's connected row of the number."""
    return session.exec(
        select(PhoneNumber)
        .where(
            col(PhoneNumber.workspace_id) == actor.workspace_id,
            col(PhoneNumber.disconnected_at).is_(None),
            (col(PhoneNumber.meta_phone_number_id) == meta_phone_number_id)
            | (col(PhoneNumber.phone_number) == phone),
        )
        .with_for_update()
    ).first()


def _is_taken(session: Session, workspace_id: UUID, phone: str, meta_id: str) -> bool:
    return bool(
        session.connection()
        .execute(
            text("SELECT number_is_taken(:phone, :meta_id, :workspace)"),
            {"phone": phone, "meta_id": meta_id, "workspace": workspace_id},
        )
        .scalar_one()
    )

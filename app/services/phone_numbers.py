"""Business numbers: connecting, listing, and what one needs to call Graph for them."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

import phonenumbers
from sqlalchemy import func, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import Select

from app import ids, paths
from app.actor import Actor, Permission
from app.clock import utc_now
from app.config import settings
from app.crypto import new_token
from app.errors import Conflict, NotFound, ValidationFailed
from app.i18n import gettext as _
from app.i18n import mark
from app.models import PhoneNumber, WhatsAppAccount
from app.models.enums import PhoneNumberStatus
from app.services import audit, plans, verification
from app.services.secrets import Bound, open_secret, seal
from app.services.whatsapp.client import Credentials

ACCOUNTS, NUMBERS = "whatsapp_accounts", "phone_numbers"
MIN_DIGITS, MAX_DIGITS = 7, 15  # ITU-T E.164 sets the upper limit


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
    waba_id: str
    access_token: str
    app_secret: str | None = None
    verify_token: str | None = None
    graph_url: str | None = None
    display_name: str | None = None
    is_sandbox: bool = False


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
        ValidationFailed: the number is not E.164.
        PhoneNumberInUse: another workspace holds it.
        PhoneNumberLimitReached: the plan has no free number (unless it is the operator's doing).
    """
    actor.require(Permission.NUMBER_CONNECT)
    if not number.is_sandbox:
        verification.require_verified(session, actor)
    phone = e164(number.phone_number)
    if _is_taken(session, actor.workspace_id, phone, number.meta_phone_number_id):
        raise PhoneNumberInUse
    account = _account(session, actor, number)
    row = _own(session, actor, number.meta_phone_number_id, phone)
    if row is None:
        if enforce_plan:
            require_free_number(session, actor)
        row = PhoneNumber(workspace_id=actor.workspace_id, phone_number=phone)
        session.add(row)
    row.account_id = account.id
    row.phone_number = phone
    row.meta_phone_number_id = number.meta_phone_number_id
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


def graph_url_of(stored: str | None, *, is_sandbox: bool) -> str:
    """Return where an account's Graph is; the sandbox's moves with PORT and BASE_URL."""
    if is_sandbox:
        return settings().sandbox_graph_url
    return (stored or settings().whatsapp_graph_url).rstrip("/")


def credentials_of(bound: Bound, graph_url: str, access_token: bytes) -> Credentials:
    """Return where and as whom to call Graph, from the row of an account."""
    return Credentials(
        graph_url=graph_url,
        version=settings().whatsapp_graph_version,
        access_token=open_secret(access_token, bound, "access_token") or "",
    )


def webhook_path(account_id: UUID) -> str:
    """Return the path at which an account's webhooks arrive."""
    return f"{paths.WHATSAPP_WEBHOOK}/{account_id}"


def e164(value: str) -> str:
    """Return a number in its E.164 form: +, a country code that exists, 7 to 15 digits in all.

    Whether a country has numbers of that length is not asked: WhatsApp uses lengths that the
    tables of numbering plans do not know, as in +521… for Mexico.

    Raises:
        ValidationFailed: it cannot be a phone number, or it says more than one (an extension).
    """
    written = value.strip()
    try:
        parsed = phonenumbers.parse(written, None)
    except phonenumbers.NumberParseException:
        parsed = None
    # The library reads letters as the keys of a telephone: +1800FLOWERS would be a number to it.
    has_letters = any(character.isalpha() for character in written)
    if parsed is None or parsed.extension or has_letters or not written.startswith("+"):
        raise ValidationFailed(
            {"phone_number": _("Write the number with + and its country code, like +447700900148.")}
        )
    number = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    if not MIN_DIGITS <= len(number) - 1 <= MAX_DIGITS:
        raise ValidationFailed(
            {"phone_number": _("A phone number has 7 to 15 digits, the country code included.")}
        )
    return number


def pretty(e164_number: str) -> str:
    """Return a number grouped as people write it; as it is when it is unusual."""
    try:
        parsed = phonenumbers.parse(e164_number, None)
    except phonenumbers.NumberParseException:
        return e164_number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


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
        created_at=row.created_at,
    )


def _account(session: Session, actor: Actor, number: NewNumber) -> WhatsAppAccount:
    account = session.exec(
        select(WhatsAppAccount).where(
            col(WhatsAppAccount.workspace_id) == actor.workspace_id,
            col(WhatsAppAccount.waba_id) == number.waba_id,
        )
    ).first()
    if account is None:
        account = WhatsAppAccount(
            id=ids.new_id(),
            workspace_id=actor.workspace_id,
            waba_id=number.waba_id,
            access_token=b"",
        )
        session.add(account)
    bound = Bound(ACCOUNTS, actor.workspace_id, account.id)
    account.access_token = seal(number.access_token, bound, "access_token")
    if number.app_secret:
        account.app_secret = seal(number.app_secret, bound, "app_secret")
    if number.verify_token or account.verify_token is None:
        token = number.verify_token or new_token()  # Meta shows it when it verifies our address
        account.verify_token = seal(token, bound, "verify_token")
    account.graph_url = number.graph_url
    account.is_sandbox = number.is_sandbox
    session.flush()
    return account


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

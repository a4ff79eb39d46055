"""Numbers that a business has at Meta already, connected by its own token, and that token renewed.

Meta is asked before anything is kept. Each function opens its own transactions: no network inside.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from app import db
from app.actor import Actor, Permission
from app.clock import utc_now
from app.config import settings
from app.errors import NotFound, ValidationFailed
from app.i18n import gettext as _
from app.models.enums import PhoneNumberStatus
from app.services import audit, phone_numbers, verification, whatsapp_accounts
from app.services.account_text import ACCOUNT, read_all
from app.services.phone_numbers import MAX_NAME, NewNumber, PhoneNumberView
from app.services.secrets import seal
from app.services.whatsapp import management
from app.services.whatsapp.client import Credentials, GraphRefused
from app.services.whatsapp.management import NumberInfo
from app.services.whatsapp_accounts import NewAccount, bound_to, graph_url_of, webhook_path

SCOPES = ("whatsapp_business_management", "whatsapp_business_messaging")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAccount:
    """What a person types who brings an account: its id, a token for it, the app's secret."""

    waba_id: str
    access_token: str
    app_secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundNumber:
    """A number of the account as Meta knows it."""

    meta_id: str
    phone_number: str
    verified_name: str | None
    is_registered: bool
    is_proven: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundAccount:
    """What a token opens: numbers to choose from, and when it ends (None: it lasts)."""

    numbers: tuple[FoundNumber, ...]
    token_expires_at: dt.datetime | None


def look_up(actor: Actor, account: OwnAccount) -> FoundAccount:
    """Ask Meta what the token opens. Nothing is kept.

    Raises:
        PermissionDenied, EmailNotVerified.
        ValidationFailed: a field is empty, or the token may not do what we need; says which.
        GraphRefused, ProviderError: what Meta says.
    """
    actor.require(Permission.NUMBER_CONNECT)
    with db.transaction(actor.workspace_id) as session:
        verification.require_verified(session, actor)
    checked = _checked(account)
    credentials = _credentials(checked.access_token)
    expires_at = _require_scopes(credentials)
    numbers = management.list_numbers(credentials, checked.waba_id)
    found = tuple(one for one in map(_found, numbers) if one is not None)
    return FoundAccount(numbers=found, token_expires_at=expires_at)


def connect(actor: Actor, account: OwnAccount, meta_ids: Sequence[str]) -> list[PhoneNumberView]:
    """Keep the account and the chosen numbers, then have their webhooks sent here.

    A number that is registered at Meta is VERIFIED when its webhooks come here, and FAILED with
    Meta's reason when they do not (`retry`). One that is not registered stays PENDING; its way goes
    on in `registration`.

    Raises:
        PermissionDenied, EmailNotVerified, ValidationFailed, SubscriptionRequired,
        PhoneNumberLimitReached, PhoneNumberInUse: none of the numbers is kept.
        GraphRefused, ProviderError: Meta no longer takes the token; nothing is kept.
    """
    checked = _checked(account)
    by_id = {one.meta_id: one for one in look_up(actor, checked).numbers}
    chosen = [by_id[meta_id] for meta_id in dict.fromkeys(meta_ids) if meta_id in by_id]
    if not chosen:
        raise ValidationFailed({"numbers": _("Choose at least one number.")})
    with db.transaction(actor.workspace_id) as session:
        views = []
        for one in chosen:
            connected = phone_numbers.connect(session, actor, _new_number(checked, one))
            row = phone_numbers.lock(session, actor, connected.phone_number_id)
            row.status = PhoneNumberStatus.PENDING
            row.code_verified_at = row.verified_at if one.is_proven else None
            row.verified_at = None
            session.flush()
            views.append(phone_numbers.get(session, actor, row.id))
    registered = [view for view, one in zip(views, chosen, strict=True) if one.is_registered]
    waiting = [view for view, one in zip(views, chosen, strict=True) if not one.is_registered]
    return [retry(actor, view.id) for view in registered] + waiting


def retry(actor: Actor, phone_number_id: UUID) -> PhoneNumberView:
    """Have the webhooks of a number's account sent here: VERIFIED, or FAILED with Meta's reason.

    Raises:
        PermissionDenied; NotFound: no such number, or it has no account yet.
        ProviderError: Meta could not be reached; FAILED says so, too.
    """
    actor.require(Permission.NUMBER_CONNECT)
    with db.transaction(actor.workspace_id) as session:
        number = phone_numbers.lock(session, actor, phone_number_id)
        if number.account_id is None:
            raise NotFound
        account = whatsapp_accounts.find(session, actor, number.account_id)
        credentials = whatsapp_accounts.credentials(account)
        verify_token = whatsapp_accounts.verify_token(account)
        account_id, waba_id = account.id, account.waba_id
    reason: str | None = None
    try:
        management.subscribe(
            credentials,
            waba_id,
            callback_url=settings().public_url + webhook_path(account_id),
            verify_token=verify_token,
        )
    except GraphRefused as error:
        reason = error.message[:500]
    with db.transaction(actor.workspace_id) as session:
        row = phone_numbers.lock(session, actor, phone_number_id)
        row.status = PhoneNumberStatus.FAILED if reason else PhoneNumberStatus.VERIFIED
        row.status_reason = reason
        row.verified_at = row.verified_at if reason else row.verified_at or utc_now()
        session.flush()
        return phone_numbers.get(session, actor, phone_number_id)


def replace_token(
    actor: Actor, account_id: UUID, *, access_token: str, app_secret: str = ""
) -> None:
    """Put another token in place of an account's, once Meta has shown that it opens the account.

    The old one is used until that moment, so no message fails between the two. Without an app
    secret the one of before stays.

    Raises:
        PermissionDenied; NotFound: no such account of one's own.
        ValidationFailed, GraphRefused, ProviderError: the old token stays.
    """
    actor.require(Permission.NUMBER_CONNECT)
    with db.transaction(actor.workspace_id) as session:
        row = whatsapp_accounts.find(session, actor, account_id)
        if row.is_sandbox:
            raise NotFound
        waba_id, graph_url = row.waba_id, row.graph_url
    typed = {"access_token": access_token, "app_secret": app_secret.strip() or None}
    read = read_all(ACCOUNT, typed)
    token, secret = read["access_token"], read.get("app_secret")
    credentials = _credentials(token, graph_url)
    _require_scopes(credentials)
    management.list_numbers(credentials, waba_id)
    with db.transaction(actor.workspace_id) as session:
        row = whatsapp_accounts.find(session, actor, account_id, lock=True)
        row.access_token = seal(token, bound_to(row), "access_token")
        if secret:
            row.app_secret = seal(secret, bound_to(row), "app_secret")
        audit.record(
            session,
            actor.workspace_id,
            "phone_number.token_replaced",
            user_id=actor.user_id,
            subject=("whatsapp_account", account_id),
            account=waba_id,
        )


def _checked(account: OwnAccount) -> OwnAccount:
    return OwnAccount(**read_all(ACCOUNT, asdict(account)))


def _credentials(access_token: str, graph_url: str | None = None) -> Credentials:
    return Credentials(
        graph_url=graph_url_of(graph_url, is_sandbox=False),
        version=settings().whatsapp_graph_version,
        access_token=access_token,
    )


def _require_scopes(credentials: Credentials) -> dt.datetime | None:
    """Return when a token ends; raise where it may not do what we need."""
    info = management.inspect_token(credentials)
    missing = [scope for scope in SCOPES if scope not in info.scopes]
    if not info.is_valid:
        raise ValidationFailed({"access_token": _("Meta says that this token has ended.")})
    if missing:
        said = _("The token lacks the permission {scopes}.").format(scopes=", ".join(missing))
        raise ValidationFailed({"access_token": said})
    return dt.datetime.fromtimestamp(info.expires_at, dt.UTC) if info.expires_at > 0 else None


def _found(number: NumberInfo) -> FoundNumber | None:
    """Return a number in our form; None for one whose own number Meta does not tell."""
    digits = "".join(filter(str.isdigit, number.display_phone_number or ""))
    if not digits:
        return None
    return FoundNumber(
        meta_id=number.id,
        phone_number=f"+{digits}",
        verified_name=(number.verified_name or "")[:MAX_NAME] or None,
        is_registered=number.platform_type == "CLOUD_API",
        is_proven=number.code_verification_status == "VERIFIED",
    )


def _new_number(account: OwnAccount, number: FoundNumber) -> NewNumber:
    return NewNumber(
        phone_number=number.phone_number,
        meta_phone_number_id=number.meta_id,
        account=NewAccount(
            waba_id=account.waba_id,
            access_token=account.access_token,
            app_secret=account.app_secret,
        ),
        display_name=number.verified_name,
    )

"""The steps that ask Meta on a new number's way: known there, proven by a code, registered.

PENDING until it is registered, then VERIFIED; FAILED with Meta's reason where registering did not
work. Every step can be repeated, so the way can be left and taken up again. Each opens its own
transactions: no network inside one.
"""

import datetime as dt
import re
import secrets as random
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from sqlmodel import Session, col, select

from app import db
from app.actor import Actor, Permission
from app.clock import utc_now
from app.config import settings
from app.errors import Conflict, ValidationFailed
from app.i18n import gettext as _
from app.i18n import mark
from app.models import WhatsAppAccount
from app.models.enums import PhoneNumberStatus
from app.services import phone_numbers, whatsapp_accounts
from app.services.phone_numbers import NUMBERS, PhoneNumberView
from app.services.secrets import Bound, open_secret, seal
from app.services.whatsapp import management
from app.services.whatsapp.client import Credentials, GraphRefused
from app.services.whatsapp_accounts import webhook_path

T = TypeVar("T")

SIX_DIGITS = re.compile(r"[0-9]{6}")
LANGUAGE = re.compile(r"[a-z]{2}_[A-Z]{2}")


class CodeMethod(StrEnum):
    """How Meta tells the code."""

    SMS = "SMS"
    VOICE = "VOICE"


class AccountRequired(Conflict):
    """There is no WhatsApp account that the number could belong to."""

    code = "account_required"
    sentence = mark(
        "Connect a WhatsApp account or a sandbox number first; a number belongs to one."
    )


class NotVerified(Conflict):
    """Registering comes after the code."""

    code = "number_not_verified"
    sentence = mark("Ask for a code and show it first; then the number can be registered.")


class AlreadyRegistered(Conflict):
    """There is nothing left to do for this number."""

    code = "number_registered"
    sentence = mark("This number is registered already.")


class Step(StrEnum):
    """What comes next on a number's way."""

    ASK = "ask"
    CODE = "code"
    REGISTER = "register"
    SUBSCRIBE = "subscribe"
    DONE = "done"


def next_step(number: PhoneNumberView) -> Step:
    """Return what is to be done next for a number, by what was done before."""
    if number.status is PhoneNumberStatus.VERIFIED:
        return Step.DONE
    if number.status is PhoneNumberStatus.FAILED and number.code_asked_at is None:
        return Step.SUBSCRIBE  # it was registered already when it was brought along
    if number.code_verified_at is not None:
        return Step.REGISTER
    return Step.ASK if number.code_asked_at is None else Step.CODE


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """A number on its way, with what one needs to ask Graph about it."""

    id: UUID
    account_id: UUID
    waba_id: str
    credentials: Credentials
    phone_number: str
    name: str
    meta_id: str | None
    is_proven: bool
    verify_token: str
    pin: str | None


def request_code(
    actor: Actor, phone_number_id: UUID, *, method: CodeMethod, language: str
) -> PhoneNumberView:
    """Have Meta send a code to the number; the first time it is added to the account there.

    Raises:
        ValidationFailed, NotFound, AccountRequired, AlreadyRegistered: Meta was not asked.
        GraphRefused, ProviderError: what Meta said is kept with the number.
    """
    actor.require(Permission.NUMBER_CONNECT)
    if not LANGUAGE.fullmatch(language):
        raise ValidationFailed({"language": _("Name the language like en_US.")})
    target = _target(actor, phone_number_id)
    meta_id = target.meta_id or _ask(actor, target, lambda: _add(target))
    _note(actor, target, meta_phone_number_id=meta_id, account_id=target.account_id)
    _ask(
        actor,
        target,
        lambda: management.request_code(
            target.credentials, meta_id, method=method.value, language=language
        ),
    )
    return _note(actor, target, code_asked_at=utc_now(), status_reason=None)


def verify_code(actor: Actor, phone_number_id: UUID, *, code: str) -> PhoneNumberView:
    """Show Meta the code that the number was sent.

    Raises:
        ValidationFailed, NotFound, AccountRequired, AlreadyRegistered, NotVerified (no code was
        asked for): Meta was not asked.
        GraphRefused, ProviderError: what Meta said is kept with the number.
    """
    actor.require(Permission.NUMBER_CONNECT)
    typed = re.sub(r"[\s-]", "", code)
    if not SIX_DIGITS.fullmatch(typed):
        raise ValidationFailed({"code": _("The code has six digits.")})
    target = _target(actor, phone_number_id)
    meta_id = _known(target)
    _ask(actor, target, lambda: management.verify_code(target.credentials, meta_id, typed))
    return _note(actor, target, code_verified_at=utc_now(), status_reason=None)


def register(actor: Actor, phone_number_id: UUID, *, pin: str | None = None) -> PhoneNumberView:
    """Register a proven number and have its webhooks sent here: VERIFIED, it can send.

    Without a PIN the one of before, or a new one, is used and kept, encrypted.

    Raises:
        ValidationFailed, NotFound, AccountRequired, AlreadyRegistered, NotVerified: Meta was not
        asked.
        GraphRefused, ProviderError: what Meta said is kept with the number, which is FAILED.
    """
    actor.require(Permission.NUMBER_CONNECT)
    if pin is not None and not SIX_DIGITS.fullmatch(pin):
        raise ValidationFailed({"pin": _("The PIN has six digits.")})
    target = _target(actor, phone_number_id)
    meta_id = _known(target)
    if not target.is_proven:
        raise NotVerified
    chosen = pin or target.pin or f"{random.randbelow(10**6):06}"
    bound = Bound(NUMBERS, actor.workspace_id, target.id)
    _note(actor, target, pin=seal(chosen, bound, "pin"))
    _ask(
        actor,
        target,
        lambda: _register(target, meta_id, chosen),
        failed=PhoneNumberStatus.FAILED,
    )
    return _note(
        actor,
        target,
        status=PhoneNumberStatus.VERIFIED,
        status_reason=None,
        verified_at=utc_now(),
    )


def _add(target: _Target) -> str:
    """Return Meta's id of the number: the account may have it already, from a try that we lost."""
    digits = target.phone_number.lstrip("+")
    for one in management.list_numbers(target.credentials, target.waba_id):
        if "".join(filter(str.isdigit, one.display_phone_number or "")) == digits:
            return one.id
    return management.add_number(
        target.credentials, target.waba_id, target.phone_number, target.name
    )


def _register(target: _Target, meta_id: str, pin: str) -> None:
    management.register(target.credentials, meta_id, pin)
    management.subscribe(
        target.credentials,
        target.waba_id,
        callback_url=settings().public_url + webhook_path(target.account_id),
        verify_token=target.verify_token,
    )


def _known(target: _Target) -> str:
    if target.meta_id is None:
        raise NotVerified
    return target.meta_id


def _target(actor: Actor, phone_number_id: UUID) -> _Target:
    with db.transaction(actor.workspace_id) as session:
        row = phone_numbers.lock(session, actor, phone_number_id)
        if row.status is PhoneNumberStatus.VERIFIED:
            raise AlreadyRegistered
        account = _account(session, actor, row.account_id)
        return _Target(
            id=row.id,
            account_id=account.id,
            waba_id=account.waba_id,
            credentials=whatsapp_accounts.credentials(account),
            phone_number=row.phone_number,
            name=row.display_name or row.phone_number,
            meta_id=row.meta_phone_number_id,
            is_proven=row.code_verified_at is not None,
            verify_token=whatsapp_accounts.verify_token(account),
            pin=open_secret(row.pin, Bound(NUMBERS, actor.workspace_id, row.id), "pin"),
        )


def _account(session: Session, actor: Actor, account_id: UUID | None) -> WhatsAppAccount:
    """Return the number's account; one that has none yet gets the workspace's newest."""
    query = select(WhatsAppAccount).where(col(WhatsAppAccount.workspace_id) == actor.workspace_id)
    if account_id is not None:
        query = query.where(col(WhatsAppAccount.id) == account_id)
    account = session.exec(query.order_by(col(WhatsAppAccount.created_at).desc())).first()
    if account is None:
        raise AccountRequired
    return account


def _ask(
    actor: Actor,
    target: _Target,
    question: Callable[[], T],
    *,
    failed: PhoneNumberStatus = PhoneNumberStatus.PENDING,
) -> T:
    """Ask Graph, and keep what it refuses with the number."""
    try:
        return question()
    except GraphRefused as error:
        _note(actor, target, status=failed, status_reason=error.message[:500])
        raise


def _note(
    actor: Actor, target: _Target, **columns: dt.datetime | str | bytes | UUID | None
) -> PhoneNumberView:
    """Write what is known by now into the number's row, unless it was registered meanwhile."""
    with db.transaction(actor.workspace_id) as session:
        row = phone_numbers.lock(session, actor, target.id)
        if row.status is PhoneNumberStatus.VERIFIED:
            raise AlreadyRegistered
        for name, value in columns.items():
            setattr(row, name, value)
        session.flush()
        return phone_numbers.get(session, actor, target.id)

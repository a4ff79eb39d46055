"""Whether a person's e-mail address is theirs: a mailed link proves it.

Until then they can use the sandbox, but connect no real number and invite nobody. Who mistyped the
address names another one; it becomes theirs when its link is opened, never before, so that nobody
learns from it who has an account.
"""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from app.actor import Actor
from app.clock import utc_now
from app.errors import Conflict, PermissionDenied, RateLimited, ValidationFailed
from app.i18n import gettext as _
from app.i18n import mark
from app.models import ApiKey, User
from app.models.enums import TokenPurpose
from app.services import audit, rate_limits, sessions, tokens, users
from app.services.rate_limits import Limit, account_key
from app.services.text import normal_address

PAUSE = dt.timedelta(seconds=30)


class EmailNotVerified(PermissionDenied):
    """The person has not opened the link that we mailed."""

    code = "email_not_verified"
    sentence = mark(
        "Confirm your e-mail address first: open the link that we sent you, or ask for a new one"
        " in your profile."
    )


class AlreadyVerified(Conflict):
    """There is nothing to confirm."""

    code = "already_verified"
    sentence = mark("Your e-mail address is confirmed already.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitedView:
    """Where the link was sent that has not been opened."""

    address: str


def awaited(session: Session, actor: Actor) -> AwaitedView | None:
    """Return where one's own link was sent; None where the address is confirmed."""
    user = session.get_one(User, actor.require_person())
    if user.email_verified_at is not None:
        return None
    return AwaitedView(address=_awaited(session, user))


def ask_again(session: Session, actor: Actor) -> None:
    """Mail a new link to oneself; the older one is void.

    Raises:
        AlreadyVerified: there is nothing to confirm.
        RateLimited: too many links, or the last one was sent a moment ago.
    """
    user = _unverified(session, actor.require_person())
    latest = tokens.latest(session, TokenPurpose.VERIFY_EMAIL, user.id)
    if latest is not None and (left := latest.created_at + PAUSE - utc_now()) > dt.timedelta():
        raise RateLimited(int(left.total_seconds()) + 1)
    rate_limits.require((Limit.VERIFY_ACCOUNT, str(user.id)))
    users.ask_to_verify(session, user, _awaited(session, user))


def change_address(session: Session, actor: Actor, *, email: str) -> None:
    """Mail the link to another address than the one that was mistyped; older links are void.

    An address that has an account is treated alike, but its owner gets another letter.

    Raises:
        AlreadyVerified: the address is confirmed, and stays.
        ValidationFailed: this is no address.
        RateLimited: too many links, from this person or to this address.
    """
    user = _unverified(session, actor.require_person())
    address = normal_address(email)
    if not address:
        raise ValidationFailed({"email": _("This does not look like an e-mail address.")})
    rate_limits.require(
        (Limit.VERIFY_ACCOUNT, str(user.id)), (Limit.VERIFY_ACCOUNT, f"to {account_key(address)}")
    )
    user = users.lock(session, user.id)
    if user.email_verified_at is not None:
        raise AlreadyVerified
    # Whoever reads the mail of the mistyped address may have asked for it.
    tokens.revoke(session, TokenPurpose.RESET_PASSWORD, user.id)
    users.ask_to_verify(session, user, address)
    audit.record(
        session,
        actor.workspace_id,
        "user.address_changed",
        user_id=user.id,
        subject=("user", user.id),
        before=user.email,
        after=address,
    )


def verify(session: Session, token: str) -> UUID:
    """Spend a mailed link; returns whose address it has proven. System-only: a door.

    Raises:
        TokenSpent: it is used, too old, or for another address by now.
    """
    user_id = tokens.whose(session, TokenPurpose.VERIFY_EMAIL, token)
    if user_id is None:
        raise tokens.TokenSpent
    user = users.lock(session, user_id)
    row = tokens.use(session, TokenPurpose.VERIFY_EMAIL, token)
    if row.email is None or row.data.get("present", row.email) != user.email:
        raise tokens.TokenSpent
    if user.email_verified_at is None:
        user.email, user.email_verified_at = row.email, utc_now()
    elif user.email != row.email:  # proven otherwise meanwhile, and stays
        raise tokens.TokenSpent
    session.add(user)
    try:
        session.flush()
    except IntegrityError as error:  # somebody else has the address meanwhile
        raise tokens.TokenSpent from error
    sessions.ring_person(session, user.id)
    return user.id


def require_verified(session: Session, actor: Actor) -> None:
    """Make sure that the person's address is theirs. System-only: services call it.

    A program may do no more here than the person who made its key.

    Raises:
        EmailNotVerified: a person whose address is not proven, or their program. The system, and
            keys of its making, pass.
    """
    key = session.get(ApiKey, actor.api_key_id) if actor.api_key_id else None
    person = key.creator_id if key else actor.user_id
    user = session.get(User, person) if person else None
    if user is not None and user.email_verified_at is None:
        raise EmailNotVerified


def _awaited(session: Session, user: User) -> str:
    """Return which address the live link would prove: perhaps not the one that was mistyped."""
    latest = tokens.latest(session, TokenPurpose.VERIFY_EMAIL, user.id)
    return (latest.email if latest else None) or user.email


def _unverified(session: Session, user_id: UUID) -> User:
    user = session.get_one(User, user_id)
    if user.email_verified_at is not None:
        raise AlreadyVerified
    return user

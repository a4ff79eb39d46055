"""Whether a person's e-mail address is theirs: a mailed link proves it.

Until then they can use the sandbox, but connect no real number and invite nobody.
"""

from uuid import UUID

from sqlmodel import Session

from app.actor import Actor
from app.clock import utc_now
from app.errors import Conflict, PermissionDenied
from app.i18n import mark
from app.models import User
from app.models.enums import TokenPurpose
from app.services import rate_limits, sessions, tokens
from app.services.mails import letters, post
from app.services.rate_limits import Limit


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


def ask(session: Session, user_id: UUID, email: str) -> None:
    """Mail a link to somebody who signed up. System-only: part of signing up."""
    token = tokens.issue(session, TokenPurpose.VERIFY_EMAIL, user_id=user_id, email=email)
    post.post(session, email, letters.verify_email(token))


def ask_again(session: Session, actor: Actor) -> None:
    """Mail a new link to oneself; the older one is void.

    Raises:
        AlreadyVerified: there is nothing to confirm.
        RateLimited: too many links.
    """
    user = session.get_one(User, actor.require_person())
    if user.email_verified_at is not None:
        raise AlreadyVerified
    rate_limits.require((Limit.VERIFY_ACCOUNT, str(user.id)))
    ask(session, user.id, user.email)


def verify(session: Session, token: str) -> UUID:
    """Spend a mailed link; returns whose address it has proven. System-only: a door.

    Raises:
        TokenSpent: it is used, too old, or for another address by now.
    """
    row = tokens.use(session, TokenPurpose.VERIFY_EMAIL, token)
    user = session.get(User, row.user_id) if row.user_id else None
    if user is None or user.email != row.email:
        raise tokens.TokenSpent
    user.email_verified_at = user.email_verified_at or utc_now()
    session.add(user)
    sessions.ring_person(session, user.id)
    return user.id


def require_verified(session: Session, actor: Actor) -> None:
    """Make sure that the person's address is theirs. System-only: services call it.

    Raises:
        EmailNotVerified: a person whose address is not proven. Programs and the system pass.
    """
    user = session.get(User, actor.user_id) if actor.user_id else None
    if user is not None and user.email_verified_at is None:
        raise EmailNotVerified

"""Another password: forgotten and reset by a mailed link, or changed by who knows the old one.

Either way every other sign-in ends, and a mail says so.
"""

from uuid import UUID

from sqlmodel import Session, col, delete

from app import db
from app.actor import Actor
from app.clock import utc_now
from app.db import bind_workspace
from app.errors import ValidationFailed
from app.i18n import gettext as _
from app.models import OAuthAccount, User
from app.models.enums import TokenPurpose, UserStatus
from app.services import (
    audit,
    passwords,
    rate_limits,
    second_factor,
    sessions,
    tokens,
    users,
    workspaces,
)
from app.services.mails import letters, post
from app.services.passwords import NewPassword
from app.services.rate_limits import Limit, account_key
from app.services.sessions import ProofNeeded


def ask(session: Session, email: str) -> None:
    """Mail a link to who has this address, and say nothing to who asks.

    System-only: whoever forgot a password is nobody yet. The edge counts the tries before.
    """
    user = users.find_by_email(session, email)
    if user is None or user.status is not UserStatus.ACTIVE:
        return
    token = tokens.issue(session, TokenPurpose.RESET_PASSWORD, user_id=user.id, email=user.email)
    post.post(session, user.email, letters.reset_password(token))


def ask_own(session: Session, actor: Actor) -> None:
    """Mail oneself a link, as for a password that one has never had.

    Raises:
        RateLimited: too many links.
    """
    user = session.get_one(User, actor.require_person())
    rate_limits.require((Limit.RESET_ACCOUNT, account_key(user.email)))
    ask(session, user.email)


def is_live(session: Session, token: str) -> bool:
    """Tell whether a mailed link still opens the form. System-only: a door."""
    return tokens.find(session, TokenPurpose.RESET_PASSWORD, token) is not None


def reset(session: Session, token: str, password: NewPassword, *, ip: str | None) -> None:
    """Spend a mailed link on a new password; ends all sign-ins. The second factor stays on.

    Unless the link is the first proof of the address: then whoever signed up with it may have been
    somebody else, and nothing of theirs stays, neither a second factor nor a linked provider.

    System-only: the link is the proof; it proves the address, too.

    Raises:
        TokenSpent: it is used, too old, or replaced by a newer one.
        ValidationFailed: the password will not do; the link can be used again.
    """
    if password.problem:
        raise ValidationFailed({"password": password.problem})
    row = tokens.use(session, TokenPurpose.RESET_PASSWORD, token)
    user = session.get(User, row.user_id) if row.user_id else None
    if user is None or user.email != row.email or user.status is not UserStatus.ACTIVE:
        raise tokens.TokenSpent
    _set(session, user.id, password)
    if user.email_verified_at is None:
        second_factor.forget(session, user)
        session.exec(delete(OAuthAccount).where(col(OAuthAccount.user_id) == user.id))
        user.email_verified_at = utc_now()
    sessions.revoke_all(session, user.id, reason="password reset")
    _tell(session, user, workspaces.last_of(session, user.id), "password.reset", ip)


def change(actor: Actor, *, current: str, password: str) -> None:
    """Change one's own password, or choose the first; ends one's other sign-ins.

    Opens its own transactions: comparing and hashing take a while.

    Raises:
        ProofNeeded: it is the first, and one signed in long ago.
        ValidationFailed: the current one is wrong, or the new one will not do.
        RateLimited: too many tries.
    """
    user = _find(actor, actor.require_person())
    rate_limits.require((Limit.SIGN_IN_ACCOUNT, account_key(user.email)))
    fields: dict[str, str] = {}
    if user.password_hash and not passwords.verify(user.password_hash, current):
        fields["current"] = _("This is not your password.")
    chosen = passwords.choose(password)
    if chosen.problem:
        fields["password"] = chosen.problem
    if fields:
        raise ValidationFailed(fields)
    with db.transaction(actor.workspace_id) as session:
        sessions.require_live(session, actor)
        if users.lock(session, user.id).password_hash != user.password_hash:
            raise ValidationFailed({"current": _("This is not your password.")})
        _set(session, user.id, chosen)
        sessions.revoke_all(session, user.id, reason="password changed", but=actor.session_id)
        _tell(session, user, actor.workspace_id, "password.changed", None)


def _find(actor: Actor, user_id: UUID) -> User:
    """Return who wants another password; for the first one they must have come in just now."""
    with db.transaction(actor.workspace_id) as session:
        sessions.require_live(session, actor)
        user = session.get_one(User, user_id)
        if user.password_hash is None:  # nothing else would stop who finds a browser open
            _require_recent_sign_in(session, actor)
        return user


def _require_recent_sign_in(session: Session, actor: Actor) -> None:
    try:
        sessions.require_proof(session, actor)
    except ProofNeeded as error:
        raise ProofNeeded(
            _("Sign out and in again with your provider first, then choose a password.")
        ) from error


def _set(session: Session, user_id: UUID, password: NewPassword) -> None:
    # A sign-in under way has the lock until it can be seen, and ended, from here.
    user = users.lock(session, user_id)
    user.password_hash = password.hash
    session.add(user)
    session.flush()
    for purpose in (TokenPurpose.RESET_PASSWORD, TokenPurpose.SECOND_FACTOR):
        tokens.revoke(session, purpose, user.id)


def _tell(
    session: Session, user: User, workspace_id: UUID | None, action: str, ip: str | None
) -> None:
    post.post(session, user.email, letters.password_changed())
    if workspace_id is not None:
        bind_workspace(session, workspace_id)
        audit.record(session, workspace_id, action, user_id=user.id, ip=ip)

"""Signing in: password, then perhaps a code; every failure looks and takes the same."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from app import db
from app.actor import Actor
from app.db import after_commit, bind_workspace
from app.errors import AppError, NotAuthenticated, ValidationFailed
from app.i18n import gettext as _
from app.i18n import mark
from app.models import User
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
from app.services.rate_limits import Limit, account_key
from app.services.second_factor import WrongCode

MOST_COMPARISONS = 3  # of a password that is changed while it is compared


class WrongCredentials(NotAuthenticated):
    """Wrong password, unknown address, or a person who may not sign in: never told apart."""

    code = "wrong_credentials"
    sentence = mark("The e-mail address or the password is not right.")


class SecondFactorRequired(NotAuthenticated):
    """The password is right; a code is still missing. `ticket` stands for the password."""

    code = "second_factor_required"
    sentence = mark("Type the code that your authenticator app shows.")

    def __init__(self, ticket: str) -> None:
        self.ticket = ticket
        super().__init__()


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Where a request came from, for the list of sign-ins and the audit."""

    ip: str | None = None
    user_agent: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a try: it is committed either way, because a refusal is in the diary, too."""

    token: str | None = None
    refusal: AppError | None = None

    def token_or_raise(self) -> str:
        """Return the cookie's token, once the transaction has ended.

        Raises:
            WrongCredentials: for every reason alike, after the same time.
            SecondFactorRequired: the password is right and no code was given.
            WrongCode: the password is right, the code is not.
        """
        if self.token is None:
            raise self.refusal or WrongCredentials()
        return self.token


def sign_in(*, email: str, password: str, client: Client, code: str | None = None) -> Outcome:
    """Check the password, and the code where one is asked.

    Opens its own transactions: comparing takes a while. System-only: whoever signs in is nobody
    yet. The edge counts the tries before.

    Raises:
        RateLimited: too many codes.
    """
    for _try in range(MOST_COMPARISONS):
        with db.transaction() as session:
            user = users.find_by_email(session, email)
        compared = user.password_hash if user else None
        is_right = passwords.verify(compared, password)
        if user is None:
            return Outcome(refusal=WrongCredentials())
        renewed: str | None = None
        if is_right and compared and passwords.needs_rehash(compared):
            renewed = passwords.hash_password(password)
        with db.transaction() as session:
            # It may have been changed meanwhile, and a sign-in must not outlive that.
            user = users.lock(session, user.id)
            if user.password_hash != compared:
                continue
            user.password_hash = renewed or compared
            return _answer(session, user, client, code, is_right=is_right)
    return Outcome(refusal=WrongCredentials())


def finish(session: Session, *, ticket: str, code: str, client: Client) -> Outcome:
    """Finish a sign-in that waited for its code. System-only: the ticket stands for the password.

    Raises:
        TokenSpent: it waited too long.
        RateLimited: too many codes.
    """
    user_id = tokens.whose(session, TokenPurpose.SECOND_FACTOR, ticket)
    if user_id is None:
        raise tokens.TokenSpent
    users.lock(session, user_id)
    row = tokens.find(session, TokenPurpose.SECOND_FACTOR, ticket)
    if row is None:
        raise tokens.TokenSpent
    outcome = _check_code(session, user_id, code, client, provider=row.data.get("provider"))
    if outcome.token is not None:
        tokens.use(session, TokenPurpose.SECOND_FACTOR, ticket)
    return outcome


def start(session: Session, user_id: UUID, *, client: Client, provider: str | None = None) -> str:
    """Sign a person in who has proven who they are; returns the cookie's token. System-only.

    The diary names the `provider` that has vouched for them.
    """
    workspace_id = workspaces.last_of(session, user_id)
    token, session_id = sessions.create(
        session, user_id, workspace_id, ip=client.ip, user_agent=client.user_agent
    )
    if workspace_id is not None:
        bind_workspace(session, workspace_id)
        audit.record(
            session,
            workspace_id,
            "session.created",
            user_id=user_id,
            subject=("session", session_id),
            ip=client.ip,
            **_vouched(provider),
        )
    return token


def ticket_for(session: Session, user_id: UUID, *, provider: str | None = None) -> str:
    """Return what stands for the first proof while the code is still missing. System-only."""
    return tokens.issue(session, TokenPurpose.SECOND_FACTOR, user_id=user_id, **_vouched(provider))


def refuse(
    session: Session, user_id: UUID, client: Client, *, why: str, provider: str | None = None
) -> None:
    """Write into the diary of each of the person's workspaces that somebody could not get in.

    System-only: the caller has refused them.
    """
    rows = session.connection().execute(
        text("SELECT workspace_id FROM workspaces_of_user(:id)"), {"id": user_id}
    )
    for workspace_id in [row[0] for row in rows]:
        bind_workspace(session, workspace_id)
        audit.record(
            session,
            workspace_id,
            "session.refused",
            user_id=user_id,
            ip=client.ip,
            why=why,
            **_vouched(provider),
        )
        session.flush()


def prove(actor: Actor, password: str) -> None:
    """Show one's password again, before something dangerous.

    Opens its own transactions: comparing takes a while.

    Raises:
        ValidationFailed: it is not right.
        RateLimited: too many tries.
    """
    if actor.session_id is None:
        raise NotAuthenticated
    with db.transaction(actor.workspace_id) as session:
        sessions.require_live(session, actor)
        user = session.get_one(User, actor.require_person())
    rate_limits.require((Limit.SIGN_IN_ACCOUNT, account_key(user.email)))
    if user.password_hash is None:
        raise ValidationFailed({"password": _("You have no password. Sign out, and in again.")})
    is_right = passwords.verify(user.password_hash, password)
    with db.transaction(actor.workspace_id) as session:
        sessions.require_live(session, actor)
        if not is_right or users.lock(session, user.id).password_hash != user.password_hash:
            raise ValidationFailed({"password": _("This is not your password.")})
        sessions.note_proof(session, actor.session_id)


def _answer(
    session: Session, user: User, client: Client, code: str | None, *, is_right: bool
) -> Outcome:
    """Return what comes of a password that was compared, with its person locked."""
    if not is_right or user.status is not UserStatus.ACTIVE:
        refuse(session, user.id, client, why="status" if is_right else "password")
        return Outcome(refusal=WrongCredentials())
    if not second_factor.is_on(user):
        return _admit(session, user, client)
    if not code:
        return Outcome(refusal=SecondFactorRequired(ticket_for(session, user.id)))
    return _check_code(session, user.id, code, client)


def _check_code(
    session: Session, user_id: UUID, code: str, client: Client, *, provider: str | None = None
) -> Outcome:
    rate_limits.require((Limit.SECOND_FACTOR_ACCOUNT, str(user_id)))
    user = session.get_one(User, user_id)
    if user.status is not UserStatus.ACTIVE:
        return Outcome(refusal=WrongCredentials())
    if not second_factor.take(session, user_id, code):
        refuse(session, user_id, client, why="code", provider=provider)
        return Outcome(refusal=WrongCode())
    return _admit(session, user, client, provider)


def _admit(session: Session, user: User, client: Client, provider: str | None = None) -> Outcome:
    """Sign somebody in; who got in was not guessing, however often they come."""
    email, user_id = account_key(user.email), str(user.id)
    after_commit(session, lambda: rate_limits.forget(Limit.SIGN_IN_ACCOUNT, email))
    after_commit(session, lambda: rate_limits.forget(Limit.SECOND_FACTOR_ACCOUNT, user_id))
    return Outcome(token=start(session, user.id, client=client, provider=provider))


def _vouched(provider: str | None) -> dict[str, Any]:
    return {"provider": provider} if provider else {}

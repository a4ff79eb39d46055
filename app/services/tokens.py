"""One-time tokens: a mailed link, a half sign-in, the way to a provider and back.

256 random bits, stored as a hash, good for one purpose, once, for a while. System-only: whoever
shows a token is nobody yet; what it opens is decided by the callers.
"""

import datetime as dt
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, delete, select

from app.clock import utc_now
from app.crypto import hash_token, new_token
from app.db import driver
from app.errors import AppError
from app.i18n import mark
from app.models import VerificationToken
from app.models.enums import TokenPurpose
from app.services.locks import TOKEN_LOCKS, serialize

LIVES: dict[TokenPurpose, dt.timedelta] = {
    TokenPurpose.VERIFY_EMAIL: dt.timedelta(days=3),
    TokenPurpose.RESET_PASSWORD: dt.timedelta(minutes=30),
    TokenPurpose.SECOND_FACTOR: dt.timedelta(minutes=10),
    TokenPurpose.OAUTH: dt.timedelta(minutes=10),
    TokenPurpose.LINK_OAUTH: dt.timedelta(minutes=10),
}
MAX_LENGTH = 200


class TokenSpent(AppError):
    """Unknown, used, expired or replaced by a newer one: never told apart."""

    code, status = "token_spent", 410
    sentence = mark("This link was used already, or it is too old. Ask for a new one.")


def issue(
    session: Session,
    purpose: TokenPurpose,
    *,
    user_id: UUID | None = None,
    email: str | None = None,
    **data: Any,
) -> str:
    """Make a token and return it; older ones of this person for the same purpose are void."""
    if user_id is not None:
        # Two who ask at once would void only what was there before both.
        serialize(driver(session), TOKEN_LOCKS, [f"{purpose}|{user_id}"])
        revoke(session, purpose, user_id)
    token = new_token()
    session.add(
        VerificationToken(
            purpose=purpose,
            token_hash=hash_token(token),
            user_id=user_id,
            email=email,
            data=data,
            expires_at=utc_now() + LIVES[purpose],
        )
    )
    session.flush()
    return token


def find(session: Session, purpose: TokenPurpose, token: str) -> VerificationToken | None:
    """Return a live token without using it; its row is locked, so that two cannot use it."""
    if not token or len(token) > MAX_LENGTH:
        return None
    return session.exec(
        select(VerificationToken)
        .where(
            col(VerificationToken.token_hash) == hash_token(token),
            col(VerificationToken.purpose) == purpose,
            col(VerificationToken.used_at).is_(None),
            col(VerificationToken.expires_at) > utc_now(),
        )
        .with_for_update()
    ).first()


def whose(session: Session, purpose: TokenPurpose, token: str) -> UUID | None:
    """Return whose a token is, used or not. Not locked: who needs both locks the person first."""
    if not token or len(token) > MAX_LENGTH:
        return None
    return session.exec(
        select(col(VerificationToken.user_id)).where(
            col(VerificationToken.token_hash) == hash_token(token),
            col(VerificationToken.purpose) == purpose,
        )
    ).first()


def latest(session: Session, purpose: TokenPurpose, user_id: UUID) -> VerificationToken | None:
    """Return a person's live token for one purpose, of which there is one; not locked."""
    return session.exec(
        select(VerificationToken).where(
            col(VerificationToken.user_id) == user_id,
            col(VerificationToken.purpose) == purpose,
            col(VerificationToken.used_at).is_(None),
            col(VerificationToken.expires_at) > utc_now(),
        )
    ).first()


def use(session: Session, purpose: TokenPurpose, token: str) -> VerificationToken:
    """Return a live token and spend it.

    Raises:
        TokenSpent: it is not live, for whatever reason.
    """
    row = find(session, purpose, token)
    if row is None:
        raise TokenSpent
    row.used_at = utc_now()
    session.add(row)
    return row


def revoke(session: Session, purpose: TokenPurpose, user_id: UUID) -> None:
    """Void a person's tokens for one purpose."""
    session.exec(
        delete(VerificationToken).where(
            col(VerificationToken.user_id) == user_id,
            col(VerificationToken.purpose) == purpose,
        )
    )

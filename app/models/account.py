"""How a person proves who they are: providers, one-time links and codes."""

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from app.models.base import TIMESTAMP, Row, choice, json_column, moment
from app.models.enums import TokenPurpose


class OAuthAccount(Row, table=True):
    """A person's account at an OpenID provider; the key is (issuer, subject), never an e-mail."""

    __tablename__ = "oauth_accounts"
    __table_args__ = (
        # sign-in by a provider
        sa.UniqueConstraint("issuer", "provider_account_id"),
        # settings/security: a person's providers
        sa.Index("ix_oauth_accounts_user_id", "user_id"),
    )

    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE")
    type: str = Field(default="oidc", max_length=20)
    provider: str = Field(max_length=40)
    issuer: str = Field(max_length=300)
    provider_account_id: str = Field(max_length=255)
    email: str | None = Field(default=None, max_length=254)
    # Encrypted, and bound to this row. We ask for no offline access, so most stay empty.
    access_token: bytes | None = None
    refresh_token: bytes | None = None
    id_token: bytes | None = None
    token_type: str | None = Field(default=None, max_length=40)
    scope: str | None = Field(default=None, max_length=300)
    session_state: str | None = Field(default=None, max_length=300)
    expires_at: dt.datetime | None = moment()


class VerificationToken(Row, table=True):
    """A one-time secret that a person holds, stored as a hash: a mailed link or a half sign-in.

    Live until it expires, is used, or a newer one for the same purpose is made.
    """

    __tablename__ = "verification_tokens"
    __table_args__ = (
        # doors: the token that somebody shows
        sa.UniqueConstraint("token_hash"),
        # doors: a newer token ends the older ones of a person
        sa.Index("ix_verification_tokens_user_id", "user_id", "purpose"),
        # tidying: what is long over
        sa.Index("ix_verification_tokens_expires_at", "expires_at"),
    )

    purpose: TokenPurpose = Field(sa_type=choice(TokenPurpose))
    token_hash: bytes
    # Nobody yet where a stranger begins to sign in with a provider.
    user_id: UUID | None = Field(default=None, foreign_key="users.id", ondelete="CASCADE")
    # The address that the token proves; another one since then makes it worthless.
    email: str | None = Field(default=None, max_length=254)
    data: dict[str, Any] = json_column()
    expires_at: dt.datetime = Field(sa_type=TIMESTAMP)
    used_at: dt.datetime | None = moment()


class RecoveryCode(Row, table=True):
    """One of ten codes that stand in for the second factor, each once."""

    __tablename__ = "recovery_codes"
    __table_args__ = (
        # second factor: a code that somebody types
        sa.UniqueConstraint("user_id", "code_hash"),
    )

    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE")
    code_hash: bytes
    used_at: dt.datetime | None = moment()

"""People, their sign-ins, and what they did."""

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from app.clock import utc_now
from app.models.base import TIMESTAMP, Row, WorkspaceRow, choice, json_column, moment
from app.models.enums import Theme, UserRole, UserStatus


class User(Row, table=True):
    """A person; belongs to workspaces through memberships. Only ACTIVE ones can sign in."""

    __tablename__ = "users"
    __table_args__ = (
        # sign-in and sign-up: addresses are one, whatever their case
        sa.Index("uq_users_email_lower", sa.text("lower(email)"), unique=True),
    )

    name: str = Field(default="", max_length=120)
    email: str = Field(max_length=254)
    email_verified_at: dt.datetime | None = moment()
    image: str | None = None
    password_hash: str | None = None
    role: UserRole = Field(default=UserRole.USER, sa_type=choice(UserRole))
    status: UserStatus = Field(default=UserStatus.ACTIVE, sa_type=choice(UserStatus))
    # Empty: the browser's own zone.
    time_zone: str = Field(default="", max_length=64)
    language: str = Field(default="en", max_length=12)
    theme: Theme = Field(default=Theme.SYSTEM, sa_type=choice(Theme))
    # The second factor, encrypted and bound to this row; it counts once a code has confirmed it.
    totp_secret: bytes | None = None
    totp_confirmed_at: dt.datetime | None = moment()
    # The time step of the last code that was taken: a code opens once.
    totp_last_step: int | None = None


class Session(Row, table=True):
    """A sign-in: the cookie's token is stored as a hash. Live until idle, old or revoked."""

    __tablename__ = "sessions"
    __table_args__ = (
        # every request: the cookie's hash
        sa.UniqueConstraint("token_hash"),
        # revoke all of a user's sign-ins
        sa.Index("ix_sessions_user_id", "user_id"),
        # tidy: purge what is long over
        sa.Index("ix_sessions_expires_at", "expires_at"),
    )

    token_hash: bytes
    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE")
    workspace_id: UUID | None = Field(
        default=None, foreign_key="workspaces.id", ondelete="SET NULL"
    )
    last_seen_at: dt.datetime = Field(sa_type=TIMESTAMP)
    # When the person last showed a password, a code or a provider's word; what is dangerous asks
    # for it again after a while.
    proven_at: dt.datetime = Field(
        default_factory=utc_now,
        sa_type=TIMESTAMP,
        sa_column_kwargs={"server_default": sa.func.now()},
    )
    idle_until: dt.datetime = Field(sa_type=TIMESTAMP)
    expires_at: dt.datetime = Field(sa_type=TIMESTAMP)
    ip: str | None = Field(default=None, max_length=45)
    user_agent: str | None = Field(default=None, max_length=400)
    revoked_at: dt.datetime | None = moment()
    revoked_reason: str | None = Field(default=None, max_length=60)


class AuditEntry(WorkspaceRow, table=True):
    """Who did what, when, from where. Append-only: the application role cannot change it."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        # settings/audit: newest first
        sa.Index("ix_audit_entries_workspace_id_created_at", "workspace_id", "created_at", "id"),
    )

    action: str = Field(max_length=60)
    user_id: UUID | None = Field(default=None, foreign_key="users.id", ondelete="SET NULL")
    subject_type: str | None = Field(default=None, max_length=40)
    subject_id: UUID | None = None
    ip: str | None = Field(default=None, max_length=45)
    details: dict[str, Any] = json_column()

"""Client programs: their keys, and the answers that a repeated request gets again."""

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.models.base import TIMESTAMP, WorkspaceRow, keyed_by_workspace, moment


class ApiKey(WorkspaceRow, table=True):
    """A key that is shown once and stored as a hash. Live until it expires or is revoked."""

    __tablename__ = "api_keys"
    __table_args__ = (
        keyed_by_workspace(),
        # every call of the REST API
        sa.UniqueConstraint("key_hash"),
        # settings/developers
        sa.Index("ix_api_keys_workspace_id_created_at", "workspace_id", "created_at"),
    )

    name: str = Field(max_length=120)
    # The first characters, by which people tell keys apart.
    prefix: str = Field(max_length=20)
    key_hash: bytes
    scopes: list[str] = Field(
        default_factory=list, sa_type=JSONB, sa_column_kwargs={"server_default": sa.text("'[]'")}
    )
    creator_id: UUID | None = Field(default=None, foreign_key="users.id", ondelete="SET NULL")
    expires_at: dt.datetime | None = moment()
    last_used_at: dt.datetime | None = moment()
    revoked_at: dt.datetime | None = moment()


class IdempotencyKey(WorkspaceRow, table=True):
    """What a POST with an Idempotency-Key was answered, for 24 hours."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        # REST API: the same key on the same route is the same request
        sa.UniqueConstraint("workspace_id", "route", "key"),
        # tidying: what is long over
        sa.Index("ix_idempotency_keys_created_at", "created_at"),
    )

    route: str = Field(max_length=200)
    key: str = Field(max_length=255)
    body_hash: bytes
    # Empty while the first request is still at work.
    status: int | None = None
    body: bytes | None = None
    expires_at: dt.datetime = Field(sa_type=TIMESTAMP)

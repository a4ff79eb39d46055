"""Asking somebody into a workspace."""

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from app.models.base import TIMESTAMP, WorkspaceRow, choice, moment
from app.models.enums import Role


class Invitation(WorkspaceRow, table=True):
    """An invitation by mail. Open until accepted, withdrawn or expired; the link is a hash here."""

    __tablename__ = "invitations"
    __table_args__ = (
        # team page
        sa.Index("ix_invitations_workspace_id_created_at", "workspace_id", "created_at"),
        # inviting: one open invitation an address
        sa.Index(
            "uq_invitations_open",
            "workspace_id",
            sa.text("lower(email)"),
            unique=True,
            postgresql_where=sa.text("accepted_at IS NULL AND withdrawn_at IS NULL"),
        ),
        # the invitation page: the link that somebody shows
        sa.UniqueConstraint("token_hash"),
    )

    email: str = Field(max_length=254)
    role: Role = Field(sa_type=choice(Role))
    token_hash: bytes
    inviter_id: UUID | None = Field(default=None, foreign_key="users.id", ondelete="SET NULL")
    sent_at: dt.datetime = Field(sa_type=TIMESTAMP)
    expires_at: dt.datetime = Field(sa_type=TIMESTAMP)
    accepted_at: dt.datetime | None = moment()
    withdrawn_at: dt.datetime | None = moment()

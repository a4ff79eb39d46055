"""Faces and logos: small, made anew from what was uploaded, kept in the database."""

from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from app.models.base import Row


class Picture(Row, table=True):
    """A square picture of a person or of a workspace, never both."""

    __tablename__ = "pictures"
    __table_args__ = (
        sa.CheckConstraint("num_nonnulls(user_id, workspace_id) = 1", name="one_owner"),
        # one picture each
        sa.UniqueConstraint("user_id"),
        sa.UniqueConstraint("workspace_id"),
    )

    user_id: UUID | None = Field(default=None, foreign_key="users.id", ondelete="CASCADE")
    workspace_id: UUID | None = Field(default=None, foreign_key="workspaces.id", ondelete="CASCADE")
    data: bytes

"""What all tables share: keys, times, the workspace, and columns that stand for enums or JSON."""

import datetime as dt
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.clock import utc_now
from app.ids import new_id

TIMESTAMP: Any = sa.DateTime(timezone=True)

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Row(SQLModel):
    """A table's key and times."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: dt.datetime = Field(
        default_factory=utc_now,
        sa_type=TIMESTAMP,
        sa_column_kwargs={"server_default": sa.func.now()},
    )
    updated_at: dt.datetime = Field(
        default_factory=utc_now,
        sa_type=TIMESTAMP,
        sa_column_kwargs={"server_default": sa.func.now(), "onupdate": utc_now},
    )


class WorkspaceRow(Row):
    """A row that belongs to one workspace; row-level security keeps it there."""

    workspace_id: UUID = Field(foreign_key="workspaces.id", ondelete="CASCADE")


def choice(enum: type[StrEnum]) -> Any:
    """Return the column type of an enum: text with a check constraint on its values."""
    return sa.Enum(
        enum,
        native_enum=False,
        create_constraint=True,
        length=32,
        name=enum.__name__.lower(),
        values_callable=lambda members: [member.value for member in members],
    )


def json_column(*, nullable: bool = False) -> Any:
    """Return a field for truly open data."""
    if nullable:
        return Field(default=None, sa_type=JSONB, nullable=True)
    return Field(
        default_factory=dict, sa_type=JSONB, sa_column_kwargs={"server_default": sa.text("'{}'")}
    )


def json_list() -> Any:
    """Return a field for a list whose items are another system's."""
    return Field(
        default_factory=list, sa_type=JSONB, sa_column_kwargs={"server_default": sa.text("'[]'")}
    )


def moment() -> Any:
    """Return a field for an optional time."""
    return Field(default=None, sa_type=TIMESTAMP, nullable=True)


def counter() -> Any:
    """Return a field that counts from zero."""
    return Field(default=0, sa_column_kwargs={"server_default": "0"})


def flag(*, default: bool) -> Any:
    """Return a field that is true or false, never unknown."""
    return Field(
        default=default, sa_column_kwargs={"server_default": sa.true() if default else sa.false()}
    )


def within_workspace(column: str, table: str) -> Any:
    """Return the foreign key (workspace_id, column): a row can only refer to its own workspace."""
    return sa.ForeignKeyConstraint(
        ["workspace_id", column],
        [f"{table}.workspace_id", f"{table}.id"],
        ondelete="CASCADE",
    )


def keyed_by_workspace() -> Any:
    """Return the key that such foreign keys point at."""
    return sa.UniqueConstraint("workspace_id", "id")

"""What is in the tables: written and read as their owner, who sees every workspace."""

from typing import Any
from uuid import UUID

from sqlmodel import SQLModel

from app import db
from app.db import DbRole


def save(*rows: SQLModel) -> None:
    with db.transaction(role=DbRole.OWNER) as session:
        for row in rows:
            session.add(row)
            session.flush()


def execute(query: str, *params: Any) -> None:
    """Run a statement as the owner of the tables."""
    with db.engine(DbRole.OWNER).begin() as connection:
        connection.exec_driver_sql(query, params or None)


def rows(query: str, *params: Any) -> list[tuple[Any, ...]]:
    """Return what the owner of the tables sees: every workspace."""
    with db.engine(DbRole.OWNER).begin() as connection:
        return [tuple(found) for found in connection.exec_driver_sql(query, params or None)]


def row(query: str, *params: Any) -> tuple[Any, ...]:
    found = rows(query, *params)
    assert len(found) == 1, f"{len(found)} rows instead of one"
    return found[0]


def value(query: str, *params: Any) -> Any:
    return row(query, *params)[0]


def count(table: str, condition: str = "true", *params: Any) -> int:
    return int(value(f"SELECT count(*) FROM {table} WHERE {condition}", *params))  # noqa: S608


def message_row(message_id: UUID, *columns: str) -> tuple[Any, ...]:
    query = f"SELECT {', '.join(columns)} FROM messages WHERE id = %s"  # noqa: S608
    return row(query, message_id)


def status_of(message_id: UUID) -> str:
    return str(value("SELECT status FROM messages WHERE id = %s", message_id))

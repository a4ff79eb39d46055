"""Alembic: the owner's connection, our metadata, then functions and policies in one transaction."""

from alembic import context
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

import app.models  # noqa: F401  # registers every table
from app import db
from app.models.lookups import FUNCTIONS
from app.models.policies import digest, policy_statements


def run() -> None:
    """Migrate over the connection handed in by `app.services.schema`, or over our own."""
    connection = context.config.attributes.get("connection")
    if connection is not None:
        _migrate(connection)
        return
    with db.engine(db.DbRole.OWNER).connect() as own:
        _migrate(own)


def _migrate(connection: object) -> None:
    context.configure(
        connection=connection,  # type: ignore[arg-type]
        target_metadata=SQLModel.metadata,
        compare_type=True,
        compare_server_default=True,
        transactional_ddl=True,
        render_item=_render_item,
    )
    with context.begin_transaction():
        context.run_migrations()
        if context.config.attributes.get("apply_policies"):
            for statement in (*FUNCTIONS.values(), *policy_statements()):
                connection.exec_driver_sql(statement)  # type: ignore[attr-defined]
            mark = f"COMMENT ON TABLE alembic_version IS '{digest(FUNCTIONS.values())}'"
            connection.exec_driver_sql(mark)  # type: ignore[attr-defined]


def _render_item(kind: str, item: object, _context: object) -> str | bool:
    """Write SQLModel's string type as SQLAlchemy's, so that revisions need no SQLModel."""
    if kind == "type" and isinstance(item, AutoString):
        return f"sa.String(length={item.length})" if item.length else "sa.String()"
    return False


run()

"""The roles of the database: made where they are missing, as far as the owner may make them.

On PostgreSQL 16 or newer a role is changed only by whoever made it or was given it WITH ADMIN
OPTION, so what is right already is left alone.
"""

import psycopg
import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.engine import URL, make_url

from app import db
from app.db import DbRole
from app.models.policies import APP_ROLE, DRAIN_ROLE, role_statements


def create(connection: sa.Connection) -> None:
    """Make the group roles and the logins of the application and the drains."""
    for statement in role_statements():
        connection.exec_driver_sql(statement)
    _create_login(connection, make_url(db.url(DbRole.APP)), APP_ROLE)
    _create_login(connection, make_url(db.url(DbRole.DRAIN)), DRAIN_ROLE)


def may_create_tables(connection: sa.Connection) -> bool:
    """Tell whether this role may make tables where the product has them."""
    query = sa.text("select has_schema_privilege('public', 'CREATE')")
    return bool(connection.execute(query).scalar_one())


def may_look_in(connection: sa.Connection) -> bool:
    """Tell whether the application and the drains may use the schema."""
    query = sa.text(
        "select bool_and(has_schema_privilege(rolname, 'public', 'USAGE')) from pg_roles"
        " where rolname = any(:names)"
    )
    return bool(connection.execute(query, {"names": [APP_ROLE, DRAIN_ROLE]}).scalar_one())


def _create_login(connection: sa.Connection, address: URL, group: str) -> None:
    """Make the login role of an address a member of its group; the password follows SECRET_KEYS."""
    name = address.username or ""
    exists = _ask(connection, "select exists (select from pg_roles where rolname = :name)", name)
    statements: list[sql.Composable] = []
    if not exists:
        statements.append(sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER").format(sql.Identifier(name)))
    is_stale = group == DRAIN_ROLE and exists and not _signs_in(address)
    if address.password and (not exists or is_stale):
        statements.append(
            sql.SQL("ALTER ROLE {} PASSWORD {}").format(
                sql.Identifier(name), sql.Literal(address.password)
            )
        )
    if not (exists and _ask(connection, f"select pg_has_role(:name, '{group}', 'MEMBER')", name)):
        grant = sql.SQL("GRANT {} TO {}")
        statements.append(grant.format(sql.Identifier(group), sql.Identifier(name)))
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101  # an open connection has its driver's
    for statement in statements:
        driver.execute(statement)


def _ask(connection: sa.Connection, query: str, name: str) -> bool:
    return bool(connection.execute(sa.text(query), {"name": name}).scalar_one())


def _signs_in(address: URL) -> bool:
    place = address.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        psycopg.connect(place, **db.connect_args()).close()
    except psycopg.OperationalError:
        return False
    return True

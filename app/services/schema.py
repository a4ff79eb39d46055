"""The database's own life: roles, migrations, policies, and what comes with the product.

System-only: run by the command line and at start-up, over the owner's connection.
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import OperationalError, ProgrammingError

from app import db
from app.config import settings
from app.db import DbRole
from app.models.lookups import FUNCTIONS
from app.models.policies import APP_ROLE, DRAIN_ROLE, digest, role_statements
from app.services import plans

ROOT = Path(__file__).parents[2]
MIGRATION_LOCK = 7_203_114  # any constant: two processes that start together migrate one by one


class SchemaProblem(Exception):
    """The database is not fit for this process; the message says how to mend it."""


class OwnerRoleRefused(SchemaProblem):
    """The application would run as the owner of the tables, and row security would not hold."""


class NotMigrated(SchemaProblem):
    """The database is of another version and nobody gave the owner's address."""

    def __init__(self) -> None:
        super().__init__(
            "The database is not at this version. Set DATABASE_OWNER_URL and run:"
            " python -m app migrate"
        )


def alembic_config() -> Config:
    """Return Alembic's configuration from pyproject.toml."""
    return Config(toml_file=ROOT / "pyproject.toml")


def migrate() -> list[str]:
    """Create roles, migrate to the newest revision, apply policies, add the plans.

    Safe to repeat and to run from several processes at once. Returns the revisions applied.
    """
    config = alembic_config()
    with db.engine(DbRole.OWNER).connect() as connection:
        connection.execute(sa.text("select pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
        try:
            connection.commit()
            before = MigrationContext.configure(connection).get_current_revision()
            _create_roles(connection)
            connection.commit()
            config.attributes.update(connection=connection, apply_policies=True)
            command.upgrade(config, "head")
            connection.commit()
        finally:
            connection.rollback()
            connection.execute(sa.text("select pg_advisory_unlock(:key)"), {"key": MIGRATION_LOCK})
            connection.commit()
    with db.transaction(role=DbRole.OWNER) as session:
        plans.add_missing(session)
    script = ScriptDirectory.from_config(config)
    applied = (
        [] if before == script.get_current_head() else script.iterate_revisions("head", before)
    )
    return [revision.revision for revision in applied][::-1]


def prepare() -> None:
    """Make the database ready for this process: migrate where we may, refuse an unsafe role.

    Raises:
        OwnerRoleRefused: the application would own its tables.
        NotMigrated: there is no owner's address, and the database is not at this version.
    """
    if db.url(DbRole.OWNER) and not is_applied():
        migrate()
    check_role()
    if not is_current():
        raise NotMigrated


def is_applied() -> bool:
    """Tell whether migrations, roles and policies are this version's; asks, locks nothing.

    A changed SECRET_KEYS changes the drain's password, so its login is tried as well.
    """
    query = sa.text("select obj_description('public'::regnamespace)")
    try:
        with db.engine(DbRole.APP).connect() as connection:
            applied = connection.execute(query).scalar_one()
        with db.engine(DbRole.DRAIN).connect():
            return applied == digest(FUNCTIONS.values()) and is_current()
    except OperationalError:  # a login that is not there yet; an absent server fails in migrate
        return False


def is_current() -> bool:
    """Tell whether the database is at the newest revision."""
    head = ScriptDirectory.from_config(alembic_config()).get_current_head()
    with db.engine(DbRole.APP).connect() as connection:
        try:
            return MigrationContext.configure(connection).get_current_revision() == head
        except ProgrammingError:  # no table of versions, or no right to read it: not ours yet
            return False


def check_role() -> None:
    """Refuse an application role that owns the tables or may ignore row security.

    Raises:
        OwnerRoleRefused: with the SQL that mends it.
    """
    query = sa.text(
        "select current_user, rolsuper or rolbypassrls, exists (select from pg_tables"
        " where schemaname = 'public' and tablename = 'messages' and tableowner = current_user)"
        " from pg_roles where rolname = current_user"
    )
    with db.engine(DbRole.APP).connect() as connection:
        user, is_mighty, is_owner = connection.execute(query).one()
    if is_mighty or is_owner:
        raise OwnerRoleRefused(
            f'DATABASE_URL signs in as "{user}", which '
            + ("may ignore row-level security" if is_mighty else "owns the tables")
            + ". Use that address as DATABASE_OWNER_URL, and for DATABASE_URL create a role of its"
            " own: CREATE ROLE app_login LOGIN PASSWORD '…' NOSUPERUSER NOBYPASSRLS;"
            f" GRANT {APP_ROLE} TO app_login;"
        )


def _create_roles(connection: sa.Connection) -> None:
    for statement in role_statements():
        connection.exec_driver_sql(statement)
    _create_login(connection, make_url(db.url(DbRole.APP)), APP_ROLE)
    _create_login(connection, make_url(db.url(DbRole.DRAIN)), DRAIN_ROLE)


def _create_login(connection: sa.Connection, address: URL, group: str) -> None:
    """Make the login role of an address a member of its group; the password follows SECRET_KEYS."""
    name = address.username or ""
    exists = connection.execute(
        sa.text("select exists (select from pg_roles where rolname = :name)"), {"name": name}
    ).scalar_one()
    statements: list[sql.Composable] = []
    if not exists:
        statements.append(sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER").format(sql.Identifier(name)))
    if address.password and (not exists or group == DRAIN_ROLE):
        statements.append(
            sql.SQL("ALTER ROLE {} PASSWORD {}").format(
                sql.Identifier(name), sql.Literal(address.password)
            )
        )
    statements.append(sql.SQL("GRANT {} TO {}").format(sql.Identifier(group), sql.Identifier(name)))
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101  # an open connection has its driver's
    for statement in statements:
        driver.execute(statement)


def problems() -> list[str]:
    """Return what is wrong with the database, in sentences that say how to mend it."""
    try:
        prepare()
    except SchemaProblem as error:
        return [str(error)]
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0]
        return [f"The database cannot be reached: {reason}. Check DATABASE_URL and the server."]
    return []


def data_dir_problem() -> str | None:
    """Return what is wrong with DATA_DIR in a sentence, or None."""
    path = settings().data_dir
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = path / ".probe"
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        return f"DATA_DIR ({path}) cannot be written: {error.strerror}. Choose another folder."
    return None

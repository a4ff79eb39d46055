"""The database's own life: migrations, policies, and what comes with the product.

System-only: run by the command line and at start-up, over the owner's connection.
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import OperationalError, ProgrammingError

from app import db
from app.config import settings
from app.db import DbRole
from app.models.lookups import FUNCTIONS
from app.models.policies import digest
from app.services import plans, schema_roles
from app.services.schema_problems import (
    NotMigrated,
    OwnerNotAllowed,
    OwnerRoleRefused,
    SchemaClosed,
    SchemaProblem,
    understood,
)

ROOT = Path(__file__).parents[2]
MIGRATION_LOCK = 7_203_114  # any constant: two processes that start together migrate one by one


def alembic_config() -> Config:
    """Return Alembic's configuration from pyproject.toml."""
    return Config(toml_file=ROOT / "pyproject.toml")


def migrate() -> list[str]:
    """Create roles, migrate to the newest revision, apply policies, add the plans.

    Safe to repeat and to run from several processes at once. Returns the revisions applied.

    Raises:
        SchemaProblem: the database is away, or does not allow it.
    """
    config = alembic_config()
    with understood():
        before = _upgrade(config)
        with db.transaction(role=DbRole.OWNER) as session:
            plans.add_missing(session)
    script = ScriptDirectory.from_config(config)
    applied = (
        [] if before == script.get_current_head() else script.iterate_revisions("head", before)
    )
    return [revision.revision for revision in applied][::-1]


def prepare() -> None:
    """Make the database ready for this process: migrate where we may, then check.

    Raises:
        SchemaProblem: as for `check`.
    """
    with understood():
        if db.url(DbRole.OWNER) and not is_applied():
            migrate()
    check()


def check() -> None:
    """Refuse a database that this process cannot work with. It asks, and changes and locks nothing.

    Raises:
        OwnerRoleRefused: the application would own its tables.
        NotMigrated: the database is not at this version.
        DatabaseUnusable: it does not answer.
    """
    with understood():
        # The owner's role comes first where there is one: before the first migration there is no
        # other. Without it, a wrong role is the better reason than its empty database.
        if db.url(DbRole.OWNER) and not is_current(DbRole.OWNER):
            raise NotMigrated
        check_role()
        if not is_current():
            raise NotMigrated


def is_applied() -> bool:
    """Tell whether migrations, roles and policies are this version's; asks, locks nothing.

    A changed SECRET_KEYS changes the drain's password, so its login is tried as well.
    """
    query = sa.text("select obj_description(to_regclass('public.alembic_version'), 'pg_class')")
    try:
        with db.engine(DbRole.APP).connect() as connection:
            applied = connection.execute(query).scalar_one()
        with db.engine(DbRole.DRAIN).connect():
            return applied == digest(FUNCTIONS.values()) and is_current()
    except OperationalError:  # a login that is not there yet; an absent server fails in migrate
        return False


def is_current(role: DbRole = DbRole.APP) -> bool:
    """Tell whether the database is at the newest revision."""
    head = ScriptDirectory.from_config(alembic_config()).get_current_head()
    with db.engine(role).connect() as connection:
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
        raise OwnerRoleRefused(user, is_mighty=is_mighty)


def problems() -> list[str]:
    """Return what is wrong with the database, in sentences that say how to mend it.

    A database that the next start will migrate by itself is none; it is not migrated here.
    """
    try:
        try:
            check()
        except NotMigrated:
            if not db.url(DbRole.OWNER):
                raise
            _check_owner()
    except SchemaProblem as error:
        return [str(error)]
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


def _upgrade(config: Config) -> str | None:
    """Bring roles, tables and policies to this version; return the revision before."""
    with db.engine(DbRole.OWNER).connect() as connection:
        connection.execute(sa.text("select pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
        try:
            connection.commit()
            before = MigrationContext.configure(connection).get_current_revision()
            schema_roles.create(connection)
            connection.commit()
            config.attributes.update(connection=connection, apply_policies=True)
            command.upgrade(config, "head")
            connection.commit()
            if not schema_roles.may_look_in(connection):
                raise SchemaClosed
        finally:
            connection.rollback()
            connection.execute(sa.text("select pg_advisory_unlock(:key)"), {"key": MIGRATION_LOCK})
            connection.commit()
    return before


def _check_owner() -> None:
    with understood(), db.engine(DbRole.OWNER).connect() as connection:
        if not schema_roles.may_create_tables(connection):
            raise OwnerNotAllowed("permission denied for schema public")

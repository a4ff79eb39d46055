"""Bringing the database to this version: roles, tables, policies, the plans.

System-only: over the owner's connection.
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import OperationalError, ProgrammingError

from app import db
from app.db import DbRole
from app.models.lookups import FUNCTIONS
from app.models.policies import digest
from app.services import plans
from app.services.schema import roles
from app.services.schema.problems import SchemaClosed, understood

ROOT = Path(__file__).parents[3]
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


def _upgrade(config: Config) -> str | None:
    """Bring roles, tables and policies to this version; return the revision before."""
    with db.engine(DbRole.OWNER).connect() as connection:
        connection.execute(sa.text("select pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
        try:
            connection.commit()
            before = MigrationContext.configure(connection).get_current_revision()
            roles.create(connection)
            connection.commit()
            config.attributes.update(connection=connection, apply_policies=True)
            command.upgrade(config, "head")
            connection.commit()
            if not roles.may_look_in(connection):
                raise SchemaClosed
        finally:
            connection.rollback()
            connection.execute(sa.text("select pg_advisory_unlock(:key)"), {"key": MIGRATION_LOCK})
            connection.commit()
    return before

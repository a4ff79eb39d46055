"""Is the database fit for this process, and if not, why? System-only: at start-up, `doctor`."""

import sqlalchemy as sa

from app import db
from app.db import DbRole
from app.services import key_rotation
from app.services.schema import roles
from app.services.schema.migrations import is_applied, is_current, migrate
from app.services.schema.problems import (
    NotMigrated,
    OwnerNotAllowed,
    OwnerRoleRefused,
    SchemaProblem,
    understood,
)


def prepare() -> None:
    """Make the database ready for this process: migrate where we may, then check.

    Raises:
        SchemaProblem: as for `check`.
        KeyMissing: secrets in it cannot be opened.
    """
    with understood():
        if db.url(DbRole.OWNER) and not is_applied():
            migrate()
    check()
    key_rotation.require_keys()


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


def diagnose() -> list[str]:
    """Return what is wrong with the database, in sentences that say how to mend it.

    A database that the next start will migrate by itself is none; it is not migrated here.

    Raises:
        KeyMissing: as for `prepare`.
    """
    try:
        try:
            check()
        except NotMigrated:
            if not db.url(DbRole.OWNER):
                raise
            _check_owner()
        else:
            key_rotation.require_keys()
    except SchemaProblem as error:
        return [str(error)]
    return []


def _check_owner() -> None:
    with understood(), db.engine(DbRole.OWNER).connect() as connection:
        if not roles.may_create_tables(connection):
            raise OwnerNotAllowed("permission denied for schema public")

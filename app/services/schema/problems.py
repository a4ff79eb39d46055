"""Why a database is not fit for this process, each reason with how to mend it."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from alembic.util import CommandError
from psycopg.errors import InsufficientPrivilege
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from app import db
from app.db import DbRole
from app.models.policies import APP_ROLE, DRAIN_ROLE
from app.problems import OperatorProblem


class SchemaProblem(OperatorProblem):
    """The database is not fit for this process; the message says how to mend it."""

    code = "database_not_ready"


class OwnerRoleRefused(SchemaProblem):
    """The application would run as the owner of the tables, and row security would not hold."""

    def __init__(self, user: str, *, is_mighty: bool) -> None:
        super().__init__(
            f'DATABASE_URL signs in as "{user}", which '
            + ("may ignore row-level security" if is_mighty else "owns the tables")
            + ". Use that address as DATABASE_OWNER_URL, and for DATABASE_URL create a role of its"
            " own: CREATE ROLE app_login LOGIN PASSWORD '…' NOSUPERUSER NOBYPASSRLS;"
            f" GRANT {APP_ROLE} TO app_login;"
        )


class NotMigrated(SchemaProblem):
    """The database is of another version."""

    def __init__(self) -> None:
        first = "Run" if db.url(DbRole.OWNER) else "Set DATABASE_OWNER_URL and run"
        super().__init__(
            f"The database is empty or not at this version. {first}: python -m app migrate"
        )


class NewerDatabase(SchemaProblem):
    """The database was migrated by a later version of the product."""

    def __init__(self) -> None:
        super().__init__(
            "The database was migrated by a newer version. Install that version, or restore the"
            " copy that was taken before."
        )


class OwnerNotAllowed(SchemaProblem):
    """The role that migrates may not do so; the message is what to grant."""

    def __init__(self, reason: str) -> None:
        user = make_url(db.url(DbRole.OWNER)).username
        super().__init__(
            f'The role "{user}" of DATABASE_OWNER_URL cannot migrate ({reason}). Let the owner of'
            f' the database or a superuser run: GRANT USAGE, CREATE ON SCHEMA public TO "{user}";'
            f' ALTER ROLE "{user}" CREATEROLE; and then run: python -m app migrate'
        )


class SchemaClosed(SchemaProblem):
    """The application's roles may not look into the schema, and its tables are hidden from them."""

    def __init__(self) -> None:
        super().__init__(
            f"The roles {APP_ROLE} and {DRAIN_ROLE} may not use the schema public. Let its owner"
            f" run: GRANT USAGE ON SCHEMA public TO {APP_ROLE}, {DRAIN_ROLE};"
        )


class DatabaseUnusable(SchemaProblem):
    """The database does not answer, or does not let us in."""

    code = "database_unavailable"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The database cannot be used: {reason}. Check DATABASE_URL, DATABASE_OWNER_URL and"
            " whether the server runs."
        )


@contextmanager
def understood() -> Iterator[None]:
    """Turn what the database says inside the block into one of the problems above."""
    try:
        yield
    except CommandError as error:  # Alembic does not know the revision that it found
        raise NewerDatabase from error
    except (DBAPIError, psycopg.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        reason = _reason(cause)
        if isinstance(cause, InsufficientPrivilege):
            raise OwnerNotAllowed(reason) from error
        # Without a state nothing was asked yet: libpq could not connect, or not read the address.
        if isinstance(cause, psycopg.OperationalError) or getattr(cause, "sqlstate", "") is None:
            raise DatabaseUnusable(reason) from error
        raise


def _reason(cause: BaseException | None) -> str:
    if isinstance(cause, psycopg.Error) and cause.diag.message_primary:
        return cause.diag.message_primary
    lines = str(cause).strip().splitlines()
    return lines[0].rstrip(".") if lines else "no reason was given"

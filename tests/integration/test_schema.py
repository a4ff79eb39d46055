"""The database of somebody else: what migrating needs there, and what is said where it lacks."""

from collections.abc import Iterator

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql

from app import db
from app.config import configure, settings
from app.db import DbRole
from app.services import schema
from app.services.schema.problems import NotMigrated, OwnerNotAllowed, SchemaClosed
from tests.command_line import command

PASSWORD = "only-for-this-test"


@pytest.fixture
def foreign(worker_name: str) -> Iterator[psycopg.Connection]:
    """A database whose schema belongs to another role than the one that migrates, as its owner."""
    name, role = f"test_foreign_{worker_name}", f"test_migrator_{worker_name}"
    owner, app = (sa.make_url(db.url(role)) for role in (DbRole.OWNER, DbRole.APP))
    database, migrator = sql.Identifier(name), sql.Identifier(role)
    with psycopg.connect(db.url(DbRole.OWNER), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(database))
        connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(migrator))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(database))
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(migrator, sql.Literal(PASSWORD))
        )
        migrating = owner.set(username=role, password=PASSWORD, database=name)
        configure(
            database_owner_url=migrating.render_as_string(hide_password=False),
            database_url=app.set(database=name).render_as_string(hide_password=False),
        )
        place = owner.set(database=name).render_as_string(hide_password=False)
        with psycopg.connect(place, autocommit=True) as inside:
            yield inside
        for each in DbRole:
            db.engine(each).dispose()
        connection.execute(sql.SQL("DROP DATABASE {}").format(database))
        connection.execute(sql.SQL("DROP ROLE {}").format(migrator))


def let_create(foreign: psycopg.Connection) -> None:
    user = sa.make_url(settings().database_owner_url).username or ""
    foreign.execute(
        sql.SQL("GRANT USAGE, CREATE ON SCHEMA public TO {}").format(sql.Identifier(user))
    )


def test_owner_of_the_tables_need_not_own_the_schema(foreign: psycopg.Connection) -> None:
    let_create(foreign)

    assert schema.migrate()

    schema.check()
    assert schema.is_applied()
    assert schema.migrate() == []
    assert schema.diagnose() == []


def test_what_to_grant_is_said_where_tables_cannot_be_made(foreign: psycopg.Connection) -> None:
    with pytest.raises(OwnerNotAllowed, match='GRANT USAGE, CREATE ON SCHEMA public TO "test_'):
        schema.prepare()

    code, message = command("migrate").error
    assert (code, "permission denied" in message) == ("database_not_ready", True)
    [problem] = command("doctor").answer["problems"]
    assert "GRANT USAGE, CREATE ON SCHEMA public" in problem


def test_closed_schema_is_said_with_the_grant_that_opens_it(foreign: psycopg.Connection) -> None:
    let_create(foreign)
    foreign.execute("REVOKE USAGE ON SCHEMA public FROM PUBLIC")

    with pytest.raises(SchemaClosed, match="GRANT USAGE ON SCHEMA public TO inbox_app"):
        schema.migrate()

    foreign.execute("GRANT USAGE ON SCHEMA public TO inbox_app, inbox_drain")
    schema.prepare()


def test_commands_that_only_look_do_not_migrate(foreign: psycopg.Connection) -> None:
    let_create(foreign)
    tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"

    for words in (["stats"], ["drain"], ["replay", "--failed"]):
        code, message = command(*words).error
        assert (code, "python -m app migrate" in message) == ("database_not_ready", True)
    assert command("doctor").answer == {"ok": True, "problems": []}
    with pytest.raises(NotMigrated):
        schema.check()

    assert foreign.execute(tables).fetchone() == (0,)


def test_database_of_a_newer_version_is_named(foreign: psycopg.Connection) -> None:
    let_create(foreign)
    schema.migrate()
    with db.engine(DbRole.OWNER).begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    code, message = command("migrate").error

    assert code == "database_not_ready"
    assert "newer version" in message

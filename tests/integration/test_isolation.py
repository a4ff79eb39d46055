"""Row-level security and composite keys: the backstop behind every query."""

from typing import Any

import psycopg
import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

from app import db
from app.db import DbRole
from app.ids import new_id
from app.models import Subscription
from app.models.policies import APPEND_ONLY_TABLES, GLOBAL_TABLES, workspace_tables
from app.models.workspace import Membership
from tests import factories, table_rows
from tests.every_table import fill
from tests.factories import Team
from tests.table_rows import count, rows

TABLES = sorted(workspace_tables().items())
SCOPED = [name for name, column in TABLES if column == "workspace_id"]
NOW = "2026-11-01T12:00:00Z"


@pytest.fixture
def full(acme: Team, rival: Team) -> tuple[Team, Team]:
    """Both workspaces with at least one row in every table."""
    for team in (acme, rival):
        fill(team)
    return acme, rival


def as_app(team: Team | None) -> psycopg.Connection[Any]:
    connection = psycopg.connect(db.url(DbRole.APP))
    if team is not None:
        connection.execute("SELECT set_config('app.workspace_id', %s, true)", (str(team.id),))
    return connection


def test_every_table_is_of_a_workspace_or_known_to_be_global(full: tuple[Team, Team]):
    for name, _ in TABLES:
        assert count(name) >= 2, f"{name} needs a row in the fixture `full`."
    assert set(SQLModel.metadata.tables) <= {name for name, _ in TABLES} | GLOBAL_TABLES


def test_every_table_of_a_workspace_forces_row_security():
    for name, _ in TABLES:
        assert rows(
            "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE relname = %s"
            " AND relnamespace = 'public'::regnamespace",
            name,
        ) == [(True, True)]


@pytest.mark.parametrize(("table", "column"), TABLES)
def test_without_a_workspace_the_application_sees_nothing(
    full: tuple[Team, Team], table: str, column: str
):
    with as_app(None) as connection:
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)  # noqa: S608


@pytest.mark.parametrize(("table", "column"), TABLES)
def test_with_a_workspace_the_application_sees_and_changes_its_own_rows_only(
    full: tuple[Team, Team], table: str, column: str
):
    acme, rival = full
    theirs = count(table, f"{column} = %s", rival.id)

    with as_app(acme) as connection:
        seen = connection.execute(f"SELECT DISTINCT {column} FROM {table}").fetchall()  # noqa: S608
        assert seen == [(acme.id,)]
        for statement in (
            f"UPDATE {table} SET created_at = now() WHERE {column} = %s",  # noqa: S608
            f"DELETE FROM {table} WHERE {column} = %s",  # noqa: S608
        ):
            try:
                with connection.transaction():
                    assert connection.execute(statement.encode(), (rival.id,)).rowcount == 0
            except psycopg.errors.InsufficientPrivilege:
                assert table in APPEND_ONLY_TABLES
    assert count(table, f"{column} = %s", rival.id) == theirs


@pytest.mark.parametrize(("table", "column"), TABLES)
def test_row_of_another_workspace_can_be_neither_added_nor_given_away(
    full: tuple[Team, Team], table: str, column: str
):
    acme, rival = full

    with as_app(acme) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
            connection.execute(
                f"INSERT INTO {table} ({column}) VALUES (%s)".encode(),  # noqa: S608
                (new_id() if table == "workspaces" else rival.id,),
            )
        with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
            connection.execute(f"UPDATE {table} SET {column} = %s".encode(), (rival.id,))  # noqa: S608


def test_workspace_does_not_leak_through_the_pool(full: tuple[Team, Team]):
    acme, _ = full
    with db.transaction(acme.id) as session:
        assert session.connection().exec_driver_sql("SELECT count(*) FROM contacts").scalar() == 1

    for _ in range(db.POOL_SIZE + 1):
        with db.transaction() as session:
            found = session.connection().exec_driver_sql("SELECT count(*) FROM contacts")
            assert found.scalar() == 0


def test_foreign_keys_between_tables_of_a_workspace_name_the_workspace():
    loose = [
        f"{table.name}.{column.name}"
        for table in SQLModel.metadata.sorted_tables
        for constraint in table.foreign_key_constraints
        for column in constraint.columns
        if constraint.referred_table.name in SCOPED
        and table.name in SCOPED
        and "workspace_id" not in [one.name for one in constraint.columns]
    ]

    assert loose == []


def test_child_of_another_workspaces_parent_is_refused(full: tuple[Team, Team]):
    """Even for the drain, which sees all workspaces: the keys hold where policies do not."""
    tried = 0
    acme, rival = full
    for table in SQLModel.metadata.sorted_tables:
        for constraint in table.foreign_key_constraints:
            columns = [column.name for column in constraint.columns]
            if table.name not in SCOPED or "workspace_id" not in columns or len(columns) < 2:
                continue
            children = [name for name in columns if name != "workspace_id"]
            parents = [one.column.name for one in constraint.elements]
            parents.remove("workspace_id")
            parent = constraint.referred_table.name
            with db.connect(DbRole.DRAIN) as connection:
                foreign = connection.execute(
                    f"SELECT {', '.join(parents)} FROM {parent} WHERE workspace_id = %s".encode(),  # noqa: S608
                    (rival.id,),
                ).fetchone()
                values = ", ".join(f"{child} = %s" for child in children)
                query = f"UPDATE {table.name} SET {values} WHERE workspace_id = %s"  # noqa: S608
                refusal = (
                    psycopg.errors.InsufficientPrivilege  # nobody changes these at all
                    if table.name in APPEND_ONLY_TABLES
                    else psycopg.errors.ForeignKeyViolation
                )
                with pytest.raises(refusal), connection.transaction():
                    connection.execute(query.encode(), (*foreign, acme.id))
            tried += len(children)
    assert tried >= 10


def test_drain_sees_all_workspaces_and_owns_nothing(full: tuple[Team, Team]):
    with db.connect(DbRole.DRAIN) as connection:
        assert connection.execute("SELECT count(*) FROM workspaces").fetchone() == (2,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DROP TABLE messages")


def test_diary_can_be_added_to_but_not_changed(acme: Team):
    for statement in ("UPDATE audit_entries SET action = 'x'", "DELETE FROM audit_entries"):
        with as_app(acme) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())


def test_look_ups_of_the_database_cannot_be_redirected_by_the_callers_search_path():
    """Those that see all workspaces fix their own search path."""
    unsafe = rows(
        "SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace"
        " AND NOT coalesce(array_to_string(proconfig, ',') LIKE 'search_path=%%', false)"
    )

    assert unsafe == []


def test_role_of_a_membership_is_one_that_exists(acme: Team):
    with pytest.raises(IntegrityError, match="ck_memberships_role"):
        table_rows.save(
            Membership(workspace_id=acme.id, user_id=factories.make_user(), role="KING")
        )


def test_workspace_has_one_subscription(acme: Team):
    plan = table_rows.value("SELECT plan_id FROM subscriptions LIMIT 1")
    with pytest.raises(IntegrityError, match="uq_subscriptions_workspace_id"):
        table_rows.save(
            Subscription(
                workspace_id=acme.id, plan_id=plan, status="ACTIVE",
                current_period_start=NOW, current_period_end=NOW,
            )
        )  # fmt: skip

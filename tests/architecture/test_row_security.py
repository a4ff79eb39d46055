"""A workspace sees only itself (decision 0004), as the database itself says it."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import ProgrammingError

from app import db
from app.ids import new_id
from app.models.policies import APP_ROLE, DRAIN_ROLE, GLOBAL_TABLES, workspace_tables
from tests import table_rows
from tests.every_table import fill
from tests.factories import Team

# Tables of the installation (docs/architecture.md); adding one here is a decision.
INSTALLATION = {
    "alembic_version",
    "drain_marks",
    "mails",
    "messages_unprocessed",
    "oauth_accounts",
    "pictures",
    "plans",
    "recovery_codes",
    "sessions",
    "users",
    "verification_tokens",
    "webhook_events",
}
SCOPED = sorted(workspace_tables())
RULE = "(decision 0004)"


@pytest.mark.usefixtures("database")
def test_every_table_is_scoped_or_known_to_be_global() -> None:
    query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    tables = {row[0] for row in table_rows.rows(query)}

    assert GLOBAL_TABLES == INSTALLATION, f"A table left the isolation of workspaces {RULE}."
    assert tables - INSTALLATION == set(SCOPED)


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("table", SCOPED)
def test_table_has_forced_row_security_and_a_policy_for_each_role(table: str) -> None:
    forced = table_rows.row(
        "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = %s::regclass", table
    )
    policies = dict(
        table_rows.rows(
            "SELECT unnest(roles)::text, array[qual, with_check] FROM pg_policies"
            " WHERE tablename = %s AND cmd = 'ALL' AND permissive = 'PERMISSIVE'",
            table,
        )
    )

    assert forced == (True, True), f"{table} needs ENABLE and FORCE ROW LEVEL SECURITY {RULE}."
    own, own_check = policies[APP_ROLE]
    assert "app.workspace_id" in own, f"{table} {RULE}"
    assert own == own_check, f"{table}: what is written must be what may be seen {RULE}"
    assert policies[DRAIN_ROLE] == ["true", "true"]
    assert "public" not in policies


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("table", SCOPED)
def test_table_has_an_index_that_begins_with_the_workspace(table: str) -> None:
    first = "id" if table == "workspaces" else "workspace_id"
    leading = {
        row[0]
        for row in table_rows.rows(
            "SELECT a.attname FROM pg_index i JOIN pg_attribute a"
            " ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]"
            " WHERE i.indrelid = %s::regclass AND i.indpred IS NULL",
            table,
        )
    }

    assert first in leading, f"{table} needs a whole index that begins with {first} {RULE}."


@pytest.mark.usefixtures("database")
def test_foreign_keys_between_scoped_tables_carry_the_workspace() -> None:
    keys = table_rows.rows(
        """
        SELECT c.conrelid::regclass::text, c.confrelid::regclass::text,
            array(SELECT attname::text FROM unnest(c.conkey) k
                JOIN pg_attribute ON attrelid = c.conrelid AND attnum = k),
            array(SELECT attname::text FROM unnest(c.confkey) k
                JOIN pg_attribute ON attrelid = c.confrelid AND attnum = k)
        FROM pg_constraint c WHERE c.contype = 'f'
        """
    )

    plain = [
        f"{table}{own} -> {target}{theirs}"
        for table, target, own, theirs in keys
        if table in SCOPED and target in SCOPED and target != "workspaces"
        if "workspace_id" not in own or "workspace_id" not in theirs
    ]

    assert len(keys) > 10
    assert not plain, f"Use within_workspace() of app/models/base.py {RULE}: {plain}"


@pytest.mark.usefixtures("database")
def test_roles_of_the_product_are_no_owners_and_bypass_nothing() -> None:
    rows = table_rows.rows(
        "SELECT r.rolname, r.rolsuper, r.rolbypassrls, r.rolcreaterole,"
        " EXISTS (SELECT FROM pg_tables t WHERE t.tableowner = r.rolname) FROM pg_roles r"
        " WHERE r.rolname IN (%s, %s)",
        *(sa.make_url(db.url(role)).username for role in (db.DbRole.APP, db.DbRole.DRAIN)),
    )

    assert len(rows) == 2
    assert not any(any(flags) for _, *flags in rows), f"{rows} {RULE}"


def test_without_a_workspace_nothing_is_seen(acme: Team) -> None:
    fill(acme)

    with db.transaction() as session:
        seen = {table: count(session, table) for table in SCOPED}

    there = {table: table_rows.count(table) for table in SCOPED}
    empty = [table for table, rows in there.items() if not rows]
    assert not empty, f"Let fill() add a row, or this test proves nothing for: {empty}"
    assert seen == dict.fromkeys(SCOPED, 0), RULE


def test_in_a_workspace_only_its_rows_are_seen(acme: Team, rival: Team) -> None:
    fill(acme)

    with db.transaction(rival.id) as session:
        foreign = {
            table: count(session, table, f"{column} <> '{rival.id}'")
            for table, column in workspace_tables().items()
        }

    assert foreign == dict.fromkeys(foreign, 0), RULE


@pytest.mark.parametrize("workspace", [None, "rival"])
def test_a_row_of_another_workspace_cannot_be_written(
    acme: Team, rival: Team, workspace: str | None
) -> None:
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        db.transaction(rival.id if workspace else None) as session,
    ):
        session.connection().execute(
            sa.text("INSERT INTO contacts (id, workspace_id) VALUES (:id, :workspace)"),
            {"id": new_id(), "workspace": acme.id},
        )


def count(session: Any, table: str, condition: str = "true") -> int:
    query = sa.text(f"SELECT count(*) FROM {table} WHERE {condition}")  # noqa: S608  # our names
    return int(session.connection().execute(query).scalar_one())

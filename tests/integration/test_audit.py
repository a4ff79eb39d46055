"""The diary: added to, never changed; each workspace reads its own."""

import datetime as dt
from functools import partial

import pytest
from sqlalchemy.exc import ProgrammingError

from app import db
from app.actor import Actor, Role
from app.db import DbRole
from app.errors import PermissionDenied
from app.services import audit
from tests.accounts import act, outcome
from tests.factories import Team
from tests.table_rows import count, execute


@pytest.fixture
def boss(acme: Team, rival: Team) -> Actor:
    execute("TRUNCATE audit_entries")
    return acme.owner


def note(actor: Actor, action: str, **details: object) -> None:
    act(
        lambda session, one: audit.record(
            session, one.workspace_id, action, user_id=one.user_id, **details
        ),
        actor,
    )


def actions(actor: Actor, **options: object) -> list[str]:
    return [view.action for view in act(audit.list_entries, actor, **options).items]


def at(day: int) -> dt.datetime:
    return dt.datetime(2026, 3, day, tzinfo=dt.UTC)


@pytest.mark.parametrize("role", [DbRole.APP, DbRole.DRAIN])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET action = 'x'",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
        "INSERT INTO audit_entries TABLE audit_entries ON CONFLICT (id) DO UPDATE SET action = ''",
    ],
)
def test_database_lets_the_product_change_no_entry(boss: Actor, role: DbRole, statement: str):
    note(boss, "key.created")

    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        db.transaction(boss.workspace_id, role=role) as session,
    ):
        session.connection().exec_driver_sql(statement)

    assert count("audit_entries", "action = 'key.created'") == 1


def test_database_takes_no_entry_for_a_foreign_workspace(boss: Actor, rival: Team):
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        db.transaction(boss.workspace_id) as session,
    ):
        audit.record(session, rival.id, "key.created")

    assert not count("audit_entries")


def test_each_workspace_reads_its_own_newest_first(boss: Actor, rival: Team):
    note(boss, "key.created")
    note(rival.owner, "key.revoked")
    note(boss, "member.removed")

    assert actions(boss) == ["member.removed", "key.created"]
    assert actions(rival.owner) == ["key.revoked"]


def test_filters_take_a_whole_action_its_noun_or_a_person(boss: Actor, acme: Team, rival: Team):
    note(boss, "key.created")
    note(acme.admin, "key.revoked")
    note(boss, "keyring.opened")

    assert actions(boss, action="key") == ["key.revoked", "key.created"]
    assert actions(boss, action="key.created") == ["key.created"]
    assert actions(boss, user_id=acme.admin.user_id) == ["key.revoked"]
    assert actions(boss, user_id=rival.owner.user_id) == []
    assert actions(boss, action="%") == []


def test_filters_take_a_time_from_which_and_one_before_which(boss: Actor, rival: Team):
    for day, action in ((1, "key.created"), (2, "key.rotated"), (3, "key.revoked")):
        note(boss, action)
        execute("UPDATE audit_entries SET created_at = %s WHERE action = %s", at(day), action)
        note(rival.owner, "key.created")

    assert actions(boss, since=at(2)) == ["key.revoked", "key.rotated"]
    assert actions(boss, until=at(3)) == ["key.rotated", "key.created"]
    assert actions(boss, since=at(2), until=at(3)) == ["key.rotated"]


def test_pages_hold_every_entry_once(boss: Actor, rival: Team):
    for number in range(7):
        note(boss, f"key.number{number}")
        note(rival.owner, "key.created")

    seen, cursor = [], None
    while True:
        page = act(audit.list_entries, boss, cursor=cursor, limit=3)
        seen += [view.action for view in page.items]
        if not (cursor := page.next_cursor):
            break

    assert seen == [f"key.number{number}" for number in reversed(range(7))]


@pytest.mark.parametrize("cursor", ["", "x", "é", "AAAA", "x" * 5_000])
def test_strange_cursor_begins_at_the_top(boss: Actor, cursor: str):
    note(boss, "key.created")

    assert actions(boss, cursor=cursor) == ["key.created"]


@pytest.mark.parametrize("role", [Role.AGENT, Role.VIEWER])
def test_agents_and_viewers_do_not_read_it(acme: Team, role: Role):
    for fn in (audit.list_entries, audit.begin_export):
        assert outcome(partial(act, fn, acme.members()[role])) is PermissionDenied

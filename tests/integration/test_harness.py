"""The harness itself: own database, own Redis number, no network, a clock that stands still."""

import datetime as dt
import socket
import threading

import httpx
import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import make_url

from app import clock, db, queue
from app.actor import Permission, Role
from app.db import DbRole
from app.errors import PermissionDenied
from app.services import conversations
from tests import factories, permissions, table_rows
from tests.conftest import _create_database
from tests.factories import Clock, Team


def test_every_test_begins_with_empty_tables_but_with_the_plans():
    assert table_rows.count("workspaces") == 0
    assert table_rows.count("users") == 0
    assert table_rows.count("plans") == 6


def test_roles_of_the_database_are_three_and_none_is_mighty():
    users = {role: db.url(role) for role in DbRole}

    assert len(set(users.values())) == 3
    assert (
        table_rows.count("pg_roles", "rolname LIKE 'inbox%%' AND (rolsuper OR rolbypassrls)") == 0
    )


def test_redis_is_empty_and_not_number_zero():
    assert queue.connection().dbsize() == 0
    assert queue.connection().connection_pool.connection_kwargs["db"] > 0


def test_no_test_reaches_another_machine():
    with pytest.raises(RuntimeError, match="tried to look up example"):
        httpx.get("http://example.com")
    with socket.socket() as plain, pytest.raises(RuntimeError, match="tried to connect"):
        plain.connect(("192.0.2.1", 80))


def test_database_that_somebody_is_leaving_is_made_anew(worker_name: str):
    owner, name = db.url(DbRole.OWNER), f"test_in_use_{worker_name}"
    _create_database(owner, name)
    place = make_url(owner).set(database=name).render_as_string(hide_password=False)
    leaving = psycopg.connect(place, autocommit=True)
    leaving.execute("CREATE TABLE left_behind ()")
    timer = threading.Timer(1, leaving.close)
    timer.start()

    _create_database(owner, name)

    timer.join()
    with psycopg.connect(place) as connection:
        assert connection.execute("SELECT to_regclass('left_behind')").fetchone() == (None,)
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))


def test_frozen_clock_stands_still_until_it_is_moved(frozen_clock: Clock):
    before = clock.utc_now()

    frozen_clock.move(dt.timedelta(hours=1))

    assert clock.utc_now() - before == dt.timedelta(hours=1)


def test_two_teams_share_nothing(acme: Team, rival: Team):
    assert acme.number.meta_id != rival.number.meta_id
    assert table_rows.count("memberships", "workspace_id = %s", acme.id) == len(Role)


def test_assert_only_undoes_what_it_tries_and_finds_a_role_that_may_too_much(
    acme: Team, rival: Team
):
    thread = factories.make_conversation(acme.number, unread_count=1)

    permissions.assert_only(
        set(Role),
        lambda session, actor: conversations.get(session, actor, thread),
        acme,
        outsider=rival.owner,
    )
    with pytest.raises(AssertionError, match="VIEWER may not"):
        permissions.assert_only(
            set(Role) - {Role.VIEWER},
            lambda session, actor: conversations.get(session, actor, thread),
            acme,
            outsider=rival.owner,
        )

    assert table_rows.value("SELECT unread_count FROM conversations WHERE id = %s", thread) == 1


def test_viewer_may_read_but_not_write(viewer):
    viewer.require(Permission.CONVERSATION_READ)
    with pytest.raises(PermissionDenied):
        viewer.require(Permission.MESSAGE_SEND)

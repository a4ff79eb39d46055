"""One transaction per edge: effects after its commit only, no waiting on the event loop."""

import asyncio

import orjson
import psycopg
import pytest

from app import db, events, queue
from app.config import configure, settings
from app.db import BlockingCallOnLoop, DbRole
from app.errors import Unavailable
from app.events import Bell
from app.models import User
from app.queue import JobName
from app.services import schema
from app.services.schema.problems import OwnerRoleRefused
from tests.integration.devstack_users import wait_until
from tests.table_rows import count, value

DEAD = "postgresql://nobody:x@127.0.0.1:1/none"


def test_effects_run_after_the_commit_in_order():
    seen: list[object] = []

    with db.transaction() as session:
        session.add(User(name="Ana", email="ana@example.com"))
        db.after_commit(session, lambda: seen.append(count("users")))
        db.after_commit(session, lambda: seen.append("second"))
        assert seen == []

    assert seen == [1, "second"]


def test_effects_are_dropped_with_the_transaction():
    seen: list[int] = []

    with pytest.raises(RuntimeError), db.transaction() as session:  # noqa: PT012  # one transaction
        session.add(User(name="Ana", email="ana@example.com"))
        session.flush()
        db.after_commit(session, lambda: seen.append(1))
        raise RuntimeError

    assert seen == []
    assert count("users") == 0


def test_effects_wait_for_the_commit_not_for_a_savepoint():
    seen: list[int] = []

    with pytest.raises(RuntimeError), db.transaction() as session:  # noqa: PT012  # one transaction
        with session.begin_nested():
            db.after_commit(session, lambda: seen.append(1))
        assert seen == []
        raise RuntimeError

    assert seen == []


def test_effect_that_fails_spoils_neither_the_commit_nor_the_next_effect():
    seen: list[int] = []

    with db.transaction() as session:
        session.add(User(name="Ana", email="ana@example.com"))
        db.after_commit(session, lambda: 1 / 0)
        db.after_commit(session, lambda: seen.append(1))

    assert (seen, count("users")) == ([1], 1)


async def test_session_on_the_event_loop_is_refused():
    with pytest.raises(BlockingCallOnLoop), db.transaction():
        pass
    with pytest.raises(BlockingCallOnLoop), db.connect():
        pass

    assert await asyncio.to_thread(count, "users") == 0


def test_database_that_is_away_is_told_as_such():
    configure(database_url=DEAD)

    with pytest.raises(Unavailable), db.transaction() as session:
        session.connection()


def test_connection_that_was_cut_is_told_and_the_next_one_works():
    with pytest.raises(Unavailable), db.transaction() as session:  # noqa: PT012  # one transaction
        pid = session.connection().exec_driver_sql("SELECT pg_backend_pid()").scalar()
        with psycopg.connect(db.url(DbRole.APP), autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", (pid,))
        session.connection().exec_driver_sql("SELECT 1")

    with db.transaction() as session:
        assert session.connection().exec_driver_sql("SELECT 1").scalar() == 1


def others_than(connection: psycopg.Connection) -> int:
    """Return how many other connections the database has."""
    (found,) = connection.execute(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    ).fetchone() or (-1,)
    return int(found)


def test_dispose_closes_the_connections_of_this_process():
    engines = [db.engine(role) for role in DbRole]
    for engine in engines:
        engine.connect().close()
    owner = db.url(DbRole.OWNER)

    db.dispose()

    with psycopg.connect(owner, autocommit=True) as connection:
        wait_until(lambda: others_than(connection) == 0)  # a backend takes a moment to go


def test_bell_is_rung_once_and_not_when_the_transaction_fails():
    bell = Bell("inbox:1", "c", 7)
    with pytest.raises(RuntimeError), db.transaction() as session:  # noqa: PT012  # one transaction
        events.ring(session, bell)
        raise RuntimeError
    assert queue.connection().xlen(events.STREAM) == 0

    with db.transaction() as session:
        events.ring(session, bell)
        events.ring(session, Bell("inbox:1", "c", 8))
        assert queue.connection().xlen(events.STREAM) == 0

    [(_, fields)] = queue.connection().xrange(events.STREAM)
    assert orjson.loads(fields[b"bells"]) == [["inbox:1", "c", 8]]


def test_redis_that_is_away_costs_a_bell_but_no_commit():
    configure(redis_url="redis://127.0.0.1:1/0")

    with db.transaction() as session:
        session.add(User(name="Ana", email="ana@example.com"))
        events.ring(session, Bell("inbox:1", "c", 1))
    events.publish([Bell("inbox:1", "c", 2)])

    assert count("users") == 1
    assert not queue.ring(JobName.SWEEP)
    assert not queue.is_reachable()
    assert not queue.has_worker()


def test_migration_can_be_repeated():
    before = value("SELECT count(*) FROM plans")

    assert schema.migrate() == []

    assert value("SELECT count(*) FROM plans") == before
    assert schema.is_current()
    schema.check_role()


def test_application_that_signs_in_as_the_owner_is_refused_with_the_sql_to_run():
    configure(database_url=settings().database_owner_url)

    with pytest.raises(OwnerRoleRefused, match="CREATE ROLE"):
        schema.check_role()

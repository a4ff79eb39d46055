"""Waiting for what other threads and processes do, and locks that let them wait."""

import time
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import pytest

from app import db
from app.db import DbRole
from tests.table_rows import value


@contextmanager
def held(query: str, *params: Any) -> Any:
    """Hold the locks that a statement takes while the block runs."""
    with db.connect(DbRole.OWNER) as connection:
        connection.execute(query.encode(), params or None)
        yield connection


def wait_until(condition: Callable[[], Any], *, patience_s: float = 10.0) -> Any:
    """Return the condition's value as soon as it is true; fail when it takes too long."""
    deadline = time.monotonic() + patience_s
    while not (found := condition()):
        if time.monotonic() > deadline:
            pytest.fail("What the test waits for did not happen.", pytrace=False)
        time.sleep(0.01)
    return found


def waiting_backends() -> int:
    """Return how many locks are waited for in this database, those of rows included."""
    return int(
        value(
            "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
            " WHERE NOT l.granted AND a.datname = current_database()"
        )
    )

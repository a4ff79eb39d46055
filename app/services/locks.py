"""Advisory locks: whose turn it is with a name, and which drain is still alive."""

import secrets
from collections.abc import Iterable

from app.db import Connection

PEOPLE_LOCKS, WAMID_LOCKS, RUNNER_LOCKS, TOKEN_LOCKS = 1, 2, 3, 4


def serialize(connection: Connection, space: int, names: Iterable[str]) -> None:
    """Make transactions that deal with the same names wait for each other, in a fixed order.

    The names fall into 256 buckets, so that a huge batch does not use up the lock table.
    """
    connection.execute(
        """
        SELECT pg_advisory_xact_lock(%s, bucket) FROM (
            SELECT DISTINCT hashtext(name) & 255 AS bucket FROM unnest(%b::text[]) AS name
            ORDER BY bucket) b
        """,
        (space, list(names)),
    )


def start_run(connection: Connection) -> int:
    """Return the number of a new run; it counts as alive for as long as the connection lives.

    SQL asks by `runner_is_gone(runner)`, which tries to take the lock. A session that asks about
    its own run gets it, as locks are re-entrant, and hears that it is gone: ask before the run
    starts anything.
    """
    runner = secrets.randbits(31)
    with connection.transaction():
        connection.execute("SELECT pg_advisory_lock(%s, %s)", (RUNNER_LOCKS, runner))
    return runner

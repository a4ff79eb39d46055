"""Note how a fetch ended, and show it in the thread. System-only: the media drain."""

import datetime as dt

from app import events, log
from app.clock import utc_now
from app.db import Connection
from app.services.media.claim import Claimed
from app.services.media.fetch import Lost
from app.services.media.keep import Kept

# An id from a webhook is good for seven days; a token that was replaced meanwhile brings the file.
GIVE_UP_AFTER = dt.timedelta(days=7)
PAUSES_S = (10, 60, 300, 1800, 7200, 21_600)


def record(connection: Connection, one: Claimed, outcome: Kept | Lost) -> None:
    """Keep the outcome in one transaction, then ring for the open threads."""
    with connection.transaction():
        seq = _raise_seq(connection, one)
        if isinstance(outcome, Kept):
            _stored(connection, one, outcome)
        elif outcome.is_final or utc_now() - one.created_at > GIVE_UP_AFTER:
            _failed(connection, one, outcome)
        else:
            _later(connection, one, outcome)
    events.publish(events.conversation_bells(one.workspace_id, one.conversation_id, seq))


def _raise_seq(connection: Connection, one: Claimed) -> int:
    row = connection.execute(
        "UPDATE conversations SET change_seq = change_seq + 1, updated_at = now()"
        " WHERE id = %s RETURNING change_seq",
        (one.conversation_id,),
    ).fetchone()
    seq = int(row[0]) if row else 0
    connection.execute(
        "UPDATE messages SET change_seq = %s, updated_at = now() WHERE id = %s",
        (seq, one.message_id),
    )
    return seq


def _stored(connection: Connection, one: Claimed, kept: Kept) -> None:
    connection.execute(
        """
        UPDATE media_files SET state = 'STORED', storage_key = %s, size_bytes = %s, sha256 = %s,
            content_type = %s, width = %s, height = %s, has_thumbnail = %s, error = NULL,
            next_attempt_at = NULL, updated_at = now()
        WHERE id = %s
        """,
        (kept.key, kept.size, kept.sha256, kept.content_type, kept.width, kept.height,
         kept.has_thumbnail, one.id),
    )  # fmt: skip


def _failed(connection: Connection, one: Claimed, lost: Lost) -> None:
    log.get(__name__).warning("media_failed", media_id=str(one.id), why=lost.reason)
    connection.execute(
        "UPDATE media_files SET state = 'FAILED', error = %s, next_attempt_at = NULL,"
        " updated_at = now() WHERE id = %s",
        (lost.reason, one.id),
    )


def _later(connection: Connection, one: Claimed, lost: Lost) -> None:
    log.get(__name__).info("media_waits", media_id=str(one.id), why=lost.reason)
    pause_s = PAUSES_S[min(one.attempt_count, len(PAUSES_S)) - 1]
    connection.execute(
        "UPDATE media_files SET error = %s, updated_at = now(),"
        " next_attempt_at = now() + make_interval(secs => %s) WHERE id = %s",
        (lost.reason, pause_s, one.id),
    )

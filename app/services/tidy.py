"""Housekeeping: what waits for a drain, what may be forgotten. System-only: jobs."""

from dataclasses import dataclass

from app import db
from app.clock import utc_now
from app.services.inbound.apply import UNKNOWN_NUMBER
from app.services.mails import due as mails
from app.services.media import due as media
from app.services.outbox.due import ABANDONED, DUE

PORTION = 5_000
# What is long over: sign-ins and letters after a month, links after a day, kept answers at once.
OVER = {
    "sessions": "expires_at < %(now)s - interval '30 days'",
    "mails": "state <> 'PENDING' AND updated_at < %(now)s - interval '30 days'",
    "verification_tokens": "expires_at < %(now)s - interval '1 day'",
    "idempotency_keys": "expires_at < %(now)s",
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """Which drains have something to do."""

    webhooks: bool
    outbox: bool
    mail: bool
    media: bool


def waiting() -> Waiting:
    """Look into the tables for work whose bell was lost or whose pause is over."""
    with db.connect() as connection:
        row = connection.execute(
            f"""
            SELECT EXISTS (SELECT FROM webhook_events WHERE state = 'PENDING')
                OR EXISTS (SELECT FROM messages_unprocessed
                    WHERE state = 'WAITING' AND next_retry_at <= now()),
                EXISTS (SELECT FROM messages m WHERE {DUE})
                OR EXISTS (SELECT FROM messages m WHERE {ABANDONED}),
                EXISTS (SELECT FROM mails WHERE {mails.DUE}),
                EXISTS (SELECT FROM media_files f WHERE {media.DUE})
            """  # noqa: S608  # our own words
        ).fetchone()
    return Waiting(*row) if row else Waiting(webhooks=False, outbox=False, mail=False, media=False)


def take_up() -> None:
    """Let items be tried again that were parked since nobody had their number, and somebody has."""
    with db.connect() as connection:
        connection.execute(
            """
            UPDATE messages_unprocessed u
            SET state = 'WAITING', retry_count = 0, next_retry_at = now(), updated_at = now()
            FROM phone_numbers p JOIN whatsapp_accounts a
                ON a.workspace_id = p.workspace_id AND a.id = p.account_id
            WHERE u.state = 'PARKED' AND u.error = %s AND p.disconnected_at IS NULL
                AND p.meta_phone_number_id = u.payload -> 'metadata' ->> 'phone_number_id'
                AND (u.account_id = p.account_id OR (u.account_id IS NULL AND a.is_platform))
            """,
            (UNKNOWN_NUMBER,),
        )


def purge() -> None:
    """Forget what is long over, a portion at a time: no lock is held for long."""
    with db.connect() as connection:
        for table, is_over in OVER.items():
            query = (
                f"DELETE FROM {table} WHERE ctid = ANY(ARRAY("  # noqa: S608  # our own words
                f"SELECT ctid FROM {table} WHERE {is_over} LIMIT {PORTION}))"
            )
            removed = PORTION
            while removed == PORTION:
                with connection.transaction():
                    removed = connection.execute(query.encode(), {"now": utc_now()}).rowcount

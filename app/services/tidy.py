"""Housekeeping: what waits for a drain, what may be forgotten. System-only: jobs."""

import datetime as dt
from dataclasses import dataclass

from sqlmodel import Session, col, delete

from app import db
from app.clock import utc_now
from app.models.user import Session as SignIn
from app.services.outbox.due import ABANDONED, DUE

KEEP_SESSIONS = dt.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Which drains have something to do."""

    webhooks: bool
    outbox: bool


def waiting() -> Waiting:
    """Look into the tables for work whose bell was lost or whose pause is over."""
    with db.connect() as connection:
        row = connection.execute(
            f"""
            SELECT EXISTS (SELECT FROM webhook_events WHERE state = 'PENDING')
                OR EXISTS (SELECT FROM messages_unprocessed
                    WHERE state = 'WAITING' AND next_retry_at <= now()),
                EXISTS (SELECT FROM messages m WHERE {DUE})
                OR EXISTS (SELECT FROM messages m WHERE {ABANDONED})
            """  # noqa: S608  # our own words
        ).fetchone()
    return Waiting(*row) if row else Waiting(webhooks=False, outbox=False)


def purge_sessions(session: Session) -> None:
    """Forget sign-ins that ended a month ago."""
    session.exec(delete(SignIn).where(col(SignIn.expires_at) < utc_now() - KEEP_SESSIONS))

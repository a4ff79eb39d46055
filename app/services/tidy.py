"""Housekeeping: what waits for a drain, what may be forgotten. System-only: jobs."""

import datetime as dt
from dataclasses import dataclass

from sqlmodel import Session, col, delete

from app import db
from app.clock import utc_now
from app.models import IdempotencyKey, Mail, VerificationToken
from app.models.enums import MailState
from app.models.user import Session as SignIn
from app.services.mails import due as mails
from app.services.outbox.due import ABANDONED, DUE

KEEP = dt.timedelta(days=30)
DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Which drains have something to do."""

    webhooks: bool
    outbox: bool
    mail: bool


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
                EXISTS (SELECT FROM mails WHERE {mails.DUE})
            """  # noqa: S608  # our own words
        ).fetchone()
    return Waiting(*row) if row else Waiting(webhooks=False, outbox=False, mail=False)


def purge(session: Session) -> None:
    """Forget what is long over: sign-ins and mails after a month, tokens and keys after a day."""
    now = utc_now()
    session.exec(delete(SignIn).where(col(SignIn.expires_at) < now - KEEP))
    session.exec(
        delete(Mail).where(col(Mail.state) != MailState.PENDING, col(Mail.updated_at) < now - KEEP)
    )
    session.exec(delete(VerificationToken).where(col(VerificationToken.expires_at) < now - DAY))
    session.exec(delete(IdempotencyKey).where(col(IdempotencyKey.expires_at) < now))

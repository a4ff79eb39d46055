"""Sending letters: claim (transaction) → transmit (no session) → record (transaction).

System-only: a job and the command line. At least once: where nobody saw the outcome, a mail is
sent again with the same Message-ID. A failure waits with growing pauses and gives up after a day.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from app import db, log
from app.crypto import DecryptionFailed
from app.db import Connection
from app.services import secrets
from app.services.mails.compose import compose
from app.services.mails.due import DUE
from app.services.mails.post import BODY, bound_to
from app.services.mails.transport import MailAway, MailRefused, Transport, message_of
from app.services.turns import LONGEST_S, Turn, never

LEASE_S = 120
PAUSES_S = (30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, 28_800)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claimed:
    """A mail that only this process sends for two minutes."""

    id: UUID
    kind: str
    recipient: str
    subject: str
    body: bytes
    attempt_count: int


def drain(
    *,
    deadline_s: float = LONGEST_S,
    should_stop: Callable[[], bool] = never,
    ignore_pauses: bool = False,
) -> bool:
    """Send what is due; True when nothing that is due is left, False when the time is over."""
    turn = Turn(deadline_s=deadline_s, should_stop=should_stop)
    with db.connect() as connection, Transport() as transport:
        if ignore_pauses:
            _end_pauses(connection)
        while claimed := _claim(connection):
            _record(connection, claimed, _transmit(transport, claimed))
            if turn.is_over():
                return False
    return True


def _end_pauses(connection: Connection) -> None:
    """Make due what waits for another try; what somebody is sending stays theirs."""
    with connection.transaction():
        connection.execute(
            "UPDATE mails SET next_attempt_at = now()"
            " WHERE state = 'PENDING' AND error IS NOT NULL AND next_attempt_at > now()"
        )


def _claim(connection: Connection) -> _Claimed | None:
    with connection.transaction():
        row = connection.execute(
            f"""
            UPDATE mails SET attempt_count = attempt_count + 1, error = NULL, updated_at = now(),
                next_attempt_at = now() + make_interval(secs => %s)
            WHERE id = (
                SELECT id FROM mails WHERE {DUE}
                ORDER BY next_attempt_at LIMIT 1 FOR UPDATE SKIP LOCKED)
            RETURNING id, kind, recipient, subject, body, attempt_count
            """.encode(),  # noqa: S608  # our own words
            (LEASE_S,),
        ).fetchone()
    if row is None:
        return None
    return _Claimed(
        id=row[0], kind=row[1], recipient=row[2], subject=row[3], body=row[4], attempt_count=row[5]
    )


def _transmit(transport: Transport, mail: _Claimed) -> MailAway | MailRefused | None:
    """Send one mail; returns what went wrong."""
    try:
        letter = json.loads(secrets.open_secret(mail.body, bound_to(mail.id), BODY) or "{}")
    except DecryptionFailed as error:
        return MailRefused(str(error))
    bodies = compose(mail.subject, letter["paragraphs"], letter["button"], letter["reason"])
    message = message_of(mail.id, mail.recipient, mail.subject, text=bodies.text, html=bodies.html)
    try:
        transport.send(message, mail.id)
    except (MailAway, MailRefused) as error:
        return error
    return None


def _record(connection: Connection, mail: _Claimed, problem: Exception | None) -> None:
    if problem is None:
        log.get(__name__).info("mail_sent", kind=mail.kind, mail_id=str(mail.id))
        _finish(connection, mail.id, "SENT", None)
    elif isinstance(problem, MailRefused) or mail.attempt_count > len(PAUSES_S):
        log.get(__name__).error(
            "mail_failed", kind=mail.kind, mail_id=str(mail.id), why=str(problem)
        )
        _finish(connection, mail.id, "FAILED", str(problem))
    else:
        log.get(__name__).warning(
            "mail_waits", kind=mail.kind, mail_id=str(mail.id), why=str(problem)
        )
        with connection.transaction():
            connection.execute(
                "UPDATE mails SET error = %s, updated_at = now(),"
                " next_attempt_at = now() + make_interval(secs => %s) WHERE id = %s",
                (str(problem)[:500], PAUSES_S[mail.attempt_count - 1], mail.id),
            )


def _finish(connection: Connection, mail_id: UUID, state: str, error: str | None) -> None:
    """Note the end, and forget the body, which holds one-time links."""
    with connection.transaction():
        connection.execute(
            "UPDATE mails SET state = %s, error = %s, body = NULL, next_attempt_at = NULL,"
            " sent_at = CASE WHEN %s = 'SENT' THEN now() END, updated_at = now() WHERE id = %s",
            (state, error and error[:500], state, mail_id),
        )

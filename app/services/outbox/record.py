"""Write down what became of a claimed message, unless somebody knows better by then."""

import random
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from app import crash, events, log
from app.db import Connection
from app.events import Bell
from app.models.enums import MessageStatus
from app.services import previews
from app.services.inbound import statuses
from app.services.outbox import aftermath
from app.services.outbox.claim import Claimed, Place
from app.services.outbox.due import ABANDONED
from app.services.whatsapp.client import Accepted, Outcome, Refused, Unseen
from app.services.whatsapp.outbound import Attempt

MAX_ATTEMPTS = 8
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 900.0


def record(connection: Connection, one: Claimed, outcome: Outcome) -> None:
    """Settle the message, or put it back for later, and ring."""
    place = one.place
    with connection.transaction():
        crash.point("outbox.recorded", [one.text])
        aftermath.note_wish(connection, one, outcome)
        match outcome:
            case Accepted(wamid):
                bells = settle(connection, place, MessageStatus.SENT, wamid=wamid)
            case Unseen(reason):
                log.get(__name__).warning("send_unseen", message_id=str(one.id), reason=reason)
                bells = settle(connection, place, MessageStatus.UNCERTAIN)
            case Refused() if outcome.meaning.is_retryable and one.transmissions < MAX_ATTEMPTS:
                pause_s = _pause_s(outcome, one.transmissions)
                bells = pause(connection, place, pause_s, error=_error(outcome))
            case _:
                bells = settle(connection, place, MessageStatus.FAILED, error=_error(outcome))
    events.publish(bells + aftermath.tell_of_token(connection, one, outcome))


def expire(connection: Connection) -> None:
    """Whoever held these died between claim and record: nobody knows whether they were sent."""
    with connection.transaction():
        rows = connection.execute(
            f"""
            SELECT m.id, m.workspace_id, m.conversation_id, m.resend_count FROM messages m
            WHERE {ABANDONED} ORDER BY m.conversation_id, m.id LIMIT 500
            """  # noqa: S608  # our own words
        ).fetchall()
        bells = [
            bell
            for message_id, workspace_id, conversation_id, number in rows
            for bell in settle(
                connection,
                (workspace_id, conversation_id, Attempt(message_id, number)),
                MessageStatus.UNCERTAIN,
                only_expired=True,
            )
        ]
    events.publish(bells)


def settle(
    connection: Connection,
    place: Place,
    status: MessageStatus,
    *,
    wamid: str | None = None,
    error: dict[str, Any] | None = None,
    only_expired: bool = False,
) -> list[Bell]:
    """Raise the message to its outcome, unless a status webhook has told more already.

    An outcome that comes after a person had it sent again belongs to nobody any more: it changes
    nothing, and there is nobody to ring for.
    """
    workspace_id, conversation_id, attempt = place
    if wamid:
        statuses.lock_wamids(connection, [wamid])
    seq = _lock(connection, conversation_id)
    is_ours = connection.execute(
        f"""
        UPDATE messages m SET wamid = coalesce(m.wamid, %(wamid)s), change_seq = %(seq)s,
            updated_at = now(), next_attempt_at = NULL,
            error = CASE WHEN message_rank(%(status)s) > message_rank(m.status)
                THEN %(error)s ELSE m.error END,
            status = CASE WHEN message_rank(%(status)s) > message_rank(m.status)
                THEN %(status)s ELSE m.status END
        WHERE m.id = %(id)s AND m.workspace_id = %(workspace)s AND m.resend_count = %(attempt)s
            AND (NOT %(expired)s OR ({ABANDONED}))
        """,  # noqa: S608  # our own words
        {
            "expired": only_expired,
            "id": attempt.message_id,
            "attempt": attempt.number,
            "workspace": workspace_id,
            "wamid": wamid,
            "status": status.value,
            "error": Jsonb(error) if error else None,
            "seq": seq,
        },
    ).rowcount
    if not is_ours:
        return []
    if wamid:
        statuses.adopt(connection, {attempt.message_id: seq})
    return _changed(connection, place, seq)


def pause(
    connection: Connection, place: Place, pause_s: float, *, error: dict[str, Any]
) -> list[Bell]:
    """Put a message back into the queue for later, with the reason; it was certainly not sent."""
    workspace_id, conversation_id, attempt = place
    seq = _lock(connection, conversation_id)
    is_ours = connection.execute(
        """
        UPDATE messages SET status = 'queued', error = %s, change_seq = %s, updated_at = now(),
            next_attempt_at = now() + make_interval(secs => %s)
        WHERE id = %s AND workspace_id = %s AND resend_count = %s AND status = 'sending'
        """,
        (Jsonb(error), seq, pause_s, attempt.message_id, workspace_id, attempt.number),
    ).rowcount
    return _changed(connection, place, seq) if is_ours else []


def _error(refused: Refused) -> dict[str, Any]:
    """Return a refusal as the message keeps it, in the form of Meta's webhooks."""
    details = {"details": refused.details} if refused.details else None
    return {"code": refused.code, "title": refused.title, "error_data": details}


def _lock(connection: Connection, conversation_id: UUID) -> int:
    """Lock the conversation; returns the sequence number that the change will have."""
    row = connection.execute(
        "SELECT change_seq + 1 FROM conversations WHERE id = %s FOR NO KEY UPDATE",
        (conversation_id,),
    ).fetchone()
    assert row is not None  # noqa: S101  # the message refers to it
    return int(row[0])


def _changed(connection: Connection, place: Place, seq: int) -> list[Bell]:
    workspace_id, conversation_id, _ = place
    connection.execute(
        "UPDATE conversations SET change_seq = %s, updated_at = now() WHERE id = %s",
        (seq, conversation_id),
    )
    previews.show_status(connection, [conversation_id])
    return events.conversation_bells(workspace_id, conversation_id, seq)


def _pause_s(refused: Refused, attempt: int) -> float:
    """Return how long to wait: the provider's wish, else exponential with full jitter."""
    ceiling = min(FIRST_PAUSE_S * 4 ** (attempt - 1), LONGEST_PAUSE_S)
    jittered = random.uniform(ceiling / 2, ceiling)  # noqa: S311  # spreads load, guards nothing
    return max(jittered, refused.retry_after_s or 0.0)

"""Messages on their way out: claim (transaction) → transmit (no session) → record (transaction).

System-only: a job and the command line. Within a conversation one message is on its way at a
time, in the order in which they were written. Meta has no idempotency key: where nobody saw the
outcome, the message becomes UNCERTAIN and is never sent again by itself; our message id travels in
`biz_opaque_callback_data`, so its status settles it, or a person does.
"""

import datetime as dt
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from app import crash, db, events, log
from app.crypto import DecryptionFailed
from app.db import Connection
from app.events import Bell
from app.models.enums import IdentityKind, MessageStatus
from app.services import phone_numbers
from app.services.inbound import statuses
from app.services.locks import start_run
from app.services.phone_numbers import ACCOUNTS
from app.services.secrets import Bound
from app.services.whatsapp import client
from app.services.whatsapp.client import Accepted, Outcome, Refused, Unseen
from app.services.whatsapp.outbound import Address, Attempt, OutgoingText, TextBody

PARALLEL = 32
SHARE = 8  # of one number at a time
CLAIM_EVERY_S = 0.2
LEASE = dt.timedelta(seconds=90)  # longer than the client's time-outs together
MAX_ATTEMPTS = 8
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 900.0
PER_NUMBER_PER_S = 80  # Meta's default throughput of a number
SLICE_S = 60.0
GIVE_WAY_S = 0.5

Place = tuple[UUID, UUID, Attempt]  # workspace, conversation, which sending of which message


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claimed:
    """A message that only this process may transmit until its lease is over."""

    id: UUID
    workspace_id: UUID
    conversation_id: UUID
    phone_number_id: UUID
    meta_phone_number_id: str
    text: str | None
    transmissions: int
    attempt: Attempt
    address: Address
    is_connected: bool
    account_id: UUID
    graph_url: str
    access_token: bytes


def drain(
    *,
    deadline_s: float = SLICE_S,
    should_stop: Callable[[], bool] = lambda: False,
    ignore_pauses: bool = False,
) -> bool:
    """Send what is due; True when nothing that is due is left, False when the time is over."""
    with db.connect() as connection, ThreadPoolExecutor(PARALLEL, "send") as pool:
        _expire(connection)
        if ignore_pauses:
            _end_pauses(connection)
        return _Drain(connection, pool).run(time.monotonic() + deadline_s, should_stop)


class _Drain:
    """Keeps up to 32 messages on their way and records each as soon as its outcome is known.

    No number has more than a share of them, so that one whose provider hangs delays no other.
    """

    def __init__(self, connection: Connection, pool: ThreadPoolExecutor) -> None:
        self._connection = connection
        self._runner = start_run(connection)
        self._pool = pool
        self._pacer = _Pacer()
        self._under_way: dict[Future[Outcome], _Claimed] = {}

    def run(self, deadline: float, should_stop: Callable[[], bool]) -> bool:
        """Send until nothing is due; False when the time is over and something may be left.

        It gives way after half a second at the earliest: two jobs that see each other waiting would
        otherwise give way for ever.
        """
        began = time.monotonic()
        while True:
            now = time.monotonic()
            is_over = now > deadline or (now - began > GIVE_WAY_S and should_stop())
            if not is_over:
                self._start_due()
            if not self._under_way:
                return not is_over
            done, _pending = wait(self._under_way, CLAIM_EVERY_S, FIRST_COMPLETED)
            for future in done:
                crash.point("outbox.transmitted", [self._under_way[future].text])
                _record(self._connection, self._under_way.pop(future), future.result())

    def _start_due(self) -> None:
        while room := PARALLEL - len(self._under_way):
            counts = Counter(one.phone_number_id for one in self._under_way.values())
            busy = [number for number, count in counts.items() if count >= SHARE]
            claimed = _claim(self._connection, self._runner, limit=min(room, SHARE), busy=busy)
            crash.point("outbox.claimed", (one.text for one in claimed))
            for one in claimed:
                self._under_way[self._pool.submit(_transmit, one, self._pacer)] = one
            if not claimed:
                return


def _expire(connection: Connection) -> None:
    """Whoever held these died between claim and record: nobody knows whether they were sent."""
    with connection.transaction():
        rows = connection.execute(
            """
            SELECT m.id, m.workspace_id, m.conversation_id, m.resend_count FROM messages m
            WHERE m.status = 'sending' AND (m.next_attempt_at <= now() OR runner_is_gone(runner))
            ORDER BY m.conversation_id, m.id LIMIT 500
            """
        ).fetchall()
        bells = [
            bell
            for message_id, workspace_id, conversation_id, number in rows
            for bell in _settle(
                connection,
                (workspace_id, conversation_id, Attempt(message_id, number)),
                MessageStatus.UNCERTAIN,
                only_expired=True,
            )
        ]
    events.publish(bells)


def _end_pauses(connection: Connection) -> None:
    """Make everything that waits for a retry due, once."""
    with connection.transaction():
        connection.execute(
            "UPDATE messages SET next_attempt_at = now()"
            " WHERE status = 'queued' AND next_attempt_at > now()"
        )


def _claim(
    connection: Connection, runner: int, *, limit: int = SHARE, busy: Sequence[UUID] = ()
) -> list[_Claimed]:
    """Lease the first due message of each conversation that has none on its way."""
    with connection.transaction():
        rows = connection.execute(
            """
            WITH due AS (
                SELECT m.id, p.meta_phone_number_id, a.id AS account_id, a.graph_url,
                    a.is_sandbox, a.access_token, p.disconnected_at IS NULL AS is_connected
                FROM messages m
                JOIN phone_numbers p ON p.workspace_id = m.workspace_id
                    AND p.id = m.phone_number_id
                JOIN whatsapp_accounts a ON a.workspace_id = p.workspace_id
                    AND a.id = p.account_id
                WHERE m.status = 'queued' AND m.next_attempt_at <= now()
                AND m.phone_number_id <> ALL(%(busy)s)
                AND NOT EXISTS (
                    SELECT FROM messages o WHERE o.conversation_id = m.conversation_id
                    AND o.status IN ('queued', 'sending') AND o.id < m.id)
                ORDER BY m.next_attempt_at LIMIT %(limit)s FOR UPDATE OF m SKIP LOCKED
            )
            UPDATE messages m SET status = 'sending', attempt_count = m.attempt_count + 1,
                next_attempt_at = now() + %(lease)s, runner = %(runner)s
            FROM due WHERE m.id = due.id
            RETURNING m.id, m.workspace_id, m.conversation_id, m.contact_id, m.phone_number_id,
                due.meta_phone_number_id, m.text, m.attempt_count, m.resend_count,
                due.is_connected, due.account_id, due.graph_url, due.is_sandbox, due.access_token
            """,
            {"busy": list(busy), "limit": limit, "lease": LEASE, "runner": runner},
        ).fetchall()
        addresses = _addresses(connection, [(row[1], row[3]) for row in rows])
    return [
        _Claimed(
            id=row[0],
            workspace_id=row[1],
            conversation_id=row[2],
            phone_number_id=row[4],
            meta_phone_number_id=row[5],
            text=row[6],
            transmissions=row[7],
            attempt=Attempt(row[0], row[8]),
            address=addresses[row[3]],
            is_connected=row[9],
            account_id=row[10],
            graph_url=phone_numbers.graph_url_of(row[11], is_sandbox=row[12]),
            access_token=bytes(row[13]),
        )
        for row in rows
    ]


def _addresses(connection: Connection, contacts: list[tuple[UUID, UUID]]) -> dict[UUID, Address]:
    """Return how to address contacts: by the id they wrote from, their phone, their user id."""
    rows = connection.execute(
        """
        SELECT c.id, c.phone_number, i.kind, i.value
        FROM unnest(%b::uuid[], %b::uuid[]) AS k (workspace_id, id)
        JOIN contacts c USING (workspace_id, id)
        LEFT JOIN contact_identities i ON i.workspace_id = c.workspace_id AND i.contact_id = c.id
        """,
        ([one[0] for one in contacts], [one[1] for one in contacts]),
    ).fetchall()
    named: dict[UUID, dict[str, str]] = defaultdict(dict)
    for contact_id, phone, kind, value in rows:
        if phone:
            named[contact_id].setdefault("phone", phone.lstrip("+"))
        if kind:
            named[contact_id][kind] = value
    return {
        contact_id: Address(to=to, recipient=None if to else names.get(IdentityKind.USER_ID))
        for contact_id, names in named.items()
        for to in [names.get(IdentityKind.WA_ID) or names.get("phone")]
    } | {contact: Address() for _, contact in contacts if contact not in named}


def _transmit(one: _Claimed, pacer: "_Pacer") -> Outcome:
    """Write the request and send it; whatever goes wrong is this message's outcome alone."""
    if not one.is_connected:
        return client.refused_by_us("The number was disconnected.")
    bound = Bound(ACCOUNTS, one.workspace_id, one.account_id)
    try:
        credentials = phone_numbers.credentials_of(bound, one.graph_url, one.access_token)
        message = OutgoingText(
            to=one.address.to,
            recipient=one.address.recipient,
            text=TextBody(body=one.text or ""),
            biz_opaque_callback_data=one.attempt.encode(),
        )
    except (DecryptionFailed, ValueError) as error:
        return client.refused_by_us(type(error).__name__)
    pacer.wait(one.meta_phone_number_id)
    try:
        return client.send(credentials, one.meta_phone_number_id, message)
    except Exception as error:  # noqa: BLE001  # it may have left: only a status or a person can tell
        log.get(__name__).exception("send_broken", message_id=str(one.id))
        return Unseen(type(error).__name__)


def _record(connection: Connection, one: _Claimed, outcome: Outcome) -> None:
    place = (one.workspace_id, one.conversation_id, one.attempt)
    with connection.transaction():
        crash.point("outbox.recorded", [one.text])
        match outcome:
            case Accepted(wamid):
                bells = _settle(connection, place, MessageStatus.SENT, wamid=wamid)
            case Unseen(reason):
                log.get(__name__).warning("send_unseen", message_id=str(one.id), reason=reason)
                bells = _settle(connection, place, MessageStatus.UNCERTAIN)
            case Refused() if outcome.meaning.is_retryable and one.transmissions < MAX_ATTEMPTS:
                pause_s = _pause_s(outcome, one.transmissions)
                bells = _pause(connection, place, pause_s, _error(outcome))
            case _:
                bells = _settle(connection, place, MessageStatus.FAILED, error=_error(outcome))
    events.publish(bells)


def _settle(
    connection: Connection,
    place: Place,
    status: MessageStatus,
    *,
    wamid: str | None = None,
    error: dict[str, Any] | None = None,
    only_expired: bool = False,
) -> list[Bell]:
    """Raise the message to its outcome, unless a status webhook has told more already.

    An outcome that comes after a person had it sent again belongs to nobody any more.
    """
    workspace_id, conversation_id, attempt = place
    if wamid:
        statuses.lock_wamids(connection, [wamid])
    seq = _lock(connection, conversation_id)
    connection.execute(
        """
        UPDATE messages SET wamid = coalesce(wamid, %(wamid)s), change_seq = %(seq)s,
            updated_at = now(), next_attempt_at = NULL,
            error = CASE WHEN message_rank(%(status)s) > message_rank(status)
                THEN %(error)s ELSE error END,
            status = CASE WHEN message_rank(%(status)s) > message_rank(status)
                THEN %(status)s ELSE status END
        WHERE id = %(id)s AND workspace_id = %(workspace)s AND resend_count = %(attempt)s
            AND (NOT %(expired)s OR (status = 'sending'
                AND (next_attempt_at <= now() OR runner_is_gone(runner))))
        """,
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
    )
    if wamid:
        statuses.adopt(connection, {attempt.message_id: seq})
    return _changed(connection, place, seq)


def _error(refused: Refused) -> dict[str, Any]:
    """Return a refusal as the message keeps it, in the form of Meta's webhooks."""
    details = {"details": refused.details} if refused.details else None
    return {"code": refused.code, "title": refused.title, "error_data": details}


def _pause(
    connection: Connection, place: Place, pause_s: float, error: dict[str, Any]
) -> list[Bell]:
    """Put a message back into the queue for later; it was certainly not sent."""
    workspace_id, conversation_id, attempt = place
    seq = _lock(connection, conversation_id)
    connection.execute(
        """
        UPDATE messages SET status = 'queued', change_seq = %s, updated_at = now(),
            next_attempt_at = now() + make_interval(secs => %s), error = %s
        WHERE id = %s AND workspace_id = %s AND resend_count = %s AND status = 'sending'
        """,
        (seq, pause_s, Jsonb(error), attempt.message_id, workspace_id, attempt.number),
    )
    return _changed(connection, place, seq)


def _lock(connection: Connection, conversation_id: UUID) -> int:
    row = connection.execute(
        "UPDATE conversations SET change_seq = change_seq + 1 WHERE id = %s RETURNING change_seq",
        (conversation_id,),
    ).fetchone()
    assert row is not None  # noqa: S101  # the message refers to it
    return int(row[0])


def _changed(connection: Connection, place: Place, seq: int) -> list[Bell]:
    workspace_id, conversation_id, _ = place
    connection.execute(
        """
        UPDATE conversations c SET last_message_status = m.status, updated_at = now()
        FROM messages m WHERE c.id = %s AND m.id = c.last_message_id
            AND m.workspace_id = c.workspace_id
        """,
        (conversation_id,),
    )
    return events.conversation_bells(workspace_id, conversation_id, seq)


def _pause_s(refused: Refused, attempt: int) -> float:
    """Return how long to wait: the provider's wish, else exponential with full jitter."""
    ceiling = min(FIRST_PAUSE_S * 4 ** (attempt - 1), LONGEST_PAUSE_S)
    jittered = random.uniform(ceiling / 2, ceiling)  # noqa: S311  # spreads load, guards nothing
    return max(jittered, refused.retry_after_s or 0.0)


class _Pacer:
    """Keeps each number under Meta's throughput, within this drain."""

    def __init__(self) -> None:
        self._next: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait(self, number: str) -> None:
        with self._lock:
            now = time.monotonic()
            due = max(self._next.get(number, now), now)
            self._next[number] = due + 1 / PER_NUMBER_PER_S
        if due > now:
            time.sleep(due - now)

"""News about our own messages: kept once each, applied by rank, never backwards.

A status finds its message by Meta's id, or by our own id that travelled in
`biz_opaque_callback_data`: that is how a send whose answer nobody saw is settled. One that comes
before its message waits with an empty `message_id`. Where a person had a message sent again, news
of the earlier attempt count only if they are new and say that the customer has it after all.
System-only: the drains.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from app.db import Connection
from app.ids import new_id
from app.models.enums import MessageStatus
from app.services.inbound.items import Item
from app.services.inbound.numbers import Number
from app.services.inbound.threads import Threads
from app.services.locks import WAMID_LOCKS, serialize
from app.services.whatsapp.outbound import Attempt
from app.services.whatsapp.payloads import StatusUpdate


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """A status and the number it came to."""

    workspace_id: UUID
    phone_number_id: UUID
    update: StatusUpdate

    @property
    def message_key(self) -> tuple[UUID, UUID, str]:
        """What names the message it is about."""
        return self.workspace_id, self.phone_number_id, self.update.id

    @property
    def attempt(self) -> Attempt | None:
        """Which sending of ours this is about, if that came back."""
        return Attempt.decode(self.update.biz_opaque_callback_data or "")


@dataclass(frozen=True, slots=True)
class Target:
    """The message that news are about."""

    id: UUID
    workspace_id: UUID
    conversation_id: UUID


def gather(known: Sequence[tuple[Number, Item]]) -> list[News]:
    """Return the statuses of a batch, each (message, word) once, in a fixed order."""
    unique: dict[tuple[UUID, str, str], News] = {}
    for number, item in known:
        if item.status is not None:
            unique.setdefault(
                (number.id, item.status.id, item.status.status),
                News(
                    workspace_id=number.workspace_id,
                    phone_number_id=number.id,
                    update=item.status,
                ),
            )
    return [unique[key] for key in sorted(unique)]


def find_targets(
    connection: Connection, news: Sequence[News]
) -> dict[tuple[UUID, UUID, str], Target]:
    """Find the messages that the news are about, by Meta's id or by ours."""
    if not news:
        return {}
    lock_wamids(connection, [one.update.id for one in news if one.attempt is None])
    rows = connection.execute(
        """
        SELECT k.workspace_id, k.phone_number_id, k.wamid, m.id, m.workspace_id, m.conversation_id
        FROM unnest(%b::uuid[], %b::uuid[], %b::text[], %b::text[], %b::uuid[], %b::int[])
            AS k (workspace_id, phone_number_id, wamid, status, message_id, attempt)
        JOIN messages m ON m.workspace_id = k.workspace_id
            AND m.phone_number_id = k.phone_number_id AND m.direction = 'outbound'
            AND (m.wamid = k.wamid OR (m.id = k.message_id AND m.wamid IS NULL
                AND (m.resend_count = k.attempt OR (k.status <> 'failed' AND NOT EXISTS (
                    SELECT FROM message_statuses s WHERE s.workspace_id = k.workspace_id
                    AND s.phone_number_id = k.phone_number_id AND s.wamid = k.wamid)))))
        """,
        (
            [one.workspace_id for one in news],
            [one.phone_number_id for one in news],
            [one.update.id for one in news],
            [one.update.status for one in news],
            [one.attempt.message_id if one.attempt else None for one in news],
            [one.attempt.number if one.attempt else None for one in news],
        ),
    ).fetchall()
    return {(row[0], row[1], row[2]): Target(*row[3:]) for row in rows}


def refused_with(
    news: Sequence[News], targets: dict[tuple[UUID, UUID, str], Target], code: int
) -> list[tuple[UUID, dt.datetime]]:
    """Return which of our messages failed for this reason, and when."""
    return [
        (targets[one.message_key].id, one.update.timestamp)
        for one in news
        if one.message_key in targets
        and one.update.status == MessageStatus.FAILED.value
        and any(error.code == code for error in one.update.errors)
    ]


def lock_wamids(connection: Connection, wamids: Iterable[str]) -> None:
    """Make whoever learns a message's wamid and whoever has news about it wait for each other.

    Otherwise both could look before the other commits, and the news would wait for ever. Taken
    before every other lock.
    """
    serialize(connection, WAMID_LOCKS, wamids)


def apply(
    connection: Connection,
    news: Sequence[News],
    targets: dict[tuple[UUID, UUID, str], Target],
    threads: Threads,
) -> set[UUID]:
    """Keep the news and raise the messages' statuses; returns the conversations that changed."""
    if not news:
        return set()
    _keep(connection, news, targets)
    found = {target.id: (target, key[2]) for key, target in targets.items()}
    if not found:
        return set()
    named = connection.execute(
        """
        UPDATE messages m SET wamid = d.wamid FROM unnest(%b::uuid[], %b::text[]) AS d (id, wamid)
        WHERE m.id = d.id AND m.wamid IS NULL RETURNING m.id
        """,
        (list(found), [wamid for _, wamid in found.values()]),
    ).fetchall()
    seqs = {key: threads.by_id[target.conversation_id].seq for key, (target, _) in found.items()}
    changed = adopt(connection, seqs)
    return changed | {found[message_id][0].conversation_id for (message_id,) in named}


def adopt(connection: Connection, seqs: dict[UUID, int]) -> set[UUID]:
    """Give messages all the news about them, and the highest of their statuses.

    `seqs` maps message ids to the sequence numbers of their locked conversations. Returns the
    conversations that changed.
    """
    rows = connection.execute(
        """
        WITH target AS (
            SELECT m.id, m.workspace_id, m.phone_number_id, m.wamid, d.seq
            FROM unnest(%b::uuid[], %b::bigint[]) AS d (id, seq) JOIN messages m ON m.id = d.id
        ), linked AS (
            UPDATE message_statuses s SET message_id = t.id, updated_at = now() FROM target t
            WHERE s.message_id IS NULL AND s.workspace_id = t.workspace_id
                AND s.phone_number_id = t.phone_number_id AND s.wamid = t.wamid
        ), best AS (
            SELECT DISTINCT ON (t.id) t.id, t.seq, s.status, s.errors
            FROM target t JOIN message_statuses s ON s.workspace_id = t.workspace_id
                AND s.phone_number_id = t.phone_number_id AND s.wamid = t.wamid
            WHERE message_rank(s.status) >= 0
            ORDER BY t.id, message_rank(s.status) DESC
        )
        UPDATE messages m SET status = best.status, change_seq = best.seq, updated_at = now(),
            error = CASE WHEN best.status = 'failed'
                THEN coalesce(best.errors -> 0, '{"code": 0}') END
        FROM best WHERE m.id = best.id AND message_rank(best.status) > message_rank(m.status)
        RETURNING m.conversation_id
        """,
        (list(seqs), list(seqs.values())),
    ).fetchall()
    return {row[0] for row in rows}


def _keep(
    connection: Connection,
    news: Sequence[News],
    targets: dict[tuple[UUID, UUID, str], Target],
) -> None:
    found = [targets.get(one.message_key) for one in news]
    connection.execute(
        """
        INSERT INTO message_statuses (id, workspace_id, phone_number_id, message_id, wamid, status,
            occurred_at, recipient, errors, pricing)
        SELECT * FROM unnest(%b::uuid[], %b::uuid[], %b::uuid[], %b::uuid[], %b::text[],
            %b::text[], %b::timestamptz[], %b::text[], %b::jsonb[], %b::jsonb[])
        ON CONFLICT (workspace_id, phone_number_id, wamid, status) DO NOTHING
        """,
        (
            [new_id() for _ in news],
            [one.workspace_id for one in news],
            [one.phone_number_id for one in news],
            [target.id if target else None for target in found],
            [one.update.id for one in news],
            [one.update.status for one in news],
            [one.update.timestamp for one in news],
            [one.update.recipient_id or one.update.recipient_user_id for one in news],
            [_errors(one) for one in news],
            [Jsonb(one.update.pricing) if one.update.pricing else None for one in news],
        ),
    )


def _errors(news: News) -> Jsonb | None:
    dumped: list[dict[str, Any]] = [
        error.model_dump(exclude_none=True) for error in news.update.errors
    ]
    return Jsonb(dumped) if dumped else None

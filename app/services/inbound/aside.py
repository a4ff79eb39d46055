"""What could not be applied: kept once in messages_unprocessed, tried again, then parked.

A row stands for its item wherever it comes again: WhatsApp delivers bodies more than once, and the
same bad item is one thing to look at. Items are the same if their account and payload are.
System-only: the webhook drain and replay.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from uuid import UUID

from psycopg.types.json import Jsonb

from app import log
from app.db import Connection
from app.events import Bell
from app.ids import new_id
from app.models.enums import UnprocessedState
from app.services.inbound.items import BadItem, Item, News, ReportedError

PAUSES = tuple(dt.timedelta(seconds=s) for s in (30, 120, 600, 3600, 6 * 3600))

_SAME = """
    md5(payload::text) = md5(%(payload)s::jsonb::text)
    AND account_id IS NOT DISTINCT FROM %(account)s
"""


class Findings:
    """What a batch came to: bells to ring, files to fetch, items to put aside."""

    def __init__(self) -> None:
        self.bells: list[Bell] = []
        self.has_media = False
        self.unused_fields: set[tuple[UUID | None, str, str]] = set()  # account, WABA, field
        self.aside: list[tuple[Item | News | BadItem, str, UnprocessedState]] = []

    def add(self, other: "Findings") -> None:
        """Add what another part of the batch came to."""
        self.bells += other.bells
        self.has_media |= other.has_media
        self.unused_fields |= other.unused_fields
        self.aside += other.aside

    def put_aside(self, item: Item | News | BadItem, error: str, *, park: bool = False) -> None:
        """Keep an item for later: it waits for a retry, or for a person."""
        state = UnprocessedState.PARKED if park else UnprocessedState.WAITING
        self.aside.append((item, error[:1000], state))

    def put_bad_aside(self, item: BadItem) -> None:
        """Keep what cannot be read; it waits for a person where no retry will do anything."""
        self.put_aside(item, item.error, park=item.is_final)


def put(connection: Connection, findings: Findings) -> None:
    """Keep what could not be applied, with its next retry, unless it is kept already."""
    if not findings.aside:
        return
    # One order for all drains, which otherwise could wait for each other's twins for ever.
    ordered = sorted(findings.aside, key=lambda one: (one[0].wamid or "", repr(one[0].payload)))
    rows = [(new_id(), item, error, state) for item, error, state in ordered]
    new = connection.execute(
        """
        INSERT INTO messages_unprocessed (id, webhook_event_id, item, account_id, wa_message_id,
            payload, error, state, next_retry_at)
        SELECT k.*, now() + %b FROM unnest(%b::uuid[], %b::uuid[], %b::text[], %b::uuid[],
            %b::text[], %b::jsonb[], %b::text[], %b::text[]) AS k
        ON CONFLICT DO NOTHING RETURNING id
        """,
        (
            PAUSES[0],
            [row_id for row_id, *_ in rows],
            [item.origin.event_id for _, item, *_ in rows],
            [item.key for _, item, *_ in rows],
            [item.origin.account_id for _, item, *_ in rows],
            [item.wamid for _, item, *_ in rows],
            [Jsonb(item.payload) for _, item, *_ in rows],
            [error for _, _, error, _ in rows],
            [state.value for *_, state in rows],
        ),
    ).fetchall()
    are_new = {row_id for (row_id,) in new}
    _log_reported(item for row_id, item, *_ in rows if row_id in are_new)


def postpone(connection: Connection, row_id: UUID, findings: Findings, count: int) -> None:
    """Write down that a retry has failed, the `count`th; what has failed often enough is parked."""
    _, error, state = findings.aside[0]
    is_over = count >= len(PAUSES) or state is UnprocessedState.PARKED
    connection.execute(
        """
        UPDATE messages_unprocessed SET retry_count = %s, error = %s, state = %s,
            next_retry_at = now() + %s, updated_at = now() WHERE id = %s
        """,
        (
            count,
            error,
            (UnprocessedState.PARKED if is_over else UnprocessedState.WAITING).value,
            PAUSES[min(count, len(PAUSES) - 1)],
            row_id,
        ),
    )


def put_killer(connection: Connection, item: Item | News | BadItem, reason: str) -> None:
    """Put aside what a worker died over: it is tried once more, then a person must replay it."""
    was_aside = connection.execute(
        f"""
        UPDATE messages_unprocessed SET state = 'PARKED', error = %(error)s, updated_at = now()
        WHERE {_SAME}
        """,  # noqa: S608  # our own words
        {**_what(item), "error": reason},
    ).rowcount
    if not was_aside:
        findings = Findings()
        findings.put_aside(item, reason)
        put(connection, findings)


def is_kept(connection: Connection, item: Item | News | BadItem) -> bool:
    """Tell whether an item was put aside before, with this event or another."""
    query = f"SELECT FROM messages_unprocessed WHERE {_SAME}"  # our own words
    return connection.execute(query, _what(item)).fetchone() is not None


def forget(connection: Connection, items: Sequence[Item | News | BadItem]) -> None:
    """Forget that these were put aside, with whichever event: they are about to come again."""
    connection.cursor().executemany(
        f"DELETE FROM messages_unprocessed WHERE {_SAME}",  # noqa: S608  # our own words
        [_what(item) for item in items],
    )


def _what(item: Item | News | BadItem) -> dict[str, object]:
    return {"payload": Jsonb(item.payload), "account": item.origin.account_id}


def _log_reported(items: Iterable[Item | News | BadItem]) -> None:
    for item in items:
        if isinstance(item, ReportedError):
            log.get(__name__).warning(
                "whatsapp_reports_error",
                meta_phone_number_id=item.meta_phone_number_id,
                code=item.code,
                event_id=str(item.origin.event_id),
            )

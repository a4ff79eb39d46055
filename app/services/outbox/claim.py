"""Take messages that are due, so that nobody else sends them."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.db import Connection
from app.models.enums import IdentityKind, MessageType
from app.services import whatsapp_accounts
from app.services.media.kinds import UNKNOWN
from app.services.outbox.due import DUE
from app.services.whatsapp.outbound import Address, Attempt

LEASE = dt.timedelta(seconds=90)  # longer than the client's time-outs together
UPLOAD_LEASE = dt.timedelta(minutes=10)  # a file of 100 MB takes its time
BATCH = 8

Place = tuple[UUID, UUID, Attempt]  # workspace, conversation, which sending of which message


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """The file that goes with a message."""

    key: str
    content_type: str
    filename: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A message that only this process may transmit until its lease is over."""

    id: UUID
    workspace_id: UUID
    conversation_id: UUID
    phone_number_id: UUID
    meta_phone_number_id: str
    type: MessageType
    content: dict[str, Any]
    text: str | None
    answers: str | None
    file: Attached | None
    transmissions: int
    attempt: Attempt
    address: Address
    is_connected: bool
    account_id: UUID
    graph_url: str
    access_token: bytes

    @property
    def place(self) -> Place:
        """Where its outcome belongs."""
        return self.workspace_id, self.conversation_id, self.attempt


def claim(
    connection: Connection, runner: int, *, limit: int = BATCH, busy: Sequence[UUID] = ()
) -> list[Claimed]:
    """Lease the first due message of each conversation that has none on its way."""
    with connection.transaction():
        rows = connection.execute(
            f"""
            WITH due AS (
                SELECT m.id, p.meta_phone_number_id, a.id AS account_id, a.graph_url,
                    a.is_sandbox, a.access_token, p.disconnected_at IS NULL AS is_connected,
                    f.storage_key, f.content_type, f.filename
                FROM messages m
                JOIN phone_numbers p ON p.workspace_id = m.workspace_id
                    AND p.id = m.phone_number_id
                JOIN whatsapp_accounts a ON a.workspace_id = p.workspace_id
                    AND a.id = p.account_id
                LEFT JOIN media_files f ON f.workspace_id = m.workspace_id
                    AND f.message_id = m.id
                WHERE {DUE} AND m.phone_number_id <> ALL(%(busy)s)
                ORDER BY m.next_attempt_at LIMIT %(limit)s FOR UPDATE OF m SKIP LOCKED
            )
            UPDATE messages m SET status = 'sending', attempt_count = m.attempt_count + 1,
                next_attempt_at = now() + CASE WHEN due.storage_key IS NULL THEN %(lease)s
                    ELSE %(upload_lease)s END, runner = %(runner)s
            FROM due WHERE m.id = due.id
            RETURNING m.id, m.workspace_id, m.conversation_id, m.contact_id, m.phone_number_id,
                due.meta_phone_number_id, m.text, m.attempt_count, m.resend_count,
                due.is_connected, due.account_id, due.graph_url, due.is_sandbox, due.access_token,
                m.type, m.content, m.context, due.storage_key, due.content_type, due.filename
            """,  # noqa: S608  # our own words
            {
                "busy": list(busy),
                "limit": limit,
                "lease": LEASE,
                "upload_lease": UPLOAD_LEASE,
                "runner": runner,
            },
        ).fetchall()
        addresses = _addresses(connection, [(row[1], row[3]) for row in rows])
    return [_claimed(row, addresses[row[3]]) for row in rows]


def _claimed(row: tuple[Any, ...], address: Address) -> Claimed:
    """Return a row of `claim` by the names of its columns."""
    key, content_type, filename = row[17:20]
    return Claimed(
        id=row[0],
        workspace_id=row[1],
        conversation_id=row[2],
        phone_number_id=row[4],
        meta_phone_number_id=row[5],
        text=row[6],
        transmissions=row[7],
        attempt=Attempt(row[0], row[8]),
        address=address,
        is_connected=row[9],
        account_id=row[10],
        graph_url=whatsapp_accounts.graph_url_of(row[11], is_sandbox=row[12]),
        access_token=bytes(row[13]),
        type=MessageType(row[14]),
        content=row[15],
        answers=(row[16] or {}).get("id"),
        file=Attached(key=key, content_type=content_type or UNKNOWN, filename=filename or "")
        if key
        else None,
    )


def end_pauses(connection: Connection) -> None:
    """Make everything that waits for a retry due, once."""
    with connection.transaction():
        connection.execute(
            "UPDATE messages SET next_attempt_at = now()"
            " WHERE status = 'queued' AND next_attempt_at > now()"
        )


def _addresses(connection: Connection, contacts: list[tuple[UUID, UUID]]) -> dict[UUID, Address]:
    """Return how to address contacts: by the id they wrote from, their phone, their user id.

    Of several ids the newest counts: somebody may have another number now.
    """
    rows = connection.execute(
        """
        SELECT c.id, c.phone_number, i.kind, i.value
        FROM unnest(%b::uuid[], %b::uuid[]) AS k (workspace_id, id)
        JOIN contacts c USING (workspace_id, id)
        LEFT JOIN contact_identities i ON i.workspace_id = c.workspace_id AND i.contact_id = c.id
        ORDER BY i.id
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

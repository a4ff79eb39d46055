"""Take files that are due, so that nobody else fetches them. System-only: the media drain."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from app.db import Connection
from app.services import whatsapp_accounts
from app.services.media.due import DUE

LEASE = dt.timedelta(minutes=5)  # longer than a fetch may take


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A file that only this process fetches until its lease is over."""

    id: UUID
    workspace_id: UUID
    message_id: UUID
    conversation_id: UUID
    created_at: dt.datetime
    meta_media_id: str
    declared_type: str | None
    filename: str | None
    sha256: str | None
    attempt_count: int
    account_id: UUID
    graph_url: str
    access_token: bytes


def claim(connection: Connection, *, limit: int) -> list[Claimed]:
    """Lease files that are due."""
    with connection.transaction():
        rows = connection.execute(
            f"""
            WITH due AS (
                SELECT f.id, m.conversation_id, a.id AS account_id, a.graph_url,
                    a.is_sandbox, a.access_token
                FROM media_files f
                JOIN messages m ON m.workspace_id = f.workspace_id AND m.id = f.message_id
                JOIN phone_numbers p ON p.workspace_id = m.workspace_id AND p.id = m.phone_number_id
                JOIN whatsapp_accounts a ON a.workspace_id = p.workspace_id AND a.id = p.account_id
                WHERE {DUE} ORDER BY f.next_attempt_at LIMIT %s FOR UPDATE OF f SKIP LOCKED
            )
            UPDATE media_files f SET attempt_count = f.attempt_count + 1, error = NULL,
                next_attempt_at = now() + %s, updated_at = now()
            FROM due WHERE f.id = due.id
            RETURNING f.id, f.workspace_id, f.message_id, due.conversation_id, f.created_at,
                f.meta_media_id, f.content_type, f.filename, f.sha256, f.attempt_count,
                due.account_id, due.graph_url, due.is_sandbox, due.access_token
            """,  # noqa: S608  # our own words
            (limit, LEASE),
        ).fetchall()
    return [
        Claimed(
            id=row[0],
            workspace_id=row[1],
            message_id=row[2],
            conversation_id=row[3],
            created_at=row[4],
            meta_media_id=row[5],
            declared_type=row[6],
            filename=row[7],
            sha256=row[8],
            attempt_count=row[9],
            account_id=row[10],
            graph_url=whatsapp_accounts.graph_url_of(row[11], is_sandbox=row[12]),
            access_token=bytes(row[13]),
        )
        for row in rows
    ]


def end_pauses(connection: Connection) -> None:
    """Make due what waits for another try; what somebody is fetching stays theirs."""
    with connection.transaction():
        connection.execute(
            "UPDATE media_files SET next_attempt_at = now()"
            " WHERE state = 'PENDING' AND error IS NOT NULL AND next_attempt_at > now()"
        )

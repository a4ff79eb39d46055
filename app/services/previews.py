"""What the list shows of a conversation's newest message. System-only: services that change one."""

from collections.abc import Collection
from uuid import UUID

from app.db import Connection

PREVIEW_LENGTH = 200


def preview(text: str | None) -> str | None:
    """Return as much of a text as the list keeps."""
    return (text or "")[:PREVIEW_LENGTH] or None


def show_status(connection: Connection, conversation_ids: Collection[UUID]) -> None:
    """Show the newest message's status on conversations that the caller has locked.

    To the list a message waits until its outcome is known: it has no word for one under way.
    """
    connection.execute(
        """
        UPDATE conversations c SET last_message_status = shown.status, updated_at = now()
        FROM (
            SELECT id, workspace_id, CASE status WHEN 'sending' THEN 'queued' ELSE status END
                AS status
            FROM messages
        ) shown
        WHERE c.id = ANY(%b::uuid[]) AND shown.id = c.last_message_id
            AND shown.workspace_id = c.workspace_id AND c.last_message_status <> shown.status
        """,
        (list(conversation_ids),),
    )

"""Files that came with messages: noted in the messages' own transaction, fetched right after.

System-only: the webhook drain.
"""

import base64
import binascii
from collections.abc import Sequence

from app.db import Connection
from app.ids import new_id
from app.models.enums import MediaState
from app.services.inbound.inserted import Inserted
from app.services.whatsapp.payloads import Media

NO_FILE = "WhatsApp named no file."


def expect(connection: Connection, inserted: Sequence[Inserted]) -> bool:
    """Note the files of messages that a batch has added; True when there are any to fetch."""
    found = [(row, row.media) for row in inserted if row.media is not None]
    if not found:
        return False
    connection.execute(
        """
        INSERT INTO media_files (id, workspace_id, message_id, meta_media_id, state, content_type,
            filename, sha256, error, has_thumbnail, attempt_count, next_attempt_at)
        SELECT k.*, false, 0, now()
        FROM unnest(%b::uuid[], %b::uuid[], %b::uuid[], %b::text[], %b::text[], %b::text[],
            %b::text[], %b::text[], %b::text[])
            AS k (id, workspace_id, message_id, meta_media_id, state, content_type, filename,
                sha256, error)
        """,
        [list(column) for column in zip(*(_row(*one) for one in found), strict=True)],
    )
    return True


def _row(row: Inserted, media: Media) -> tuple[object, ...]:
    return (
        new_id(),
        row.workspace_id,
        row.id,
        _line(media.id, 120),
        (MediaState.PENDING if media.id else MediaState.FAILED).value,
        _line(media.mime_type, 120),
        _line(media.filename, 255),
        _digest(media.sha256),
        None if media.id else NO_FILE,
    )


def _line(text: str | None, most: int) -> str | None:
    return (text or "").replace("\0", "")[:most] or None


def _digest(text: str | None) -> str | None:
    """Return Meta's hash, which is base64 in webhooks, as hexadecimal digits."""
    try:
        digest = base64.b64decode(text or "", validate=True)
    except (binascii.Error, ValueError):
        return None
    return digest.hex() if len(digest) == 32 else None  # noqa: PLR2004  # SHA-256

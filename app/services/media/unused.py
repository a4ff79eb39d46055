"""Files that somebody brought and never sent are forgotten after two days. System-only: a job."""

import datetime as dt

from app import db, log
from app.services.media.keep import thumbnail_key
from app.services.storage import StorageFailed, storage

KEPT = dt.timedelta(days=2)
PORTION = 200


def purge() -> int:
    """Remove the rows, then their files where no message has the same; returns how many rows.

    A process that dies in between leaves a file that nothing points at, never a row without one.
    """
    total, removed = 0, PORTION
    with db.connect() as connection:
        while removed == PORTION:
            with connection.transaction():
                rows = connection.execute(
                    """
                    DELETE FROM media_files WHERE id IN (
                        SELECT id FROM media_files
                        WHERE message_id IS NULL AND created_at < now() - %s
                            AND NOT EXISTS (SELECT FROM templates t
                                WHERE t.workspace_id = media_files.workspace_id AND t.components
                                @> jsonb_build_array(jsonb_build_object('example',
                                    jsonb_build_object('header_handle',
                                        jsonb_build_array('file:' || media_files.id)))))
                        LIMIT %s FOR UPDATE SKIP LOCKED
                    ) RETURNING storage_key
                    """,
                    (KEPT, PORTION),
                ).fetchall()
            removed = len(rows)
            total += removed
            keys = [key for (key,) in rows if key]
            used = connection.execute(
                "SELECT DISTINCT storage_key FROM media_files WHERE storage_key = ANY(%s)", (keys,)
            ).fetchall()
            _delete(set(keys) - {key for (key,) in used})
    storage().tidy()
    return total


def _delete(keys: set[str]) -> None:
    for key in keys:
        try:
            storage().delete(thumbnail_key(key))
            storage().delete(key)
        except StorageFailed:
            log.get(__name__).warning("file_left_behind", key=key)

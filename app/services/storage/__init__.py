"""Files by key, on this machine's disk or in an S3 bucket, as `STORAGE_URL` says.

A file is whole under its key or not there: a reader never sees a part of one, whatever dies while
it is written. Keys are ours (`new_key`), never a name that somebody else chose. System-only: who
may read a file is asked of its row in the database.
"""

import datetime as dt
from functools import lru_cache
from urllib.parse import unquote, urlsplit
from uuid import UUID

from app.config import settings
from app.services.storage.local import LocalStorage
from app.services.storage.s3 import S3Storage
from app.services.storage.stored import Missing, StorageFailed, Stored

__all__ = ["Missing", "StorageFailed", "Stored", "new_key", "storage"]


def storage() -> LocalStorage | S3Storage:
    """Return where this installation keeps its files."""
    return _storage(settings().files_url)


def new_key(workspace_id: UUID, file_id: UUID, at: dt.datetime) -> str:
    """Return the key of a file: workspace, year, id; nothing of it is anybody's choice."""
    return f"{workspace_id}/{at:%Y}/{file_id}"


@lru_cache(maxsize=4)
def _storage(url: str) -> LocalStorage | S3Storage:
    parts = urlsplit(url)
    if parts.scheme == "s3":
        return S3Storage(parts.netloc, parts.path.strip("/"))
    return LocalStorage(unquote(parts.path))

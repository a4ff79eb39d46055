"""Keys: UUIDv7, made in Python, so that they sort by time and need nothing of PostgreSQL."""

import datetime as dt
from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """Return a new key; later keys sort after earlier ones (RFC 9562, version 7)."""
    return uuid7()


def time_of(key: UUID) -> dt.datetime:
    """Return when a key of ours was made: its first 48 bits are milliseconds since 1970."""
    return dt.datetime.fromtimestamp((key.int >> 80) / 1000, dt.UTC)


def parse_id(text: str) -> UUID | None:
    """Read a key from a path or a form; None when it is not one, so that callers answer 404."""
    try:
        return UUID(text)
    except ValueError:
        return None

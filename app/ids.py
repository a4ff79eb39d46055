"""Keys: UUIDv7, made in Python, so that they sort by time and need nothing of PostgreSQL."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """Return a new key; later keys sort after earlier ones (RFC 9562, version 7)."""
    return uuid7()


def parse_id(text: str) -> UUID | None:
    """Read a key from a path or a form; None when it is not one, so that callers answer 404."""
    try:
        return UUID(text)
    except ValueError:
        return None

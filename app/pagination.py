"""Pages of lists by keyset: a deep page costs what the first costs. Cursors are opaque."""

import base64
import datetime as dt
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """Some items and the cursor of the page after them; None when there is none."""

    items: list[T]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a list ordered by time and id."""

    at: dt.datetime
    id: UUID

    def encode(self) -> str:
        """Return the cursor as a text that fits into a URL."""
        raw = f"{self.at.timestamp():.6f}|{self.id}"
        return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> "Cursor | None":
        """Read a cursor; None when it is not one of ours."""
        try:
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
            at, key = raw.split("|")
            return cls(dt.datetime.fromtimestamp(float(at), dt.UTC), UUID(key))
        except (ValueError, OverflowError):
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Which part of a list: so many items after a place, or after so many others."""

    limit: int
    after: Cursor | None = None
    skip: int = 0

"""What every storage gives and how it fails."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.errors import AppError
from app.i18n import mark

CHUNK = 256 * 1024


class Missing(Exception):
    """There is no file under this key."""


class StorageFailed(AppError):
    """The disk is full or the bucket away: nothing was written, it may be tried again."""

    code, status = "storage_unavailable", 503
    sentence = mark("Files cannot be kept right now. Please try again in a moment.")


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that is being read: its whole size in bytes, and the bytes that were asked for."""

    size: int
    chunks: Iterator[bytes]

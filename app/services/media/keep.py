"""Put a file where files are kept, and beside a picture a small one that a page can show.

System-only: fetching and uploading. No session, no transaction: both take a while.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from app.services import drawing
from app.services.storage import storage

THUMBNAIL_SIDE = 640


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A file that is where files are kept, and what was found out about it."""

    key: str
    size: int
    sha256: str
    content_type: str
    width: int | None
    height: int | None
    has_thumbnail: bool


def keep(path: Path, key: str, content_type: str, *, digest: str, size: int) -> Kept:
    """Keep a file under a key, whole or not at all; a picture is drawn small by a bounded child.

    Raises:
        StorageFailed: the disk is full or the bucket away.
    """
    is_picture = content_type.startswith("image/")
    small = drawing.draw_within(path, THUMBNAIL_SIDE) if is_picture else None
    if small is not None:
        with tempfile.NamedTemporaryFile(prefix="small-") as file:
            file.write(small.data)
            file.flush()
            storage().put(thumbnail_key(key), Path(file.name))
    storage().put(key, path)
    return Kept(
        key=key,
        size=size,
        sha256=digest,
        content_type=content_type,
        width=small.width if small else None,
        height=small.height if small else None,
        has_thumbnail=small is not None,
    )


def thumbnail_key(key: str) -> str:
    """Return where the small picture of a file is kept."""
    return f"{key}.small"

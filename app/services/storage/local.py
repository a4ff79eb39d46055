"""Files on this machine's disk: written beside their place, synced, then renamed into it."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from app import crash
from app.services.storage.stored import CHUNK, Missing, StorageFailed, Stored

LEFT_S = 24 * 3600  # nobody writes one file for a day


class LocalStorage:
    """A folder; its subfolders are made as they are needed."""

    def __init__(self, root: str) -> None:
        self._root = Path(root)

    def put(self, key: str, source: Path) -> None:
        """Keep a copy of a finished file under a key; one that was there is replaced.

        Raises:
            StorageFailed: as when the disk is full; what was under the key is still there.
        """
        target = self._root / key
        part = target.with_name(f".{target.name}.{uuid4().hex}")
        try:
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                with source.open("rb") as reader, open(part, "xb", opener=_private) as writer:
                    shutil.copyfileobj(reader, writer, CHUNK)
                    writer.flush()
                    os.fsync(writer.fileno())
                crash.point("storage.synced")
                part.replace(target)
            finally:
                part.unlink(missing_ok=True)
            _sync_folder(target.parent)
        except OSError as error:
            raise StorageFailed from error

    def open(self, key: str, *, start: int = 0, length: int | None = None) -> Stored:
        """Return a file, or a stretch of it.

        Raises:
            Missing: there is none.
            StorageFailed: it cannot be read.
        """
        path = self._root / key
        try:
            size = path.stat().st_size
        except FileNotFoundError as error:
            raise Missing from error
        except OSError as error:
            raise StorageFailed from error
        return Stored(size, _read(path, start, size - start if length is None else length))

    def delete(self, key: str) -> None:
        """Remove a file; one that is not there is no error.

        Raises:
            StorageFailed: it is still there.
        """
        try:
            (self._root / key).unlink(missing_ok=True)
        except OSError as error:
            raise StorageFailed from error

    def tidy(self) -> int:
        """Remove what killed processes have left beside the files; returns how many."""
        before = time.time() - LEFT_S
        left = [path for path in self._root.rglob(".*") if path.is_file()]
        old = [path for path in left if path.stat().st_mtime < before]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sync_folder(folder: Path) -> None:
    """Let a rename survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network file systems know no such thing
            os.fsync(handle)
    finally:
        os.close(handle)


def _read(path: Path, start: int, length: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while length > 0 and (chunk := file.read(min(CHUNK, length))):
            length -= len(chunk)
            yield chunk

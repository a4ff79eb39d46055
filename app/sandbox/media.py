"""Files at Meta: taken in, named by an id, brought by a link that lives for five minutes."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from app.sandbox import identifiers
from app.sandbox.database import Database

LINK_S = 300.0
KEPT_S = 30 * 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxFile:
    """A file that was taken in; `sha256` in hexadecimal digits."""

    id: str
    meta_phone_number_id: str
    content_type: str
    filename: str
    sha256: str
    size: int


class Media:
    """The tables of files and links."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def put(
        self, meta_phone_number_id: str, content_type: str, filename: str, data: bytes
    ) -> SandboxFile:
        """Keep a file for a business number."""
        file = SandboxFile(
            id=identifiers.new_meta_id(),
            meta_phone_number_id=meta_phone_number_id,
            content_type=content_type,
            filename=filename,
            sha256=hashlib.sha256(data).hexdigest(),
            size=len(data),
        )
        self._database.run(
            "INSERT INTO media (id, meta_phone_number_id, content_type, filename, sha256, data,"
            " created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            file.id,
            meta_phone_number_id,
            content_type,
            filename,
            file.sha256,
            data,
            self._clock(),
        )
        return file

    def find(self, media_id: str) -> SandboxFile | None:
        """Return what is known of a file; none after thirty days."""
        row = self._database.row(
            "SELECT id, meta_phone_number_id, content_type, filename, sha256, length(data) AS size"
            " FROM media WHERE id = ? AND created_at > ?",
            media_id,
            self._clock() - KEPT_S,
        )
        return SandboxFile(**dict(row)) if row else None

    def read(self, media_id: str) -> bytes:
        row = self._database.row("SELECT data FROM media WHERE id = ?", media_id)
        return bytes(row["data"]) if row else b""

    def delete(self, media_id: str) -> None:
        self._database.run("DELETE FROM media WHERE id = ?", media_id)

    def link(self, media_id: str) -> str:
        """Return the token of a new link; it is good for five minutes."""
        token = secrets.token_urlsafe(24)
        now = self._clock()
        self._database.run("DELETE FROM media_links WHERE until < ?", now)
        self._database.run(
            "INSERT INTO media_links (token, media_id, until) VALUES (?, ?, ?)",
            token,
            media_id,
            now + LINK_S,
        )
        return token

    def follow(self, token: str) -> SandboxFile | None:
        """Return what a link leads to; None when it is over."""
        row = self._database.row(
            "SELECT media_id FROM media_links WHERE token = ? AND until >= ?", token, self._clock()
        )
        return self.find(str(row["media_id"])) if row else None

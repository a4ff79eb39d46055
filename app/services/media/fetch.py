"""Fetch a file from WhatsApp, check it, keep it: no session, no transaction, one outcome.

The file goes into a temporary one first. There it is counted and hashed while it comes, then looked
at, drawn small in a bounded child, and only then put where files are kept. A process that dies on
the way leaves a temporary file, and the next try begins anew under the same key.
"""

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from app import crash
from app.crypto import DecryptionFailed
from app.errors import AppError
from app.services import whatsapp_accounts
from app.services.media.claim import Claimed
from app.services.media.keep import Kept, keep
from app.services.media.kinds import HEAD, LARGEST, sniff
from app.services.secrets import Bound
from app.services.storage import new_key
from app.services.whatsapp import media as graph
from app.services.whatsapp.client import GraphRefused
from app.services.whatsapp_accounts import ACCOUNTS

GONE = frozenset({33, 100, 131052})  # no such id, or not any more


@dataclass(frozen=True, slots=True)
class Lost:
    """It did not come. Final: no other try will bring it."""

    reason: str
    is_final: bool = False


class _Refused(Exception):
    """What came is not what was announced; `is_final` as in Lost."""

    def __init__(self, reason: str, *, is_final: bool = False) -> None:
        super().__init__(reason)
        self.is_final = is_final


def fetch(one: Claimed) -> Kept | Lost:
    """Bring a file in; whatever goes wrong is this file's outcome alone."""
    bound = Bound(ACCOUNTS, one.workspace_id, one.account_id)
    try:
        credentials = whatsapp_accounts.credentials_of(bound, one.graph_url, one.access_token)
        with tempfile.NamedTemporaryFile(prefix="media-") as file:
            link = graph.find(credentials, one.meta_media_id)
            digest, size, head = _download(graph.download(credentials, link.url), file)
            crash.point("media.downloaded")
            _compare(digest, one.sha256, link.sha256)
            return _keep(one, Path(file.name), digest, size, head)
    except GraphRefused as error:
        return Lost(error.message[:500], is_final=error.error.code in GONE)
    except _Refused as error:
        return Lost(str(error), is_final=error.is_final)
    except (AppError, DecryptionFailed, OSError) as error:
        return Lost(type(error).__name__)


def _download(chunks: "graph.Chunks", file: IO[bytes]) -> tuple[str, int, bytes]:
    digest, size, head = hashlib.sha256(), 0, b""
    for chunk in chunks:
        size += len(chunk)
        if size > LARGEST:
            raise _Refused("The file is larger than WhatsApp's own limit.", is_final=True)
        if len(head) < HEAD:
            head += chunk[: HEAD - len(head)]
        digest.update(chunk)
        file.write(chunk)
    if not size:
        raise _Refused("The file is empty.")
    file.flush()
    return digest.hexdigest(), size, head


def _compare(digest: str, *announced: str | None) -> None:
    if any(one and one != digest for one in announced):
        raise _Refused("The file is not the one that was announced.")


def _keep(one: Claimed, path: Path, digest: str, size: int, head: bytes) -> Kept:
    content_type = sniff(head, name=one.filename or "", declared=one.declared_type or "")
    key = new_key(one.workspace_id, one.id, one.created_at)
    kept = keep(path, key, content_type, digest=digest, size=size)
    crash.point("media.stored")
    return kept

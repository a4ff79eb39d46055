"""Files that people and programs bring, to be sent: looked at, kept, and only then good for use.

Each opens its own transaction: keeping a file takes a while.
"""

import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from uuid import UUID

from sqlmodel import Session, col, select

from app import db
from app.actor import Actor, Permission
from app.clock import utc_now
from app.crypto import CHUNK, digest_of
from app.errors import NotFound, ValidationFailed
from app.i18n import gettext as _
from app.ids import new_id
from app.models import MediaFile
from app.models.enums import MediaState
from app.services import voicing
from app.services.media.keep import keep
from app.services.media.kinds import HEAD, LARGEST, MediaKind, kind_of, named_type, sniff
from app.services.storage import new_key

MAX_NAME = 200
VOICE, VOICE_NAME = "audio/ogg", "voice.ogg"
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# Types that a name cannot stand for without being it: what opens by a click, or shows in a page.
_SHOWN = ("image/", "video/", "audio/", "application/pdf")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileView:
    """A file of the workspace; `kind` is as what it goes out if nobody says otherwise."""

    id: UUID
    state: MediaState
    kind: MediaKind
    content_type: str | None
    filename: str | None
    size_bytes: int | None
    sha256: str | None
    width: int | None
    height: int | None
    has_thumbnail: bool


def bring(
    actor: Actor, file: IO[bytes], *, filename: str, declared: str, is_voice: bool = False
) -> FileView:
    """Keep a file to send. What it is, its first bytes say; name and `declared` may not lie.

    A recording becomes a voice message, whatever a browser has recorded: OGG with Opus.

    Raises:
        ValidationFailed: it is empty, too large, not what its name says, or a picture or
            a recording that cannot be opened.
        StorageFailed: it cannot be kept right now.
    """
    actor.require(Permission.MESSAGE_SEND)
    file_id, now, name = new_id(), utc_now(), safe_name(filename)
    with tempfile.NamedTemporaryFile(prefix="upload-") as copy:
        digest, size = _copy(file, copy)
        if is_voice:
            digest, size = _make_voice(copy)
            name, declared = VOICE_NAME, VOICE
        copy.seek(0)
        content_type = sniff(copy.read(HEAD), name=name, declared=declared)
        _require_honest(content_type, name, declared)
        key = new_key(actor.workspace_id, file_id, now)
        kept = keep(Path(copy.name), key, content_type, digest=digest, size=size)
    if content_type.startswith("image/") and not kept.has_thumbnail:
        raise _refused(_("This picture cannot be opened: it is broken, or far too large."))
    row = MediaFile(
        id=file_id,
        workspace_id=actor.workspace_id,
        state=MediaState.STORED,
        content_type=kept.content_type,
        filename=name,
        size_bytes=kept.size,
        sha256=kept.sha256,
        storage_key=kept.key,
        width=kept.width,
        height=kept.height,
        has_thumbnail=kept.has_thumbnail,
    )
    with db.transaction(actor.workspace_id) as session:
        session.add(row)
        session.flush()
        return _view(row)


def get(session: Session, actor: Actor, file_id: UUID) -> FileView:
    """Return what is known of a file that was brought or has come with a message.

    Raises:
        NotFound: it is missing or another workspace's.
    """
    actor.require(Permission.CONVERSATION_READ)
    row = session.exec(
        select(MediaFile).where(
            col(MediaFile.workspace_id) == actor.workspace_id, col(MediaFile.id) == file_id
        )
    ).first()
    if row is None:
        raise NotFound
    return _view(row)


def safe_name(filename: str) -> str:
    """Return a file's name without a path, or anything that would make it look like another."""
    last = re.split(r"[/\\]", filename)[-1]
    plain = _CONTROL.sub("", last).strip(" .")
    if len(plain) > MAX_NAME:
        stem, dot, ending = plain.rpartition(".")
        plain = stem[: MAX_NAME - 10] + dot + ending[:9] if dot else plain[:MAX_NAME]
    return plain or "file"


def _copy(source: IO[bytes], target: IO[bytes]) -> tuple[str, int]:
    """Copy a file; returns its SHA-256 and its size."""
    source.seek(0, 2)
    size = source.tell()
    source.seek(0)
    if not size:
        raise _refused(_("This file is empty."))
    if size > LARGEST:
        raise _refused(_("WhatsApp takes files of at most 100 MB."))
    shutil.copyfileobj(source, target, CHUNK)
    target.flush()
    return digest_of(source).hex(), size


def _make_voice(copy: IO[bytes]) -> tuple[str, int]:
    """Put a voice message in place of a recording; returns its SHA-256 and its size."""
    made = voicing.to_voice(Path(copy.name))
    if made is None:
        raise _refused(_("This recording cannot be opened. Please record it again."))
    copy.seek(0)
    copy.truncate()
    copy.write(made)
    copy.flush()
    return digest_of(copy).hex(), len(made)


def _require_honest(content_type: str, name: str, declared: str) -> None:
    """Refuse what calls itself a picture, a film, a sound or a paper and is something else."""
    for said in (named_type(name), declared.partition(";")[0].strip().lower()):
        if said.startswith(_SHOWN) and _family(said) != _family(content_type):
            raise _refused(_("This file is not what its name says."))


def _family(content_type: str) -> str:
    """Return what a type is roughly: a film without pictures is a sound, a GIF is a picture."""
    if content_type == "application/ogg":
        return "film or sound"
    family = content_type.partition("/")[0]
    return {"video": "film or sound", "audio": "film or sound", "application": content_type}.get(
        family, family
    )


def _refused(sentence: str) -> ValidationFailed:
    return ValidationFailed({"file": sentence})


def _view(row: MediaFile) -> FileView:
    return FileView(
        id=row.id,
        state=row.state,
        kind=kind_of(row.content_type or ""),
        content_type=row.content_type,
        filename=row.filename,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        width=row.width,
        height=row.height,
        has_thumbnail=row.has_thumbnail,
    )

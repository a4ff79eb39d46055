"""What a file is, by its first bytes, and which files WhatsApp takes.

What somebody says a file is counts for nothing: a browser would believe it. The limits are those of
Meta's media reference of June 2026.
"""

from collections.abc import Mapping
from enum import StrEnum

HEAD = 64  # bytes that are looked at
UNKNOWN = "application/octet-stream"
KB, MB = 1024, 1024 * 1024


class MediaKind(StrEnum):
    """The kinds of messages that carry a file; their names are Meta's."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"
    STICKER = "sticker"


MAX_BYTES: Mapping[MediaKind, int] = {
    MediaKind.IMAGE: 5 * MB,
    MediaKind.VIDEO: 16 * MB,
    MediaKind.AUDIO: 16 * MB,
    MediaKind.DOCUMENT: 100 * MB,
    MediaKind.STICKER: 500 * KB,
}
MAX_STILL_STICKER = 100 * KB
LARGEST = max(MAX_BYTES.values())

# What may leave as which kind; a document is anything.
TYPES: Mapping[MediaKind, frozenset[str]] = {
    MediaKind.IMAGE: frozenset({"image/jpeg", "image/png"}),
    MediaKind.VIDEO: frozenset({"video/mp4", "video/3gpp"}),
    MediaKind.AUDIO: frozenset({"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"}),
    MediaKind.STICKER: frozenset({"image/webp"}),
}
# What a browser may show inside a page; everything else is offered for saving only.
INLINE = frozenset({"image/gif"}).union(*TYPES.values())

_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"#!AMR", "audio/amr"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"\xff\xf2", "audio/mpeg"),
    (b"\xff\xf1", "audio/aac"),
    (b"\xff\xf9", "audio/aac"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
)
_OFFICE = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
# By the end of the name, where the first bytes say nothing: served for saving only.
_NAMED = {"txt": "text/plain", "csv": "text/csv", "doc": "application/msword",
          "xls": "application/vnd.ms-excel", "ppt": "application/vnd.ms-powerpoint"}  # fmt: skip
_SHOWN_AS = {"jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "gif": "image/gif",
             "webp": "image/webp", "mp4": "video/mp4", "3gp": "video/3gpp", "mp3": "audio/mpeg",
             "m4a": "audio/mp4", "aac": "audio/aac", "amr": "audio/amr",
             "pdf": "application/pdf"}  # fmt: skip
_AUDIO_BRANDS = frozenset({b"M4A ", b"M4B "})
_FOREIGN_BRANDS = frozenset({b"qt  ", b"heic", b"heix", b"mif1", b"avif", b"crx "})


def sniff(head: bytes, *, name: str = "", declared: str = "") -> str:
    """Return the content type that the first bytes (64 are enough) stand for.

    `name` tells office files from other archives; `declared` only whether a film is sound alone.
    """
    for start, content_type in _STARTS:
        if head.startswith(start):
            if content_type == "application/zip":
                return _OFFICE.get(_ending(name), content_type)
            return content_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[:4] == b"OggS":
        return "audio/ogg" if b"OpusHead" in head else "application/ogg"
    if head[4:8] == b"ftyp":
        return _film(head[8:12], declared)
    return _NAMED.get(_ending(name), UNKNOWN)


def named_type(name: str) -> str:
    """Return the content type that the end of a name stands for; nothing where it says none."""
    return _SHOWN_AS.get(_ending(name), "")


def kind_of(content_type: str) -> MediaKind:
    """Return as which kind of message a file goes out, if nobody says otherwise."""
    kinds = (kind for kind, types in TYPES.items() if content_type in types)
    return next(kinds, MediaKind.DOCUMENT)


def fits(kind: MediaKind, content_type: str) -> bool:
    """Tell whether WhatsApp takes this type of file as this kind."""
    return kind is MediaKind.DOCUMENT or content_type in TYPES[kind]


def is_animated_webp(head: bytes) -> bool:
    """Tell whether a WebP moves: its extended header has the flag."""
    return head[12:16] == b"VP8X" and len(head) > 20 and bool(head[20] & 0x02)  # noqa: PLR2004


def _film(brand: bytes, declared: str) -> str:
    if brand in _AUDIO_BRANDS or declared.startswith("audio/"):
        return "audio/mp4"
    if brand[:3] in {b"3gp", b"3g2"}:
        return "video/3gpp"
    return UNKNOWN if brand in _FOREIGN_BRANDS else "video/mp4"


def _ending(name: str) -> str:
    return name.rpartition(".")[2].lower()

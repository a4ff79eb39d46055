"""What a file is, by its first bytes: what somebody says it is counts for nothing."""

import pytest

from app.services.media.kinds import (
    INLINE,
    MAX_BYTES,
    TYPES,
    UNKNOWN,
    MediaKind,
    fits,
    is_animated_webp,
    kind_of,
    sniff,
)

OGG = b"OggS\x00\x02" + bytes(22)
WEBP = b"RIFF\x24\x00\x00\x00WEBP"


def film(brand: bytes) -> bytes:
    return b"\x00\x00\x00\x20ftyp" + brand + bytes(20)


@pytest.mark.parametrize(
    ("head", "content_type"),
    [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n\x00", "image/png"),
        (b"GIF89a....", "image/gif"),
        (WEBP + b"VP8 ", "image/webp"),
        (film(b"isom"), "video/mp4"),
        (film(b"mp42"), "video/mp4"),
        (film(b"3gp4"), "video/3gpp"),
        (film(b"M4A "), "audio/mp4"),
        (film(b"heic"), UNKNOWN),
        (film(b"qt  "), UNKNOWN),
        (OGG + b"OpusHead", "audio/ogg"),
        (OGG + b"\x01vorbis", "application/ogg"),
        (b"ID3\x04", "audio/mpeg"),
        (b"\xff\xfb\x90\x64", "audio/mpeg"),
        (b"\xff\xf1\x50\x80", "audio/aac"),
        (b"#!AMR\n", "audio/amr"),
        (b"%PDF-1.7", "application/pdf"),
        (b"<!doctype html><script>alert(1)</script>", UNKNOWN),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'>", UNKNOWN),
        (b"MZ\x90\x00", UNKNOWN),
        (b"\x7fELF", UNKNOWN),
        (b"", UNKNOWN),
        (b"RIFF", UNKNOWN),
    ],
)
def test_first_bytes_decide(head: bytes, content_type: str):
    assert sniff(head) == content_type
    assert sniff(head, name="lie.html", declared="text/html") == content_type


def test_a_name_tells_office_files_and_plain_text_and_never_what_a_browser_would_run():
    assert sniff(b"PK\x03\x04", name="Letter.DOCX").endswith("wordprocessingml.document")
    assert sniff(b"PK\x03\x04", name="x.zip") == "application/zip"
    assert sniff(b"a,b\n1,2", name="list.csv") == "text/csv"
    for name in ("x.html", "x.svg", "x.js", "x.xhtml", "x.xml", "x"):
        assert sniff(b"<script>", name=name) == UNKNOWN


def test_sound_in_a_film_container_is_sound_where_it_is_said():
    assert sniff(film(b"isom"), declared="audio/mp4") == "audio/mp4"
    assert sniff(b"\xff\xd8\xff", declared="audio/mp4") == "image/jpeg"


@pytest.mark.parametrize("kind", MediaKind)
def test_every_kind_has_a_limit_and_what_is_shown_inline_is_never_a_document(kind: MediaKind):
    assert MAX_BYTES[kind] > 0
    for content_type in TYPES.get(kind, ()):
        assert fits(kind, content_type)
        assert content_type in INLINE
        assert content_type.split("/")[0] in {"image", "video", "audio"}
    assert fits(MediaKind.DOCUMENT, "anything/at-all")


def test_a_file_goes_out_as_what_it_is():
    assert kind_of("image/png") is MediaKind.IMAGE
    assert kind_of("image/webp") is MediaKind.STICKER
    assert kind_of("image/gif") is MediaKind.DOCUMENT
    assert kind_of("audio/ogg") is MediaKind.AUDIO
    assert kind_of(UNKNOWN) is MediaKind.DOCUMENT
    assert not fits(MediaKind.IMAGE, "image/gif")
    assert not fits(MediaKind.AUDIO, "application/ogg")


def test_a_sticker_that_moves():
    assert is_animated_webp(WEBP + b"VP8X\x0a\x00\x00\x00\x02")
    assert not is_animated_webp(WEBP + b"VP8X\x0a\x00\x00\x00\x00")
    assert not is_animated_webp(WEBP + b"VP8 ")

"""Sixty files as people and attackers bring them, each with its verdict."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

DATA = Path(__file__).parents[1] / "data"
HTML = b"<!doctype html><script>document.title = 'taken over'</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="document.title = 1"/>'
UNKNOWN = "application/octet-stream"
NAMES = [
    "../../../etc/passwd.txt", "..\\..\\windows\\win.txt", "/etc/shadow.txt", "a/b/c.txt",
    "C:\\note.txt", ".hidden.txt", "...", "nul\0byte.txt", "line\nbreak.txt", "\u202etxt.exe.txt",
    "\"quote'<b>.txt", "x" * 400 + ".txt", "%2e%2e%2fup.txt", "CON.txt", "a;b=c.txt",
    "\N{PILE OF POO}.txt",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class OddFile:
    """A file, and as what it is taken; None where it is refused."""

    name: str
    mime: str
    data: bytes
    taken_as: str | None


def picture(kind: str, size: tuple[int, int] = (90, 60)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "#2a7").save(out, kind)
    return out.getvalue()


def bomb(width: int, height: int) -> bytes:
    """Return a PNG of a few hundred kilobytes that would be gigabytes of pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    packer = zlib.compressobj(9)
    line = b"\0" * (1 + (width + 7) // 8)
    rows = [packer.compress(line * 1000) for _ in range(height // 1000)]
    pixels = b"".join(rows) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"".join(
        (b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", header), chunk(b"IDAT", pixels), chunk(b"IEND", b""))
    )


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("zeros", b"\0" * 5_000_000)
    return out.getvalue()


def right() -> Iterator[OddFile]:
    for kind, mime, ending in (
        ("JPEG", "image/jpeg", "jpg"), ("PNG", "image/png", "png"),
        ("WEBP", "image/webp", "webp"), ("GIF", "image/gif", "gif"),
    ):  # fmt: skip
        yield OddFile(f"cup.{ending}", mime, picture(kind), mime)
    voice, clip = (DATA / "voice.ogg").read_bytes(), (DATA / "clip.mp4").read_bytes()
    yield OddFile("voice.ogg", "audio/ogg", voice, "audio/ogg")
    yield OddFile("clip.mp4", "video/mp4", clip, "video/mp4")
    yield OddFile("sound.mp3", "audio/mpeg", b"ID3\4" + b"\0" * 200, "audio/mpeg")
    yield OddFile("sound.amr", "audio/amr", b"#!AMR\n" + b"\0" * 200, "audio/amr")
    yield OddFile("sound.m4a", "audio/mp4", b"\0\0\0\x20ftypM4A " + b"\0" * 99, "audio/mp4")
    yield OddFile("a.pdf", "application/pdf", b"%PDF-1.4 paper", "application/pdf")
    yield OddFile("a.txt", "text/plain", b"Hello", "text/plain")
    yield OddFile("a.csv", "text/csv", b"a,b\n1,2", "text/csv")
    docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    yield OddFile("a.docx", docx, archive(), docx)
    yield OddFile("all.zip", "application/zip", archive(), "application/zip")
    # Pictures that call themselves another kind of picture do no harm: they are what they are.
    yield OddFile("cup.png", "image/png", picture("JPEG"), "image/jpeg")


def lies() -> Iterator[OddFile]:
    for name, mime in (
        ("cat.jpg", "image/jpeg"), ("cat.png", "image/png"), ("cat.gif", "image/gif"),
        ("cat.webp", "image/webp"), ("film.mp4", "video/mp4"), ("sound.mp3", "audio/mpeg"),
        ("paper.pdf", "application/pdf"), ("no-ending", "image/png"), ("cat.jpg", "text/plain"),
    ):  # fmt: skip
        yield OddFile(name, mime, HTML, None)
    yield OddFile("cat.png", "image/png", SVG, None)
    yield OddFile("cat.svg", "image/svg+xml", SVG, None)
    yield OddFile("cup.jpg", "image/jpeg", archive(), None)
    yield OddFile("paper.pdf", "application/pdf", picture("PNG"), None)
    yield OddFile("film.mp4", "video/mp4", picture("PNG"), None)
    yield OddFile("program.jpg", "image/jpeg", b"MZ" + b"\0" * 500, None)


def broken() -> Iterator[OddFile]:
    yield OddFile("empty.jpg", "image/jpeg", b"", None)
    yield OddFile("empty.txt", "text/plain", b"", None)
    for kind, mime in (("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")):
        whole = picture(kind, (900, 600))
        yield OddFile("half", mime, whole[: len(whole) // 2], None)
        yield OddFile("head", mime, whole[:20], None)
    yield OddFile("wide.png", "image/png", bomb(50_000, 20_000), None)
    yield OddFile("tall.png", "image/png", bomb(8, 60_000_000 // 8 // 1000 * 1000), None)
    yield OddFile("claims.gif", "image/gif", b"GIF89a\xff\xff\xff\xff" + b"\0" * 50, None)


def polyglots() -> Iterator[OddFile]:
    """What is two things at once is what a browser is told that it is, and runs nowhere."""
    yield OddFile("both.jpg", "image/jpeg", picture("JPEG") + HTML, "image/jpeg")
    yield OddFile("both.png", "image/png", picture("PNG") + archive(), "image/png")
    yield OddFile("both.gif", "image/gif", b"GIF89a/*" + HTML + b"*/=1;alert(1)", None)
    yield OddFile("both.pdf", "application/pdf", b"%PDF-1.4\n" + HTML, "application/pdf")
    yield OddFile("page.html", "text/html", HTML, UNKNOWN)
    yield OddFile("code.js", "text/javascript", b"alert(1)", UNKNOWN)


def names() -> Iterator[OddFile]:
    for name in NAMES:
        is_named = name.strip(".") != ""
        yield OddFile(name, "text/plain", b"Hello", "text/plain" if is_named else UNKNOWN)


FILES = [*right(), *lies(), *broken(), *polyglots(), *names()]

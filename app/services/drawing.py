"""Pictures from elsewhere, decoded in a bounded child and drawn anew, small.

So nothing of the file survives but what one sees: no metadata, no second meaning, no size. A file
that was made to hurt takes its child with it, nobody else. The child is this file run by itself: it
knows Pillow and nothing of the product.
"""

import io
import resource
import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

MAX_PIXELS = 40_000_000
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
CHILD_MEMORY, CHILD_S = 512 * 1024 * 1024, 10.0
CONTENT_TYPE = "image/webp"
# What decoders say of a file that was broken, or made to hurt.
UNDRAWABLE = (
    UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, MemoryError,
    SyntaxError, struct.error, EOFError, IndexError,
)  # fmt: skip
SQUARE, WITHIN = "square", "within"
SIZE = struct.Struct(">II")


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture drawn anew, as WebP, and the size in pixels at which one sees the original."""

    data: bytes
    width: int
    height: int


def draw_square(source: Path | bytes, side: int) -> Drawn | None:
    """Return the middle of a picture, `side` pixels each way; None if it cannot be drawn.

    Takes up to 10 s.
    """
    return _draw(SQUARE, source, side)


def draw_within(source: Path | bytes, side: int) -> Drawn | None:
    """Return a whole picture of at most `side` pixels each way; None if it cannot be drawn.

    Takes up to 10 s.
    """
    return _draw(WITHIN, source, side)


def _draw(way: str, source: Path | bytes, side: int) -> Drawn | None:
    data = source if isinstance(source, bytes) else b""
    path = "" if isinstance(source, bytes) else str(source)
    try:
        child = subprocess.run(  # noqa: S603  # our own file, by our own interpreter
            [sys.executable, "-I", __file__, way, str(side), path],
            input=data,
            capture_output=True,
            timeout=CHILD_S,
            env={},  # none of our secrets
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    # Bytes and no objects: what a broken decoder says must not become code here.
    said = child.stdout
    return Drawn(said[SIZE.size :], *SIZE.unpack_from(said)) if len(said) > SIZE.size else None


def _answer(way: str, side: int, path: str) -> bytes:
    """Decode within limits: the format is read first, pixels are counted before they are made."""
    resource.setrlimit(resource.RLIMIT_AS, (CHILD_MEMORY, CHILD_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (int(CHILD_S), int(CHILD_S)))
    file = Path(path) if path else io.BytesIO(sys.stdin.buffer.read())
    try:
        with Image.open(file, formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                return b""
            longer, shorter = max(image.size), min(image.size)
            image.draft("RGB", (side * 2, side * 2))
            upright = ImageOps.exif_transpose(image).convert("RGBA")
            is_wide = upright.width >= upright.height
            small = WAYS[way](upright, side)
            out = io.BytesIO()
            small.save(out, "WEBP", quality=85)
            size = (longer, shorter) if is_wide else (shorter, longer)
            return SIZE.pack(*size) + out.getvalue()
    except UNDRAWABLE:
        return b""


def _square(image: Image.Image, side: int) -> Image.Image:
    return ImageOps.fit(image, (side, side), Image.Resampling.LANCZOS)


def _within(image: Image.Image, side: int) -> Image.Image:
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    return image


WAYS: dict[str, Callable[[Image.Image, int], Image.Image]] = {SQUARE: _square, WITHIN: _within}

if __name__ == "__main__":
    sys.stdout.buffer.write(_answer(sys.argv[1], int(sys.argv[2]), sys.argv[3]))

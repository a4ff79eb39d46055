"""Pictures of strangers: drawn anew or refused, and shown to colleagues only."""

import io
import struct
import time
import zlib
from typing import Any

import pytest
from PIL import Image
from PIL.ExifTags import Base

from app import db
from app.actor import Actor
from app.errors import NotFound, PermissionDenied
from app.services import pictures
from app.services.pictures import MAX_BYTES, SIDE, NoPicture, redraw
from tests.factories import Team
from tests.table_rows import value

SECRET = "51.5007, 0.1246"


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def plain(kind: str = "PNG", size: tuple[int, int] = (600, 300)) -> bytes:
    return encoded(Image.new("RGB", size, (200, 30, 30)), kind)


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def png_of(width: int, height: int) -> bytes:
    """Return a small PNG that says it is huge."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 10_000_000, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_picture_becomes_a_small_square(kind: str):
    drawn = opened(redraw(plain(kind)))

    assert (drawn.format, drawn.size) == ("WEBP", (SIDE, SIDE))


def test_nothing_of_the_file_survives():
    exif = Image.Exif()
    exif[Base.ImageDescription] = SECRET
    data = encoded(Image.new("RGB", (300, 300)), "JPEG", exif=exif) + b"<script>alert(1)</script>"

    drawn = redraw(data)

    assert SECRET.encode() not in drawn
    assert b"script" not in drawn
    assert not opened(drawn).getexif()


def test_picture_stands_upright_as_the_camera_held_it():
    image = Image.new("RGB", (400, 400), (0, 0, 255))
    image.paste((255, 0, 0), (0, 0, 400, 200))  # red above
    exif = Image.Exif()
    exif[Base.Orientation] = 3  # turned by 180 degrees

    drawn = opened(redraw(encoded(image, "JPEG", exif=exif))).convert("RGB")

    above, below = drawn.getpixel((128, 40)), drawn.getpixel((128, 216))
    assert above[2] > 200 > above[0]
    assert below[0] > 200 > below[2]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no picture",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"%PDF-1.7",
        b"GIF89a",
        plain()[:200],
        plain().replace(b"IDAT", b"XDAT"),
        encoded(Image.new("RGB", (10, 10)), "BMP"),
        encoded(Image.new("RGB", (10, 10)), "TIFF"),
        png_of(30_000, 30_000),
        png_of(2_000_000, 2),
        b"\0" * (MAX_BYTES + 1),
    ],
    ids=["empty", "text", "svg", "pdf", "cut gif", "cut png", "broken png", "bmp", "tiff",
         "bomb", "wide bomb", "too large"],
)  # fmt: skip
def test_what_is_no_picture_is_refused_soon(data: bytes):
    began = time.monotonic()

    with pytest.raises(NoPicture) as refused:
        redraw(data)

    assert refused.value.fields["picture"].endswith(".")
    assert time.monotonic() - began < 10


def act(function: Any, actor: Actor, *args: Any) -> Any:
    with db.transaction(actor.workspace_id) as session:
        return function(session, actor, *args)


def id_of(address: str) -> Any:
    return value("SELECT id FROM pictures WHERE id::text = %s", address.rpartition("/")[2])


def test_face_is_seen_by_colleagues_and_by_nobody_else(acme: Team, rival: Team):
    address = act(pictures.set_own, acme.agent, b"a face")

    for actor in acme.members().values():
        assert act(pictures.get, actor, id_of(address)) == b"a face"
    with pytest.raises(NotFound):
        act(pictures.get, rival.owner, id_of(address))


def test_newer_face_replaces_the_older_and_can_be_taken_away(acme: Team, rival: Team):
    first = id_of(act(pictures.set_own, acme.agent, b"first"))
    second = id_of(act(pictures.set_own, acme.agent, b"second"))

    with pytest.raises(NotFound):
        act(pictures.get, acme.owner, first)
    act(pictures.remove_own, acme.agent)
    with pytest.raises(NotFound):
        act(pictures.get, acme.owner, second)
    assert value("SELECT image FROM users WHERE id = %s", acme.agent.user_id) is None


def test_logo_is_the_admins_to_choose(acme: Team, rival: Team):
    address = act(pictures.set_logo, acme.admin, b"a logo")

    assert act(pictures.get, acme.viewer, id_of(address)) == b"a logo"
    with pytest.raises(NotFound):
        act(pictures.get, rival.owner, id_of(address))
    for change in ((pictures.set_logo, b"x"), (pictures.remove_logo,)):
        with pytest.raises(PermissionDenied):
            act(change[0], acme.agent, *change[1:])

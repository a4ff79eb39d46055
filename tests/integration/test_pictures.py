"""Faces and logos: what is drawn anew and what is refused, and who may see whose."""

import io
import struct
import time
import zlib
from uuid import UUID, uuid4

import pytest
from PIL import Image, PngImagePlugin

from app.actor import Actor, Role
from app.errors import NotFound, PermissionDenied
from app.services import drawing, pictures
from app.services.pictures import NoPicture
from tests.accounts import act, make_person
from tests.api.callers import browser_of
from tests.api.conftest import Api
from tests.factories import Team, make_membership
from tests.table_rows import count, execute, value

RED, BLUE = (255, 0, 0), (0, 0, 255)
TURNED = 6  # EXIF: what was above is on the right
SECRET = b"Taken at home"


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def left_and_right() -> Image.Image:
    image = Image.new("RGB", (400, 400), RED)
    image.paste(BLUE, (200, 0, 400, 400))
    return image


def photo() -> bytes:
    """Return what a phone makes: turned, and with a description of the place."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = TURNED, SECRET.decode()
    return encode(left_and_right(), "JPEG", exif=exif, comment=SECRET, quality=95)


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    parts = [
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def png_head(side: int) -> tuple[bytes, bytes]:
    return b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)


def drawn(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(pictures.redraw(data)))


def is_like(pixel: object, colour: tuple[int, int, int]) -> bool:
    assert isinstance(pixel, tuple)
    return all(abs(one - other) < 40 for one, other in zip(pixel, colour, strict=False))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_picture_of_any_known_kind_becomes_a_small_square_of_one_kind(kind: str):
    image = drawn(encode(Image.new("RGB", (900, 300), RED), kind))

    assert (image.format, image.size) == ("WEBP", (256, 256))
    assert is_like(image.convert("RGB").getpixel((128, 128)), RED)


def test_photo_stands_upright_and_tells_nothing_about_its_place():
    assert SECRET in photo()

    data = pictures.redraw(photo())

    image = Image.open(io.BytesIO(data)).convert("RGB")
    assert is_like(image.getpixel((128, 20)), RED)
    assert is_like(image.getpixel((128, 236)), BLUE)
    assert SECRET not in data
    assert not image.getexif()
    assert not any(name in data for name in (b"EXIF", b"XMP ", b"ICCP"))


def test_photo_of_a_phone_is_within_the_limits():
    noise = Image.effect_noise((2000, 1500), 20).convert("RGB").resize((4000, 3000))

    assert drawn(encode(noise, "JPEG", quality=70)).size == (256, 256)


def test_animation_becomes_its_first_moment():
    moments = [Image.new("RGB", (50, 50), colour) for colour in (RED, BLUE)]

    image = drawn(encode(moments[0], "GIF", save_all=True, append_images=moments[1:]))

    assert getattr(image, "n_frames", 1) == 1
    assert is_like(image.convert("RGB").getpixel((128, 128)), RED)


def test_second_meaning_of_a_file_is_lost():
    script = b"<script>alert(1)</script>"
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", script.decode())

    data = pictures.redraw(encode(left_and_right(), "PNG", pnginfo=info) + script)

    assert b"script" not in data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no picture",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b"<!doctype html><script>alert(1)</script>",
        b"GIF89a<script>alert(1)</script>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        encode(Image.new("RGB", (9, 9)), "BMP"),
        encode(Image.new("RGB", (9, 9)), "TIFF"),
        encode(Image.new("RGB", (9, 9)), "ICO"),
        encode(Image.effect_noise((300, 300), 50), "PNG")[:5000],
        encode(Image.effect_noise((300, 300), 50), "WEBP")[:500],
        b"\xff\xd8\xff\xe0" + b"\0" * 100,
    ],
    ids=[
        "nothing",
        "text",
        "svg",
        "html",
        "gif",
        "eps",
        "bmp",
        "tiff",
        "ico",
        "half",
        "cut",
        "jpg",
    ],
)
def test_what_is_no_such_picture_is_refused_whatever_it_says(data: bytes):
    with pytest.raises(NoPicture) as refused:
        pictures.redraw(data)

    assert set(refused.value.fields) == {"picture"}


@pytest.mark.parametrize(
    "data",
    [
        png(png_head(100_000), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")),
        png(png_head(2**31 - 1), (b"IDAT", b""), (b"IEND", b"")),
        encode(Image.new("1", (6400, 6400)), "PNG"),
        png(
            png_head(1),
            (b"zTXt", b"Comment\0\0" + zlib.compress(b"x" * 600_000_000, 1)),
            (b"IDAT", zlib.compress(b"\0" * 4)),
            (b"IEND", b""),
        ),
        b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + b"\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\x02;",
        b"x" * (pictures.MAX_BYTES + 1),
    ],
    ids=["huge", "larger", "pixels", "text", "gif", "bytes"],
)
def test_bomb_is_refused_in_time(data: bytes):
    began = time.monotonic()

    with pytest.raises(NoPicture):
        pictures.redraw(data)

    assert time.monotonic() - began < drawing.CHILD_S + 5


def test_whoever_works_with_somebody_sees_their_face(acme: Team, rival: Team):
    ana, stranger = make_person(acme.id), make_person(rival.id)
    picture = own_picture(ana)

    for member in (ana, acme.owner, acme.viewer):
        assert act(pictures.get, member, picture)
    for other in (stranger, rival.owner):
        with pytest.raises(NotFound):
            act(pictures.get, other, picture)


def test_face_is_seen_in_every_workspace_of_its_owner_until_they_leave(acme: Team, rival: Team):
    ana = make_person(acme.id)
    picture = own_picture(ana)
    assert ana.user_id
    make_membership(rival.id, ana.user_id, Role.VIEWER)

    seen = act(pictures.get, rival.agent, picture)
    execute(
        "DELETE FROM memberships WHERE user_id = %s AND workspace_id = %s", ana.user_id, rival.id
    )

    assert seen == act(pictures.get, ana, picture)
    with pytest.raises(NotFound):
        act(pictures.get, rival.agent, picture)


def test_logo_is_for_members_and_set_by_who_runs_the_workspace(acme: Team, rival: Team):
    logo = id_of(act(pictures.set_logo, acme.admin, small()))

    assert act(pictures.get, acme.viewer, logo)
    with pytest.raises(NotFound):
        act(pictures.get, rival.owner, logo)
    for member in (acme.agent, acme.viewer):
        for call in (lambda one: act(pictures.set_logo, one, small()), removed):
            with pytest.raises(PermissionDenied):
                call(member)
    assert value("SELECT logo FROM workspaces WHERE id = %s", acme.id).endswith(str(logo))
    assert value("SELECT logo FROM workspaces WHERE id = %s", rival.id) is None


def test_replaced_and_removed_picture_is_gone(acme: Team, rival: Team):
    ana = make_person(acme.id)
    others = id_of(act(pictures.set_logo, rival.owner, small()))
    older, newer = own_picture(ana), own_picture(ana)
    logo = id_of(act(pictures.set_logo, acme.owner, small()))

    act(pictures.remove_own, ana)
    removed(acme.owner)

    for picture in (older, newer, logo, uuid4()):
        with pytest.raises(NotFound):
            act(pictures.get, ana, picture)
    assert act(pictures.get, rival.viewer, others)
    assert count("pictures") == 1


def test_picture_is_served_to_who_may_see_it_as_nothing_else(acme: Team, rival: Team):
    picture = own_picture(acme.agent)
    path, api = f"/media/pictures/{picture}", Api()

    seen = api.get(path, headers=browser_of(acme.viewer))

    assert seen.status_code == 200
    assert seen.headers["content-type"] == "image/webp"
    assert "sandbox" in seen.headers["content-security-policy"]
    assert seen.headers["cache-control"].startswith("private")
    assert api.get(path, headers=browser_of(rival.owner)).status_code == 404
    assert api.get(path).status_code == 401
    assert api.get(f"{path}x", headers=browser_of(acme.viewer)).status_code == 404


def own_picture(actor: Actor) -> UUID:
    return id_of(act(pictures.set_own, actor, small()))


def removed(actor: Actor) -> None:
    act(pictures.remove_logo, actor)


def small() -> bytes:
    return encode(Image.new("RGB", (8, 8), RED), "WEBP")


def id_of(address: str) -> UUID:
    return UUID(address.rpartition("/")[2])

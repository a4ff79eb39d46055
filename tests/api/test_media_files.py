"""Files are served to the sign-in that their link was made for, as nothing that a browser runs."""

import datetime as dt
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.actor import Actor
from app.clock import utc_now
from app.config import configure
from app.ids import new_id
from app.models import MediaFile
from app.models.enums import MediaState
from app.services.media import links
from app.services.media.keep import thumbnail_key
from app.services.storage import new_key, storage
from tests import factories, table_rows
from tests.api.callers import browser_of
from tests.api.conftest import Api
from tests.factories import Clock, Team

DATA = bytes(range(256)) * 40


@pytest.fixture(autouse=True)
def _files(tmp_path: Path) -> None:
    configure(storage_url=(tmp_path / "files").as_uri())


def keep(team: Team, tmp_path: Path, data: bytes = DATA, **over: Any) -> UUID:
    """Give the workspace a message with a file that is there."""
    message_id = factories.make_message(factories.make_conversation(team.number))
    file_id = new_id()
    key = new_key(team.id, file_id, utc_now())
    source = tmp_path / "source"
    source.write_bytes(data)
    storage().put(key, source)
    source.write_bytes(b"small")
    storage().put(thumbnail_key(key), source)
    table_rows.save(
        MediaFile(
            id=file_id,
            workspace_id=team.id,
            message_id=message_id,
            **{
                "state": MediaState.STORED,
                "content_type": "image/jpeg",
                "storage_key": key,
                "size_bytes": len(data),
                **over,
            },
        )
    )
    return file_id


def signed_in(member: Actor) -> tuple[UUID, dict[str, str]]:
    """Sign somebody in; returns the sign-in's id and the headers of their browser."""
    headers = browser_of(member)
    session_id = table_rows.value(
        "SELECT id FROM sessions WHERE user_id = %s ORDER BY created_at DESC LIMIT 1",
        member.user_id,
    )
    return session_id, headers


def test_a_file_is_served_with_its_link_as_what_it_is(acme: Team, tmp_path: Path, api: Api):
    file = keep(acme, tmp_path, filename='Ferien 🌴 "a".jpg')
    session_id, headers = signed_in(acme.viewer)

    seen = api.get(links.link(session_id, file), headers=headers)

    assert (seen.status_code, seen.content) == (200, DATA)
    assert seen.headers["content-type"] == "image/jpeg"
    assert seen.headers["content-disposition"].startswith("inline; filename=")
    assert (
        "filename*=UTF-8''Ferien%20%F0%9F%8C%B4%20%22a%22.jpg"
        in (seen.headers["content-disposition"])
    )
    assert "sandbox" in seen.headers["content-security-policy"]
    assert seen.headers["x-content-type-options"] == "nosniff"
    assert seen.headers["cache-control"].startswith("private")


def test_the_small_picture_where_there_is_one(acme: Team, tmp_path: Path, api: Api):
    session_id, headers = signed_in(acme.viewer)
    drawn = keep(acme, tmp_path, has_thumbnail=True)
    plain = keep(acme, tmp_path)

    small = api.get(f"{links.link(session_id, drawn)}&small", headers=headers)
    whole = api.get(f"{links.link(session_id, plain)}&small", headers=headers)

    assert (small.content, small.headers["content-type"]) == (b"small", "image/webp")
    assert whole.content == DATA


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("bytes=0-9", (206, DATA[:10], f"bytes 0-9/{len(DATA)}")),
        ("bytes=10000-", (206, DATA[10_000:], f"bytes 10000-{len(DATA) - 1}/{len(DATA)}")),
        ("bytes=-5", (206, DATA[-5:], f"bytes {len(DATA) - 5}-{len(DATA) - 1}/{len(DATA)}")),
        ("bytes=5-99999999", (206, DATA[5:], f"bytes 5-{len(DATA) - 1}/{len(DATA)}")),
        ("bytes=99999999-", (416, b"", f"bytes */{len(DATA)}")),
        ("bytes=5-3", (416, b"", f"bytes */{len(DATA)}")),
        ("bytes=0-1,3-4", (200, DATA, None)),
        ("bytes=-", (200, DATA, None)),
        ("lines=1-2", (200, DATA, None)),
    ],
)
def test_a_stretch_of_a_file(
    acme: Team, tmp_path: Path, api: Api, asked: str, answer: tuple[int, bytes, str | None]
):
    session_id, headers = signed_in(acme.viewer)
    file = keep(acme, tmp_path)

    seen = api.get(links.link(session_id, file), headers={**headers, "Range": asked})

    assert (seen.status_code, seen.content, seen.headers.get("content-range")) == answer


@pytest.mark.parametrize(
    "content_type",
    ["text/html", "image/svg+xml", "application/octet-stream", "application/pdf", "text/plain"],
)
def test_what_a_browser_could_run_is_for_saving(
    acme: Team, tmp_path: Path, api: Api, content_type: str
):
    session_id, headers = signed_in(acme.viewer)
    file = keep(acme, tmp_path, content_type=content_type, filename="page.html")

    seen = api.get(links.link(session_id, file), headers=headers)

    assert seen.headers["content-disposition"].startswith("attachment;")


def test_a_link_is_good_for_its_sign_in_and_its_minutes_only(
    acme: Team, rival: Team, tmp_path: Path, frozen_clock: Clock
):
    api = Api()
    file = keep(acme, tmp_path)
    session_id, headers = signed_in(acme.viewer)
    colleague_id, colleague = signed_in(acme.agent)
    stranger_id, stranger = signed_in(rival.owner)
    link = links.link(session_id, file)
    path, _, query = link.partition("?")

    assert api.get(link, headers=headers).status_code == 200
    assert api.get(link).status_code == 401
    assert api.get(link, headers=colleague).status_code == 404
    assert api.get(links.link(colleague_id, file), headers=colleague).status_code == 200
    assert api.get(links.link(stranger_id, file), headers=stranger).status_code == 404
    for wrong in ("", f"{query}0", query.replace("until=", "until=9"), "until=x&key=y",
                  f"until={'9' * 40}&key=y", "until=²&key=y"):  # fmt: skip
        assert api.get(f"{path}?{wrong}", headers=headers).status_code == 404, wrong
    assert api.get(f"/media/files/nonsense?{query}", headers=headers).status_code == 404

    frozen_clock.move(dt.timedelta(minutes=9))
    assert api.get(link, headers=headers).status_code == 200
    frozen_clock.move(dt.timedelta(minutes=12))
    assert api.get(link, headers=headers).status_code == 404


@pytest.mark.parametrize("state", [MediaState.PENDING, MediaState.FAILED])
def test_what_is_not_there_is_not_found(acme: Team, tmp_path: Path, api: Api, state: MediaState):
    session_id, headers = signed_in(acme.viewer)
    file = keep(acme, tmp_path, state=state)
    gone = keep(acme, tmp_path)
    storage().delete(table_rows.value("SELECT storage_key FROM media_files WHERE id = %s", gone))

    for one in (file, gone, new_id()):
        assert api.get(links.link(session_id, one), headers=headers).status_code == 404

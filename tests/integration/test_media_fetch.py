"""Files that customers send: noted with the message, fetched, checked, kept, drawn small."""

import base64
import hashlib
import io
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from app import db
from app.config import configure
from app.models.enums import MediaState
from app.sandbox.behaviours import Scope
from app.services import messages
from app.services.inbound.drain import drain
from app.services.media.drain import drain as drain_media
from app.services.storage import storage
from app.services.whatsapp import client
from tests.factories import Team
from tests.integration.outbox_line import Line, listen
from tests.table_rows import count, execute, rows, value
from tests.waiting import wait_until


@pytest.fixture(autouse=True)
def _files(tmp_path: Path) -> None:
    configure(storage_url=(tmp_path / "files").as_uri())


def picture(kind: str = "JPEG", size: tuple[int, int] = (900, 600)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "#2a7").save(out, kind)
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class Sent:
    """A file that a customer sent, as the sandbox keeps it."""

    media_id: str
    data: bytes


def send(line: Line, data: bytes, *, kind: str = "image", mime: str = "image/jpeg",
         **content: Any) -> Sent:  # fmt: skip
    sandbox = line.graph.app.state.sandbox
    [customer, *_] = sandbox.store.customers.list_all(line.sandbox_number.workspace)
    meta_id = line.sandbox_number.meta_phone_number_id
    kept = sandbox.store.media.put(meta_id, mime, content.get("filename", ""), data)
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    member = {"id": kept.id, "mime_type": mime, "sha256": digest, **content}
    sandbox.lifecycle.bring(line.sandbox_number, customer, kind, member)
    sandbox.delivery.wake()
    return Sent(kept.id, data)


def arrive(line: Line, how_many: int = 1) -> None:
    listen(line)

    def is_there() -> bool:
        drain()
        return count("media_files") == how_many

    wait_until(is_there)


def file() -> dict[str, Any]:
    return dict(value("SELECT to_jsonb(f) FROM media_files f"))


def kept(key: str) -> bytes:
    return b"".join(storage().open(key).chunks)


def test_a_picture_is_noted_with_its_message_fetched_kept_and_drawn_small(line: Line, rival: Team):
    sent = send(line, picture(size=(900, 600)), caption="Look")
    arrive(line)
    before = file()
    assert (before["state"], before["meta_media_id"]) == ("PENDING", sent.media_id)
    seq = value("SELECT change_seq FROM conversations WHERE id = %s", line.thread)

    assert drain_media()

    after = file()
    assert (after["state"], after["content_type"]) == ("STORED", "image/jpeg")
    assert (after["size_bytes"], after["sha256"]) == (
        len(sent.data), hashlib.sha256(sent.data).hexdigest(),
    )  # fmt: skip
    assert (after["width"], after["height"]) == (900, 600)
    assert kept(after["storage_key"]) == sent.data
    with Image.open(io.BytesIO(kept(after["storage_key"] + ".small"))) as small:
        assert (small.format, max(small.size)) == ("WEBP", 640)
    with db.transaction(line.team.id) as session:
        found = messages.window(session, line.team.agent, line.thread).messages[-1]
        news = messages.changes_since(session, line.team.agent, line.thread, seq)
    assert found.text == "Look"
    assert found.media is not None
    assert (found.media.state, found.media.has_thumbnail) == (MediaState.STORED, True)
    assert [one.id for one in news.messages] == [found.id]  # open threads are told
    assert after["workspace_id"] == str(line.team.id)


def test_the_same_webhook_twice_is_one_file(line: Line):
    line.graph.store.behaviours.change(Scope(), {"duplicate": 1.0})
    send(line, picture())
    arrive(line)
    drain()
    drain_media()

    assert count("media_files") == 1
    line.graph.store.behaviours.change(Scope(), {"duplicate": 0.0})


def test_what_is_not_what_it_says_is_kept_for_saving_only(line: Line):
    send(line, b"<!doctype html><script>alert(1)</script>", mime="image/jpeg")
    arrive(line)

    drain_media()

    assert (file()["state"], file()["content_type"]) == ("STORED", "application/octet-stream")
    assert not file()["has_thumbnail"]


def test_a_bomb_is_kept_and_drawn_by_nobody(line: Line):
    out = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(out, "PNG", compress_level=9)
    send(line, out.getvalue(), mime="image/png")
    arrive(line)

    drain_media()

    assert (file()["state"], file()["has_thumbnail"]) == ("STORED", False)


def test_a_file_that_was_changed_on_the_way_is_not_kept(line: Line):
    sent = send(line, picture())
    line.graph.store.database.run(
        "UPDATE media SET data = ? WHERE id = ?", picture(size=(10, 10)), sent.media_id
    )
    arrive(line)

    drain_media()

    after = file()
    assert (after["state"], after["storage_key"]) == ("PENDING", None)
    assert after["error"] == "The file is not the one that was announced."
    assert value("SELECT next_attempt_at > now() FROM media_files")


def test_a_token_that_has_ended_is_no_reason_to_lose_a_file(line: Line):
    sent = send(line, picture())
    arrive(line)
    store = line.graph.store
    store.set_token_expired(line.sandbox_number.waba_id, is_expired=True)
    drain_media()
    assert file()["state"] == "PENDING"
    assert "token" in file()["error"]

    store.set_token_expired(line.sandbox_number.waba_id, is_expired=False)
    drain_media()
    assert file()["state"] == "PENDING"  # it waits for its next try
    drain_media(ignore_pauses=True)

    assert (file()["state"], file()["error"]) == ("STORED", None)
    assert kept(file()["storage_key"]) == sent.data


def test_what_meta_does_not_have_any_more_is_said_and_tried_no_further(line: Line):
    sent = send(line, picture())
    line.graph.store.media.delete(sent.media_id)
    arrive(line)

    drain_media()

    assert (file()["state"], file()["next_attempt_at"]) == ("FAILED", None)


def test_after_seven_days_nobody_tries_any_more(line: Line):
    send(line, picture())
    arrive(line)
    line.graph.store.set_token_expired(line.sandbox_number.waba_id, is_expired=True)
    execute("UPDATE media_files SET created_at = now() - interval '7 days 1 minute'")

    drain_media()

    assert file()["state"] == "FAILED"
    line.graph.store.set_token_expired(line.sandbox_number.waba_id, is_expired=False)


def test_an_id_that_would_lead_elsewhere_stays_an_id(line: Line):
    sandbox = line.graph.app.state.sandbox
    [customer, *_] = sandbox.store.customers.list_all(line.sandbox_number.workspace)
    content = {"id": "1/../../debug_token?input_token=x&", "mime_type": "image/jpeg"}
    sandbox.lifecycle.bring(line.sandbox_number, customer, "image", content)
    sandbox.delivery.wake()
    arrive(line)

    drain_media()

    assert file()["state"] in {"FAILED", "PENDING"}
    assert file()["storage_key"] is None


def test_many_files_are_fetched_each_once_and_a_lost_lease_is_taken_up(line: Line):
    for number in range(9):
        send(line, picture(size=(20 + number, 20)))
    arrive(line, 9)
    execute(
        "UPDATE media_files SET attempt_count = 1, next_attempt_at = now() - interval '1 second'"
        " WHERE id = (SELECT id FROM media_files LIMIT 1)"
    )

    drain_media()

    found = rows("SELECT state, width FROM media_files ORDER BY width")
    assert found == [("STORED", width) for width in range(20, 29)]


def test_a_file_that_nobody_named_is_said_at_once(line: Line):
    sandbox = line.graph.app.state.sandbox
    [customer, *_] = sandbox.store.customers.list_all(line.sandbox_number.workspace)
    sandbox.lifecycle.bring(line.sandbox_number, customer, "image", {"mime_type": "image/jpeg"})
    sandbox.delivery.wake()
    arrive(line)

    assert (file()["state"], file()["error"]) == ("FAILED", "WhatsApp named no file.")


@pytest.mark.parametrize("point", ["media.downloaded", "storage.synced", "media.stored"])
def test_killed_between_fetching_and_storing_nothing_is_half_and_nothing_lost(
    line: Line, tmp_path: Path, point: str
):
    sent = send(line, picture())
    arrive(line)

    for _try in range(3):
        assert killed_at(point) == signal.SIGKILL
        assert (file()["state"], file()["storage_key"]) == ("PENDING", None)
        execute("UPDATE media_files SET next_attempt_at = now() - interval '1 second'")
    drain_media()

    assert file()["state"] == "STORED"
    assert kept(file()["storage_key"]) == sent.data
    whole = [path.name for path in (tmp_path / "files").rglob("*") if path.is_file()]
    key = file()["storage_key"].rpartition("/")[2]
    left = [name for name in whole if name.startswith(".")]  # no reader looks at them
    assert sorted(whole) == sorted([key, f"{key}.small", *left])
    assert len(left) == (3 if point == "storage.synced" else 0)
    assert count("media_files") == 1


def killed_at(point: str) -> int:
    """Drain in a process that dies at a named line; returns the signal that ended it."""
    child = os.fork()
    if child == 0:
        configure(crash_point=point)
        client.forget_connections()
        drain_media()
        os._exit(0)
    _pid, status = os.waitpid(child, 0)
    return os.WTERMSIG(status)

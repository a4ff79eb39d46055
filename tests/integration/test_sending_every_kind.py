"""Every kind of message goes out as Meta wants it, its file first; nothing is sent without it."""

import hashlib
import io
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic import TypeAdapter

from app import db
from app.config import configure
from app.ids import new_id
from app.services import sending, writing
from app.services.media import uploads
from app.services.media.kinds import MediaKind
from app.services.media.uploads import FileView
from app.services.outbox.drain import drain as drain_outbox
from app.services.sending import Written
from app.services.storage import storage
from app.services.whatsapp import contents
from app.services.whatsapp.interactives import AnyInteractive
from tests.api.sent_kinds import (
    BUTTONS,
    CHOICES,
    FULL_CARD,
    LINK,
    OTHER_INTERACTIVES,
    PERSON,
    PLACE,
    WEB_LINK,
    picture,
)
from tests.contracts import needs_document
from tests.factories import make_message
from tests.graph_contract import contract
from tests.integration.outbox_line import Line
from tests.table_rows import execute, row, status_of, value

VOICE = (Path(__file__).parents[1] / "data" / "voice.ogg").read_bytes()
CLIP = (Path(__file__).parents[1] / "data" / "clip.mp4").read_bytes()
FILMS = (MediaKind.IMAGE, MediaKind.VIDEO)
FILES = [
    (MediaKind.IMAGE, picture(), "cup.jpg", "image/jpeg"),
    (MediaKind.VIDEO, CLIP, "clip.mp4", "video/mp4"),
    (MediaKind.AUDIO, VOICE, "voice.ogg", "audio/ogg"),
    (MediaKind.DOCUMENT, b"%PDF-1.4 an invoice", "Rechnung März.pdf", "application/pdf"),
    (MediaKind.STICKER, picture("WEBP", (512, 512)), "s.webp", "image/webp"),
]


@pytest.fixture(autouse=True)
def _files(tmp_path: Path) -> None:
    configure(storage_url=(tmp_path / "files").as_uri())


def bring(line: Line, data: bytes, name: str, mime: str) -> FileView:
    return uploads.bring(line.team.agent, io.BytesIO(data), filename=name, declared=mime)


def queue(line: Line, message: Written) -> UUID:
    with db.transaction(line.team.id) as session:
        return sending.send(
            session, line.team.agent, line.new_thread(), message=message, client_ref=new_id()
        ).id


def file_message(line: Line, kind: MediaKind, file: FileView, **beside: Any) -> Written:
    with db.transaction(line.team.id) as session:
        return writing.file(session, line.team.agent, kind, file.id, **beside)


def everything(line: Line) -> list[Written]:
    lively = TypeAdapter[AnyInteractive](AnyInteractive)
    written = [
        writing.location(contents.Location.model_validate(PLACE)),
        writing.cards(contents.Contacts.model_validate({"contacts": [PERSON, FULL_CARD]})),
        writing.reaction("wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBI", "👍"),
        writing.reaction("wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBI", ""),
        *(
            writing.interactive(lively.validate_python(one))
            for one in (BUTTONS, CHOICES, WEB_LINK, *OTHER_INTERACTIVES)
        ),
        *(writing.linked(kind, LINK) for kind in MediaKind),
        writing.linked(MediaKind.DOCUMENT, LINK, caption="Look", filename="a.pdf"),
        *(writing.linked(kind, LINK, caption="x" * 1024) for kind in FILMS),
    ]
    for kind, *file in FILES:
        brought = bring(line, *file)
        written.append(file_message(line, kind, brought, is_voice=kind is MediaKind.AUDIO))
    return written


@needs_document
def test_every_kind_keeps_metas_contract(line: Line, requests: list[httpx.Request]):
    written = everything(line)
    ids = [queue(line, message) for message in written]

    drain_outbox()

    assert {status_of(one) for one in ids} == {"sent"}
    sends = [one for one in requests if one.url.path.endswith("/messages")]
    assert len(sends) == len(written)
    found = [p for one in sends for p in contract().problems(one, base="/graph")]
    assert found == [], "\n".join(found)


def test_file_is_with_meta_before_the_message_and_arrives_whole(
    line: Line, requests: list[httpx.Request]
):
    for kind, data, name, mime in FILES:
        requests.clear()
        message_id = queue(line, file_message(line, kind, bring(line, data, name, mime)))

        drain_outbox()

        assert status_of(message_id) == "sent"
        upload, send = requests
        assert upload.url.path.endswith(f"/{line.number.meta_id}/media")
        body = json.loads(send.content)
        sandbox = line.graph.app.state.sandbox
        kept = sandbox.store.media.find(body[kind.value]["id"])
        assert (kept.content_type, kept.sha256) == (mime, hashlib.sha256(data).hexdigest())
        assert sandbox.store.media.read(kept.id) == data
        if kind is MediaKind.DOCUMENT:
            assert body["document"]["filename"] == name


def test_answer_names_the_message_that_it_quotes(line: Line, requests: list[httpx.Request]):
    thread = line.new_thread()
    asked = make_message(thread)
    wamid = value("SELECT wamid FROM messages WHERE id = %s", asked)
    with db.transaction(line.team.id) as session:
        message = writing.answering(session, line.team.agent, asked, sending.text_of("Yes"))
        sending.send(session, line.team.agent, thread, message=message, client_ref=new_id())

    drain_outbox()

    assert json.loads(requests[-1].content)["context"] == {"message_id": wamid}


def test_reaction_is_not_the_newest_message_of_the_list(line: Line):
    thread = line.new_thread()
    asked = make_message(thread, text="At noon?")
    before = row(
        "SELECT last_message_id, last_message_text FROM conversations WHERE id = %s", thread
    )
    with db.transaction(line.team.id) as session:
        message = writing.react(session, line.team.agent, asked, "👍")
        sending.send(session, line.team.agent, thread, message=message, client_ref=new_id())

    drain_outbox()

    after = row(
        "SELECT last_message_id, last_message_text FROM conversations WHERE id = %s", thread
    )
    assert after == before


def test_upload_that_fails_for_now_is_tried_again_and_sent_once(line: Line):
    file = bring(line, *FILES[0][1:])
    message_id = queue(line, file_message(line, MediaKind.IMAGE, file))
    address = value("SELECT graph_url FROM whatsapp_accounts WHERE id = %s", line.number.account_id)
    execute("UPDATE whatsapp_accounts SET graph_url = 'http://127.0.0.1:1'")
    drain_outbox()
    assert status_of(message_id) == "queued"

    execute("UPDATE whatsapp_accounts SET graph_url = %s", address)
    execute("UPDATE messages SET next_attempt_at = now()")
    drain_outbox()

    assert status_of(message_id) == "sent"


def test_file_that_meta_does_not_take_fails_with_its_reason(line: Line):
    file = bring(line, b"PK\x03\x04 an archive", "all.zip", "application/zip")
    message_id = queue(line, file_message(line, MediaKind.DOCUMENT, file))

    drain_outbox()

    assert status_of(message_id) == "failed"
    error = value("SELECT error FROM messages WHERE id = %s", message_id)
    assert error["code"] == 100


def test_file_that_is_gone_fails_and_sends_nothing(line: Line, requests: list[httpx.Request]):
    file = bring(line, *FILES[0][1:])
    message_id = queue(line, file_message(line, MediaKind.IMAGE, file))
    storage().delete(value("SELECT storage_key FROM media_files WHERE id = %s", file.id))

    drain_outbox()

    assert status_of(message_id) == "failed"
    assert requests == []

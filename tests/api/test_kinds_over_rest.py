"""Programs send every kind of message; what WhatsApp would not take is named, and not queued."""

import copy
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.config import configure
from app.models.enums import MessageType
from tests.api.callers import error_of, key_of
from tests.api.conftest import Api
from tests.api.sent_kinds import (
    BUTTONS,
    CHOICES,
    ITEM,
    KINDS,
    LIKE,
    OTHER_INTERACTIVES,
    PERSON,
    PLACE,
    WITHOUT_FILE,
    picture,
)
from tests.factories import Team, make_contact, make_conversation, make_message
from tests.recordings import recorded
from tests.table_rows import count, row, value

MESSAGES, MEDIA = "/api/messages", "/api/media"


@pytest.fixture(autouse=True)
def _files(tmp_path: Path) -> None:
    configure(storage_url=(tmp_path / "files").as_uri())


@pytest.fixture
def customer(acme: Team) -> str:
    contact = make_contact(acme.id)
    make_conversation(acme.number, contact)
    return str(value("SELECT phone_number FROM contacts WHERE id = %s", contact))


def send(
    api: Api, team: Team, to: str, kind: str, content: object, **members: Any
) -> httpx.Response:
    body = {
        "phoneNumberId": str(team.number.id), "to": to, "type": kind, "content": content,
    } | members  # fmt: skip
    return api.post(MESSAGES, headers=key_of(team.id), json=body)


def bring(
    api: Api, team: Team, data: bytes, name: str, mime: str, **headers: str
) -> httpx.Response:
    return api.post(MEDIA, headers=key_of(team.id) | headers, files={"file": (name, data, mime)})


def bring_voice(api: Api, team: Team, data: bytes) -> httpx.Response:
    file = {"file": ("blob", data, "audio/webm")}
    return api.post(MEDIA, headers=key_of(team.id), files=file, data={"voice": "true"})


@pytest.mark.parametrize(("kind", "content", "_sent"), WITHOUT_FILE, ids=KINDS)
def test_every_kind_is_queued(
    api: Api, acme: Team, customer: str, kind: str, content: Any, _sent: Any
):
    answer = send(api, acme, customer, kind, content)

    assert answer.status_code == 201, answer.text
    message = answer.json()["message"]
    assert (message["type"], message["status"]) == (kind, "queued")
    kept = {"contacts": content} if isinstance(content, list) else content
    assert message["content"] == kept


def test_new_contact_is_named_beside_any_kind(api: Api, acme: Team, customer: str):
    for kind, content in (("location", PLACE), ("interactive", BUTTONS)):
        answer = send(api, acme, customer, kind, content | {"contactName": "Bea"})

        assert answer.status_code == 201, answer.text
        assert "contactName" not in answer.json()["message"]["content"]


PRODUCTS, FLOW = OTHER_INTERACTIVES[1], OTHER_INTERACTIVES[3]


def deep(content: Any, path: str, put: object) -> Any:
    """Return a content with one member changed."""
    changed = copy.deepcopy(content)
    *before, last = path.split(".")
    place = changed
    for part in before:
        place = place[int(part)] if part.isdigit() else place[part]
    place[int(last) if last.isdigit() else last] = put
    return changed


BUTTON = BUTTONS["action"]["buttons"][0]  # type: ignore[index]  # a literal
ROW = {"id": "9", "title": "Nine"}


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("image", {}),
        ("image", {"url": "https://a.example", "mediaId": "01a20000-0000-7000-8000-000000000000"}),
        ("image", {"url": "ftp://a.example/x"}), ("image", {"url": "javascript:alert(1)"}),
        ("image", {"url": "https://a.example", "caption": "x" * 1025}),
        ("audio", {"url": "https://a.example", "caption": "no"}),
        ("sticker", {"url": "https://a.example", "caption": "no"}),
        ("location", {"latitude": 91, "longitude": 0}), ("location", {"latitude": 1}),
        ("location", PLACE | {"longitude": "east"}),
        ("location", PLACE | {"name": "a\0b"}),
        ("contacts", [PERSON | {"org": {"company": "a\0b"}}]),
        ("contacts", []), ("contacts", {"contacts": []}), ("contacts", [{"phones": []}]),
        ("contacts", [{**PERSON, "name": {"formatted_name": ""}}]),
        ("reaction", {"emoji": "👍"}), ("reaction", {"message_id": "", "emoji": "👍"}),
        ("contacts", [PERSON | {"colour": "red"}]), ("contacts", [PERSON | {"birthday": "soon"}]),
        ("contacts", [PERSON | {"phones": [{"number": "+1"}]}]), ("contacts", [PERSON] * 258),
        ("location", PLACE | {"colour": "red"}), ("reaction", LIKE | {"colour": "red"}),
        ("interactive", BUTTONS | {"colour": "red"}),
        ("interactive", deep(BUTTONS, "action.colour", "red")),
        ("interactive", deep(BUTTONS, "header.image", {"id": "1"})),
        ("interactive", deep(BUTTONS, "header", {"type": "image"})),
        ("interactive", deep(BUTTONS, "header", {"type": "image", "image": {}})),
        *(("interactive", deep(one, "action.colour", "red")) for one in OTHER_INTERACTIVES),
        *(("interactive", one | {"action": {}}) for one in OTHER_INTERACTIVES),
        ("interactive", deep(FLOW, "action.parameters.flow_name", "also")),
        ("interactive", deep(FLOW, "action.parameters.flow_cta", "x" * 21)),
        ("interactive", deep(PRODUCTS, "action.sections.0.product_items", [ITEM] * 31)),
        ("interactive", deep(BUTTONS, "action.buttons", [])),
        ("interactive", deep(BUTTONS, "action.buttons", [BUTTON] * 4)),
        ("interactive", deep(BUTTONS, "action.buttons", [BUTTON, BUTTON])),
        ("interactive", deep(BUTTONS, "action.buttons.0.reply.title", "x" * 21)),
        ("interactive", deep(BUTTONS, "action.buttons.0.reply.id", "x" * 257)),
        ("interactive", deep(BUTTONS, "body.text", "")),
        ("interactive", deep(BUTTONS, "body.text", "x" * 1025)),
        ("interactive", deep(BUTTONS, "footer.text", "x" * 61)),
        ("interactive", deep(BUTTONS, "header.text", "x" * 61)),
        ("interactive", deep(BUTTONS, "type", "smoke")),
        ("interactive", deep(CHOICES, "action.button", "x" * 21)),
        ("interactive", deep(CHOICES, "action.sections", [])),
        ("interactive", deep(CHOICES, "action.sections.0.rows", [ROW] * 2)),
        ("interactive", deep(CHOICES, "action.sections.0.rows.0.title", "x" * 25)),
        ("interactive", deep(CHOICES, "action.sections.0.rows.0.description", "x" * 73)),
        (
            "interactive",
            deep(CHOICES, "action.sections.0.rows", [ROW | {"id": str(n)} for n in range(11)]),
        ),
    ],
)  # fmt: skip
def test_what_whatsapp_would_not_take_is_named(
    api: Api, acme: Team, customer: str, kind: str, content: Any
):
    answer = send(api, acme, customer, kind, content)

    assert error_of(answer) == (422, "validation_failed")
    fields = answer.json()["error"]["fields"]
    assert all(name.startswith(("content", "url", "caption")) for name in fields), fields
    assert not count("messages")


def test_file_is_brought_read_and_sent(api: Api, acme: Team, rival: Team, customer: str):
    data = picture()
    brought = bring(api, acme, data, "../../cup.jpg", "image/jpeg")

    assert brought.status_code == 201, brought.text
    file = brought.json()["media"]
    assert (file["type"], file["contentType"], file["filename"]) == (
        "image", "image/jpeg", "cup.jpg",
    )  # fmt: skip
    assert (file["sizeBytes"], file["width"], file["height"]) == (len(data), 90, 60)
    assert api.get(f"{MEDIA}/{file['id']}", headers=key_of(acme.id)).json()["media"] == file
    assert api.get(file["url"], headers=key_of(acme.id)).content == data
    part = api.get(file["url"], headers=key_of(acme.id) | {"Range": "bytes=0-9"})
    assert (part.status_code, part.content) == (206, data[:10])
    for path in (f"{MEDIA}/{file['id']}", file["url"]):
        assert error_of(api.get(path, headers=key_of(rival.id))) == (404, "not_found")

    sent = send(api, acme, customer, "image", {"mediaId": file["id"], "caption": "A *cup*"})
    assert sent.status_code == 201, sent.text
    stolen = send(api, rival, "+447700900123", "image", {"mediaId": file["id"]})
    assert error_of(stolen) == (404, "not_found")
    message = sent.json()["message"]
    own = row(
        "SELECT id, storage_key, state FROM media_files WHERE message_id = %s", UUID(message["id"])
    )
    original = row("SELECT id, storage_key FROM media_files WHERE id = %s", UUID(file["id"]))
    assert own[0] != original[0]
    assert own[1:] == (original[1], "STORED")
    assert message["content"]["mediaId"] == str(own[0])
    assert api.get(f"{MEDIA}/{own[0]}/content", headers=key_of(acme.id)).content == data


@pytest.mark.parametrize(
    ("brought", "kind"),
    [
        ((picture("PNG"), "a.png", "image/png"), "sticker"),
        ((b"%PDF-1.4 paper", "a.pdf", "application/pdf"), "image"),
        ((b"OggS" + b"\0" * 24 + b"vorbis", "a.ogg", "application/ogg"), "audio"),
    ],
)
def test_file_is_sent_as_what_it_is_only(
    api: Api, acme: Team, customer: str, brought: tuple[bytes, str, str], kind: str
):
    file = bring(api, acme, *brought).json()["media"]

    refused = send(api, acme, customer, kind, {"mediaId": file["id"]})

    assert error_of(refused) == (422, "validation_failed")
    assert send(api, acme, customer, "document", {"mediaId": file["id"]}).status_code == 201


def test_upload_is_repeated_without_a_second_file(api: Api, acme: Team):
    key = {"Idempotency-Key": "one"}
    first, again = (bring(api, acme, picture(), "a.jpg", "image/jpeg", **key) for _ in range(2))
    other = bring(api, acme, picture("PNG"), "a.png", "image/png", **key)

    assert first.json() == again.json()
    assert error_of(other) == (409, "idempotency_key_reused")
    assert count("media_files") == 1


def test_upload_without_a_file_is_named(api: Api, acme: Team):
    answer = api.post(MEDIA, headers=key_of(acme.id), files={"other": ("a", b"b", "text/plain")})

    assert error_of(answer) == (422, "validation_failed")
    assert set(answer.json()["error"]["fields"]) == {"file"}


def test_reply_quotes_a_message_of_the_workspace(api: Api, acme: Team, rival: Team, customer: str):
    asked, foreign = (make_message(make_conversation(one.number)) for one in (acme, rival))

    sent = send(api, acme, customer, "text", {"text": "Yes"}, replyTo=str(asked))

    assert sent.status_code == 201, sent.text
    wamid = value("SELECT wamid FROM messages WHERE id = %s", asked)
    assert value(
        "SELECT context FROM messages WHERE id = %s", UUID(sent.json()["message"]["id"])
    ) == {"id": wamid}
    stolen = send(api, acme, customer, "text", {"text": "Yes"}, replyTo=str(foreign))
    assert error_of(stolen) == (404, "not_found")


def test_every_kind_that_can_be_sent_is_tried_here():
    tried = {kind for kind, *_rest in WITHOUT_FILE} | {"text", "template"}

    assert tried <= {str(kind.value) for kind in MessageType}
    assert len(tried) == 11


def test_recording_of_a_browser_is_sent_as_a_voice_message(
    api: Api, acme: Team, customer: str, tmp_path: Path
):
    sound = recorded(tmp_path / "sound", "webm", "libopus", seconds=1).read_bytes()

    brought = bring_voice(api, acme, sound)

    assert brought.status_code == 201, brought.text
    file = brought.json()["media"]
    assert (file["type"], file["contentType"], file["filename"]) == (
        "audio",
        "audio/ogg",
        "voice.ogg",
    )
    content = {"mediaId": file["id"], "voice": True}
    sent = send(api, acme, customer, "audio", content)
    assert sent.json()["message"]["content"]["voice"] is True


def test_recording_that_is_none_is_refused(api: Api, acme: Team):
    refused = bring_voice(api, acme, b"%PDF-1.4 no sound")

    assert error_of(refused) == (422, "validation_failed")
    assert set(refused.json()["error"]["fields"]) == {"file"}
    assert count("media_files") == 0

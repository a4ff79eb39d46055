"""A file above a template's text: Meta is shown a sample, and each customer gets a file of ours."""

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from app import db
from app.config import configure
from app.errors import NotFound, ValidationFailed
from app.ids import new_id
from app.models.enums import TemplateStatus
from app.services import template_messages
from app.services.media import unused, uploads
from app.services.outbox.drain import drain as drain_outbox
from app.services.templates import review
from app.services.templates.fill import Values
from app.services.templates.shape import SAMPLE, HeaderKind
from tests.api.sent_kinds import picture
from tests.factories import Team
from tests.integration.outbox_line import Line
from tests.integration.test_template_review import GOOD, TemplateText, draft, reviewed
from tests.table_rows import count, execute, status_of

PDF = b"%PDF-1.4 a list of prices"


@pytest.fixture(autouse=True)
def _files(tmp_path: Path) -> None:
    configure(storage_url=(tmp_path / "files").as_uri())


def bring(team: Team, data: bytes, name: str, mime: str) -> UUID:
    return uploads.bring(team.admin, io.BytesIO(data), filename=name, declared=mime).id


def above(kind: HeaderKind, media: str) -> TemplateText:
    return replace(GOOD, shape=replace(GOOD.shape, header=kind, media=media))


def approved(line: Line, kind: HeaderKind, file_id: UUID) -> UUID:
    text = above(kind, f"{SAMPLE}{file_id}")
    template = draft(line, text)
    review.submit(line.team.admin, template, text)
    view = reviewed(line, template)
    assert view.status is TemplateStatus.APPROVED
    return template


def send(line: Line, template: UUID, media: str) -> Any:
    with db.transaction(line.team.id) as session:
        return template_messages.send(
            session, line.team.agent, line.thread, template_id=template,
            values=Values(body={"1": "Ana"}, media=media), client_ref=new_id(),
        ).id  # fmt: skip


def test_sample_is_brought_to_meta_and_stays_ours_to_edit_with(
    line: Line, requests: list[httpx.Request]
):
    sample = bring(line.team, picture(), "cup.jpg", "image/jpeg")

    template = approved(line, HeaderKind.IMAGE, sample)

    opened, put, made = [one for one in requests if one.method == "POST"][:3]
    assert opened.url.params["file_type"] == "image/jpeg"
    assert int(opened.url.params["file_length"]) == len(picture())
    assert put.headers["Authorization"].startswith("OAuth ")
    [kept] = line.graph.store.templates.list_all(line.number.waba_id)
    assert kept["components"] == json.loads(made.content)["components"]
    assert kept["components"][0]["example"]["header_handle"][0].startswith("4::")
    view = reviewed(line, template)  # Meta's list has a link of its own; ours stays
    assert view.shape.sample_id == sample
    again = above(HeaderKind.IMAGE, view.shape.media)
    assert review.submit(line.team.admin, template, again).status is TemplateStatus.PENDING


def test_customer_gets_a_file_of_ours_above_the_text(line: Line, requests: list[httpx.Request]):
    sample = bring(line.team, PDF, "prices.pdf", "application/pdf")
    template = approved(line, HeaderKind.DOCUMENT, sample)
    requests.clear()
    line.write("Hello")

    message = send(line, template, f"{SAMPLE}{sample}")
    drain_outbox()

    assert status_of(message) == "sent"
    [header, *_rest] = json.loads(requests[-1].content)["template"]["components"]
    media_id = header["parameters"][0]["document"]["id"]
    assert line.graph.store.media.read(media_id) == PDF
    assert count("media_files", "message_id IS NOT NULL") == 1


@pytest.mark.parametrize(
    ("kind", "data", "name", "mime"),
    [
        (HeaderKind.IMAGE, PDF, "prices.pdf", "application/pdf"),
        (HeaderKind.DOCUMENT, picture(), "cup.jpg", "image/jpeg"),
        (HeaderKind.VIDEO, picture("WEBP"), "s.webp", "image/webp"),
    ],
)
def test_file_of_another_kind_is_refused_before_meta_is_asked(
    line: Line, kind: HeaderKind, data: bytes, name: str, mime: str
):
    text = above(kind, f"{SAMPLE}{bring(line.team, data, name, mime)}")
    template = draft(line, text)

    with pytest.raises(ValidationFailed) as refused:
        review.submit(line.team.admin, template, text)

    assert list(refused.value.fields) == ["header"]
    assert line.graph.store.templates.list_all(line.number.waba_id) == []


def test_file_of_another_workspace_is_not_there(line: Line, rival: Team):
    theirs = bring(rival, picture(), "theirs.jpg", "image/jpeg")
    ours = bring(line.team, picture(), "cup.jpg", "image/jpeg")
    text = replace(above(HeaderKind.IMAGE, f"{SAMPLE}{theirs}"), name="borrowed")

    with pytest.raises(NotFound):
        review.submit(line.team.admin, draft(line, text), text)

    assert line.graph.store.templates.list_all(line.number.waba_id) == []
    template = approved(line, HeaderKind.IMAGE, ours)
    line.write("Hello")
    with pytest.raises(NotFound):
        send(line, template, f"{SAMPLE}{theirs}")


@pytest.mark.parametrize("media", ["", "file:", "file:nonsense", "https://scontent.example/v"])
def test_header_without_a_sample_is_told_before_meta_is_asked(line: Line, media: str):
    text = above(HeaderKind.IMAGE, media)

    with pytest.raises(ValidationFailed) as refused:
        review.submit(line.team.admin, draft(line, text), text)

    assert list(refused.value.fields) == ["header"]


def test_sample_of_a_template_is_not_forgotten(line: Line):
    sample, other = (bring(line.team, picture(), "cup.jpg", "image/jpeg") for _ in range(2))
    draft(line, above(HeaderKind.IMAGE, f"{SAMPLE}{sample}"))
    execute("UPDATE media_files SET created_at = now() - interval '3 days'")

    assert unused.purge() == 1

    assert count("media_files", f"id = '{sample}'") == 1
    assert count("media_files", f"id = '{other}'") == 0

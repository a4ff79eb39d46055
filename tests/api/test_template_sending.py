"""Programs send templates: also to somebody who never wrote, in Meta's own words."""

from typing import Any

import pytest

from app.models import Template
from app.models.enums import TemplateCategory, TemplateStatus
from tests.api.callers import error_of, key_of
from tests.api.conftest import Api
from tests.factories import Team, make_contact
from tests.table_rows import count, row, save, value

MESSAGES = "/api/messages"
NEW = "+447700900555"
CONTENT: dict[str, Any] = {
    "name": "order_update",
    "language": {"code": "en_US"},
    "components": [
        {"type": "body", "parameters": [{"type": "text", "text": "Bea"}]},
    ],
}


def request(team: Team, *, to: str = NEW, content: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "phoneNumberId": str(team.number.id),
        "to": to,
        "type": "template",
        "content": CONTENT if content is None else content,
    }


def keep(team: Team, status: TemplateStatus) -> None:
    save(
        Template(
            workspace_id=team.id,
            account_id=team.number.account_id,
            name="order_update",
            language="en_US",
            category=TemplateCategory.UTILITY,
            status=status,
            components=[{"type": "BODY", "text": "Dear {{1}}, it is here."}],
        )
    )


def test_somebody_new_becomes_a_contact_of_that_name(api: Api, acme: Team, rival: Team):
    keep(acme, TemplateStatus.APPROVED)
    key = key_of(acme.id, "message:send")

    answer = api.post(
        MESSAGES, headers=key, json=request(acme, content=CONTENT | {"contactName": "Bea Lim"})
    )

    assert answer.status_code == 201, answer.text
    message = answer.json()["message"]
    assert (message["type"], message["status"], message["content"]) == (
        "template", "queued", CONTENT | {"category": "UTILITY"},
    )  # fmt: skip
    assert (message["contact"]["name"], message["contact"]["phoneNumber"]) == ("Bea Lim", NEW)
    assert row("SELECT workspace_id, name FROM contacts WHERE phone_number = %s", NEW) == (
        acme.id,
        "Bea Lim",
    )
    assert value("SELECT text FROM messages") == "Dear Bea, it is here."

    again = api.post(MESSAGES, headers=key, json=request(acme))
    assert again.json()["message"]["conversationId"] == message["conversationId"]
    assert count("contacts", "phone_number = %s", NEW) == 1


def test_known_contact_keeps_the_name(api: Api, acme: Team, rival: Team):
    make_contact(rival.id, phone=NEW, name="Of the rival")
    contact = make_contact(acme.id, phone=NEW, name="Bea")

    answer = api.post(
        MESSAGES,
        headers=key_of(acme.id),
        json=request(acme, content=CONTENT | {"contactName": "Somebody"}),
    )

    assert answer.json()["message"]["contact"]["id"] == str(contact)
    assert value("SELECT name FROM contacts WHERE id = %s", contact) == "Bea"


def test_template_that_we_do_not_know_is_metas_to_judge(api: Api, acme: Team, rival: Team):
    keep(rival, TemplateStatus.REJECTED)

    answer = api.post(MESSAGES, headers=key_of(acme.id), json=request(acme))

    assert answer.status_code == 201, answer.text
    assert value("SELECT text FROM messages") is None


@pytest.mark.parametrize("status", [TemplateStatus.REJECTED, TemplateStatus.PAUSED])
def test_template_that_meta_would_not_send_is_refused_and_makes_nobody(
    api: Api, acme: Team, status: TemplateStatus
):
    keep(acme, status)

    answer = api.post(MESSAGES, headers=key_of(acme.id), json=request(acme))

    assert error_of(answer) == (409, "template_not_sendable")
    assert count("contacts") == count("messages") == 0


def test_text_to_somebody_new_is_refused_and_makes_nobody(api: Api, acme: Team):
    body = request(acme) | {"type": "text", "content": {"text": "Hello", "contactName": "Bea"}}

    answer = api.post(MESSAGES, headers=key_of(acme.id), json=body)

    assert error_of(answer) == (409, "outside_service_window")
    assert count("contacts") == count("conversations") == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"type": "telegram"}, "type"),
        ({"type": None}, "type"),
        ({"content": {}}, "content.name"),
        ({"content": {"name": "", "language": {"code": "en"}}}, "content.name"),
        ({"content": {"name": "a", "language": "en"}}, "content.language"),
        ({"content": {"name": "a", "language": {"code": 1}}}, "content.language.code"),
        ({"content": CONTENT | {"components": {}}}, "content.components"),
        ({"content": CONTENT | {"text": "Hello"}}, "content.text"),
        ({"type": "text"}, "content.text"),
        ({"to": "0170 1234567"}, "to"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(
    api: Api, acme: Team, change: dict[str, Any], field: str
):
    answer = api.post(MESSAGES, headers=key_of(acme.id), json=request(acme) | change)

    assert error_of(answer) == (422, "validation_failed")
    assert field in answer.json()["error"]["fields"]

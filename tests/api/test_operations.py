"""What operations of the REST API answer: messages, numbers, repetitions, the description."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.clock import utc_now
from app.ids import new_id
from app.models.enums import MessageDirection, MessageStatus
from tests.api.callers import error_of, key_of
from tests.api.conftest import Api
from tests.factories import Team, make_contact, make_conversation, make_message
from tests.table_rows import execute, value

MESSAGES = "/api/messages"


def ids(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["messages"]]


def text_to(team: Team, phone: str, **members: Any) -> dict[str, Any]:
    return {
        "phoneNumberId": str(team.number.id),
        "to": phone,
        "type": "text",
        "content": {"text": "Your order is ready."},
        **members,
    }


@pytest.fixture
def customer(acme: Team) -> str:
    """Somebody who wrote to acme today."""
    phone = "+447700900321"
    make_conversation(acme.number, make_contact(acme.id, phone=phone, name="Ana Ruiz"))
    return phone


def test_message_has_every_documented_member(api: Api, acme: Team):
    contact = make_contact(acme.id, phone="+447700900321", name="Ana Ruiz")
    thread = make_conversation(acme.number, contact)
    message = make_message(thread, text="Hello", wamid="wamid.ONE")

    (found,) = api.get(MESSAGES, headers=key_of(acme.id)).json()["messages"]

    timestamp = found.pop("timestamp")
    assert dt.datetime.fromisoformat(timestamp) <= utc_now()
    assert timestamp.endswith("Z")
    assert found == {
        "id": str(message),
        "conversationId": str(thread),
        "type": "text",
        "content": {"text": "Hello"},
        "direction": "outbound",
        "status": "sent",
        "error": None,
        "waMessageId": "wamid.ONE",
        "contact": {"id": str(contact), "name": "Ana Ruiz", "phoneNumber": "+447700900321"},
        "phoneNumber": {
            "id": str(acme.number.id),
            "phoneNumber": acme.number.phone,
            "displayName": None,
        },
    }


def test_list_is_newest_first_and_of_this_workspace(api: Api, acme: Team, rival: Team):
    now = utc_now()
    thread = make_conversation(acme.number)
    make_message(make_conversation(rival.number))
    times = [now - dt.timedelta(minutes=minutes) for minutes in (2, 0, 1)]
    two, none, one = [make_message(thread, sent_at=at) for at in times]

    assert ids(api.get(MESSAGES, headers=key_of(acme.id))) == [
        str(none),
        str(one),
        str(two),
    ]


@pytest.mark.parametrize("way", ["cursor", "page"])
def test_pages_hold_every_message_once(api: Api, acme: Team, way: str):
    same = utc_now()  # many at the same moment: the order must still be one
    thread = make_conversation(acme.number)
    made = {str(make_message(thread, sent_at=same)) for _ in range(7)}
    headers, found, number, cursor = key_of(acme.id), [], 1, None

    while True:
        place = {"page": number} if way == "page" else {"cursor": cursor} if cursor else {}
        answer = api.get(MESSAGES, headers=headers, params={"limit": 3, **place})
        found += ids(answer)
        number, cursor = number + 1, answer.json()["nextCursor"]
        if cursor is None:
            break

    assert len(found) == 7
    assert set(found) == made


def test_list_of_one_contact_or_number(api: Api, acme: Team, rival: Team):
    ana, ben = make_contact(acme.id), make_contact(acme.id)
    of_ana = make_message(make_conversation(acme.number, ana))
    make_message(make_conversation(acme.number, ben))
    foreign = make_contact(rival.id)
    make_message(make_conversation(rival.number, foreign))
    headers = key_of(acme.id)

    def listed(**filters: UUID) -> int:
        params = {name: str(one) for name, one in filters.items()}
        return len(ids(api.get(MESSAGES, headers=headers, params=params)))

    only = api.get(MESSAGES, headers=headers, params={"contactId": str(ana)})
    assert ids(only) == [str(of_ana)]
    assert listed(phoneNumberId=acme.number.id) == 2
    assert listed(contactId=foreign) == 0
    assert listed(phoneNumberId=rival.number.id) == 0


@pytest.mark.parametrize(
    "query",
    ["limit=101", "limit=0", "page=0", "limit=x", "cursor=x", "contactId=1", "page=1&cursor=MQ"],
)
def test_list_refuses_what_it_cannot_do(api: Api, acme: Team, query: str):
    answer = api.get(f"{MESSAGES}?{query}", headers=key_of(acme.id))

    assert error_of(answer) == (422, "validation_failed")
    assert set(answer.json()["error"]["fields"]) <= {"limit", "page", "cursor", "contactId"}


def test_details_tell_the_history(api: Api, acme: Team, rival: Team):
    message = make_message(make_conversation(acme.number), wamid="wamid.ONE")
    for status, minute in (("delivered", 2), ("sent", 1)):
        execute(
            "INSERT INTO message_statuses (id, workspace_id, phone_number_id, message_id, wamid,"
            " status, occurred_at) VALUES (%s, %s, %s, %s, 'wamid.ONE', %s, %s)",
            new_id(),
            acme.id,
            acme.number.id,
            message,
            status,
            dt.datetime(2026, 5, 1, 10, minute, tzinfo=dt.UTC),
        )

    found = api.get(f"{MESSAGES}/{message}", headers=key_of(acme.id)).json()["message"]

    assert [one["status"] for one in found["statuses"]] == ["sent", "delivered"]
    assert found["statuses"][0]["timestamp"] == "2026-05-01T10:01:00.000Z"
    foreign = api.get(f"{MESSAGES}/{message}", headers=key_of(rival.id))
    assert error_of(foreign) == (404, "not_found")


def test_text_is_queued_for_whom_it_names(api: Api, acme: Team, customer: str):
    answer = api.post(
        MESSAGES, headers=key_of(acme.id, "message:send"), json=text_to(acme, customer)
    )

    assert answer.status_code == 201, answer.text
    message = answer.json()["message"]
    assert (message["status"], message["direction"]) == ("queued", "outbound")
    assert message["contact"]["phoneNumber"] == customer
    assert value("SELECT status FROM messages WHERE id = %s", UUID(message["id"])) == "queued"


def test_contact_is_named_by_id_as_well(api: Api, acme: Team, rival: Team):
    ana, foreign = make_contact(acme.id), make_contact(rival.id)
    make_conversation(acme.number, ana)
    headers = key_of(acme.id)

    def send(**members: Any) -> httpx.Response:
        return api.post(MESSAGES, headers=headers, json=text_to(acme, "", **members))

    assert (send(to=None, contactId=str(ana))).status_code == 201
    assert error_of(send(to=None, contactId=str(foreign))) == (404, "not_found")
    assert error_of(send(to="+447700900321", contactId=str(ana)))[0] == 422
    assert error_of(send(to=None))[0] == 422


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"to": "0170"}, "to"),
        ({"type": "smoke"}, "type"),
        ({"content": {"text": ""}}, "content.text"),
        ({"content": {"text": "x" * 4097}}, "content.text"),
        ({"content": {"text": 5}}, "content.text"),
        ({"content": {"text": "a\x00b"}}, "content.text"),
        ({"content": {"text": "a", "colour": "red"}}, "content.colour"),
        ({"phoneNumberId": "one"}, "phoneNumberId"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_what_cannot_be_sent_is_named(
    api: Api, acme: Team, customer: str, members: dict[str, Any], field: str
):
    answer = api.post(MESSAGES, headers=key_of(acme.id), json=text_to(acme, customer, **members))

    assert error_of(answer) == (422, "validation_failed")
    assert set(answer.json()["error"]["fields"]) == {field}
    assert value("SELECT count(*) FROM messages") == 0


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b"\xff\xfe", b"{" * 5000, b"null"])
def test_body_that_cannot_be_read_is_422(api: Api, acme: Team, body: bytes):
    answer = api.post(MESSAGES, headers=key_of(acme.id), content=body)

    assert error_of(answer) == (422, "validation_failed")


def test_repeated_request_has_one_effect_and_one_answer(api: Api, acme: Team, customer: str):
    headers = key_of(acme.id) | {"Idempotency-Key": "order 7"}

    first = api.post(MESSAGES, headers=headers, json=text_to(acme, customer))
    second = api.post(MESSAGES, headers=headers, json=text_to(acme, customer))

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert second.headers["Idempotency-Replayed"] == "true"
    assert value("SELECT count(*) FROM messages") == 1


def test_equal_requests_at_once_have_one_effect(api: Api, acme: Team, customer: str):
    headers = key_of(acme.id) | {"Idempotency-Key": "order 7"}

    def send(_number: int) -> httpx.Response:
        return api.post(MESSAGES, headers=headers, json=text_to(acme, customer))

    with ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(send, range(24)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert value("SELECT count(*) FROM messages") == 1


def test_key_stands_for_one_request_of_one_workspace(
    api: Api, acme: Team, rival: Team, customer: str
):
    make_conversation(rival.number, make_contact(rival.id, phone=customer))
    same = {"Idempotency-Key": "order 7"}
    ours, theirs = key_of(acme.id) | same, key_of(rival.id) | same
    first = api.post(MESSAGES, headers=ours, json=text_to(acme, customer))

    other = api.post(
        MESSAGES, headers=ours, json=text_to(acme, customer, content={"text": "Other"})
    )
    elsewhere = api.post(MESSAGES, headers=theirs, json=text_to(rival, customer))

    assert error_of(other) == (409, "idempotency_key_reused")
    assert elsewhere.status_code == 201
    assert elsewhere.json()["message"]["id"] != first.json()["message"]["id"]


def test_refused_request_keeps_no_key(api: Api, acme: Team, customer: str):
    headers = key_of(acme.id) | {"Idempotency-Key": "order 7"}
    execute("UPDATE subscriptions SET status = 'UNPAID' WHERE workspace_id = %s", acme.id)
    refused = api.post(MESSAGES, headers=headers, json=text_to(acme, customer))
    execute("UPDATE subscriptions SET status = 'ACTIVE' WHERE workspace_id = %s", acme.id)

    again = api.post(MESSAGES, headers=headers, json=text_to(acme, customer))

    assert (refused.status_code, again.status_code) == (402, 201)


def test_key_is_free_again_after_a_day(api: Api, acme: Team, customer: str):
    headers = key_of(acme.id) | {"Idempotency-Key": "order 7"}
    api.post(MESSAGES, headers=headers, json=text_to(acme, customer))
    execute("UPDATE idempotency_keys SET expires_at = now() - interval '1 second'")

    api.post(MESSAGES, headers=headers, json=text_to(acme, customer))

    assert value("SELECT count(*) FROM messages") == 2
    assert value("SELECT count(*) FROM idempotency_keys") == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "k\u00e9y"])
def test_key_that_is_none_is_refused(api: Api, acme: Team, customer: str, key: str):
    headers = [
        *((name.encode(), one.encode()) for name, one in key_of(acme.id).items()),
        (b"idempotency-key", key.encode()),
    ]

    answer = api.post(MESSAGES, headers=headers, json=text_to(acme, customer))

    assert error_of(answer) == (422, "validation_failed")


def test_numbers_are_listed_and_read_one_by_one(api: Api, acme: Team, rival: Team):
    headers = key_of(acme.id)
    (listed,) = api.get("/api/phone-numbers", headers=headers).json()["phoneNumbers"]

    one = api.get(f"/api/phone-numbers/{acme.number.id}", headers=headers)
    foreign = api.get(f"/api/phone-numbers/{rival.number.id}", headers=headers)

    assert one.json() == {"phoneNumber": listed}
    assert (listed["status"], listed["phoneNumber"]) == ("VERIFIED", acme.number.phone)
    assert error_of(foreign) == (404, "not_found")


def test_document_describes_every_operation(api: Api):
    document = api.get("/api/openapi.json").json()

    assert document["openapi"].startswith("3.1")
    assert {"/api/messages", "/api/messages/{id}", "/api/auth/sign-in"} <= set(document["paths"])
    operations = [one for path in document["paths"].values() for one in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    send = document["paths"][MESSAGES]["post"]
    assert send["x-scope"] == "message:send"
    assert {"201", "401", "402", "403", "404", "409", "422", "429"} <= set(send["responses"])
    assert "Idempotency-Key" in {one["name"] for one in send["parameters"]}


def test_inbound_message_reads_as_received(api: Api, acme: Team):
    make_message(
        make_conversation(acme.number),
        direction=MessageDirection.INBOUND,
        status=MessageStatus.RECEIVED,
    )

    (found,) = api.get(MESSAGES, headers=key_of(acme.id)).json()["messages"]

    assert (found["direction"], found["status"]) == ("inbound", "received")

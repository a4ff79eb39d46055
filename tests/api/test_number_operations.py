"""Numbers over the REST API: added, named, disconnected; steps that ask Meta, once each."""

from typing import Any

import httpx
import pytest

from app import db
from app.actor import Role
from app.models.enums import SubscriptionStatus
from app.services import api_keys
from tests.accounts import make_person, verify
from tests.api.callers import bearer, error_of, key_of
from tests.api.conftest import Api
from tests.factories import Team, connect_number, make_workspace, new_phone
from tests.table_rows import count, execute, value

NUMBERS = "/api/phone-numbers"


def add(api: Api, headers: dict[str, str], **members: Any) -> httpx.Response:
    body = {"phoneNumber": new_phone(), "displayName": "Second counter", **members}
    return api.post(NUMBERS, headers=headers, json=body)


def test_added_number_is_pending(api: Api, acme: Team, rival: Team):
    phone = new_phone()

    answer = add(api, key_of(acme.id), phoneNumber=f" {phone[:5]} {phone[5:]} ")

    assert answer.status_code == 201
    added = answer.json()["phoneNumber"]
    assert (added["phoneNumber"], added["status"]) == (phone, "PENDING")
    assert added["displayName"] == "Second counter"
    listed = api.get(NUMBERS, headers=key_of(acme.id)).json()["phoneNumbers"]
    assert [one["id"] for one in listed] == [str(acme.number.id), added["id"]]


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"phoneNumber": "0170 1234567"}, "phoneNumber"),
        ({"phoneNumber": "+1 800 FLOWERS"}, "phoneNumber"),
        ({"displayName": ""}, "displayName"),
        ({"displayName": "   "}, "displayName"),
        ({"displayName": "x" * 101}, "displayName"),
    ],
)
def test_what_cannot_be_added_is_named(api: Api, acme: Team, members: dict[str, Any], field: str):
    answer = add(api, key_of(acme.id), **members)

    assert error_of(answer) == (422, "validation_failed")
    assert set(answer.json()["error"]["fields"]) == {field}


def test_program_may_add_no_more_than_who_made_its_key(api: Api, acme: Team):
    owner = make_person(acme.id, Role.OWNER, verified=False)
    with db.transaction(acme.id) as session:
        key = api_keys.create(session, owner, name="A program").secret

    assert error_of(add(api, bearer(key))) == (403, "email_not_verified")
    verify(owner)
    assert add(api, bearer(key)).status_code == 201
    assert count("phone_numbers", "workspace_id = %s", acme.id) == 2


def test_number_that_somebody_has_is_in_use(api: Api, acme: Team, rival: Team):
    for taken in (acme.number.phone, rival.number.phone):
        answer = add(api, key_of(acme.id), phoneNumber=taken)
        assert error_of(answer) == (409, "phone_number_in_use")


def test_plan_sets_how_many(api: Api, acme: Team):
    small = make_workspace(plan="starter")
    unpaid = make_workspace(status=SubscriptionStatus.UNPAID)

    assert add(api, key_of(small)).status_code == 201
    assert error_of(add(api, key_of(small))) == (400, "phone_number_limit_reached")
    assert error_of(add(api, key_of(unpaid))) == (402, "subscription_required")


def test_number_is_renamed_and_disconnected(api: Api, acme: Team, rival: Team):
    sibling = connect_number(acme.id, waba_id=acme.number.waba_id)
    one, headers = f"{NUMBERS}/{acme.number.id}", key_of(acme.id)

    renamed = api.request("PATCH", one, headers=headers, json={"displayName": "Main"})
    foreign = api.request("DELETE", one, headers=key_of(rival.id))
    gone = api.request("DELETE", one, headers=headers)

    assert renamed.json()["phoneNumber"]["displayName"] == "Main"
    assert error_of(foreign) == (404, "not_found")
    assert (gone.status_code, gone.content) == (204, b"")
    assert error_of(api.get(one, headers=headers)) == (404, "not_found")
    left = api.get(NUMBERS, headers=headers).json()["phoneNumbers"]
    assert [found["id"] for found in left] == [str(sibling.id)]


def test_steps_that_cannot_be_done_yet_say_why(api: Api):
    workspace = make_workspace()
    headers = key_of(workspace)
    number = add(api, headers).json()["phoneNumber"]["id"]

    def step(name: str, **body: str) -> tuple[int, str]:
        return error_of(api.post(f"{NUMBERS}/{number}/{name}", headers=headers, json=body))

    assert step("request-code", method="PIGEON") == (422, "validation_failed")
    assert step("request-code") == (409, "account_required")
    connect_number(workspace)
    assert step("verify-code", code="123456") == (409, "number_not_verified")
    assert step("verify-code", code="1") == (422, "validation_failed")
    assert step("register") == (409, "number_not_verified")


def test_step_that_was_refused_keeps_no_key(api: Api):
    headers = key_of(make_workspace()) | {"Idempotency-Key": "step 1"}
    number = add(api, headers).json()["phoneNumber"]["id"]

    for _again in range(2):
        answer = api.post(f"{NUMBERS}/{number}/register", headers=headers, json={})
        assert error_of(answer) == (409, "account_required")

    assert count("idempotency_keys") == 1  # of adding it


def test_step_that_is_at_work_is_waited_for(api: Api, acme: Team):
    headers = key_of(acme.id) | {"Idempotency-Key": "step 1"}
    one = f"{NUMBERS}/{acme.number.id}/register"
    execute("DELETE FROM idempotency_keys")
    api.post(NUMBERS, headers=headers, json={"phoneNumber": new_phone(), "displayName": "A"})
    execute("UPDATE idempotency_keys SET status = NULL, body = NULL")

    same = api.post(
        NUMBERS,
        headers=headers,
        json={
            "phoneNumber": value("SELECT max(phone_number) FROM phone_numbers"),
            "displayName": "A",
        },
    )

    assert error_of(same) == (409, "request_in_progress")
    assert error_of(api.post(one, headers=headers, json={})) == (409, "number_registered")

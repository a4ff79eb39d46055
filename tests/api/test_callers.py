"""Who gets into the REST API, how often, and in which order they are refused."""

import datetime as dt

import pytest

from app.actor import Role
from app.clock import utc_now
from tests.api.callers import ORIGIN, bearer, browser_of, error_of, key_of, make_key
from tests.api.conftest import Api
from tests.factories import PASSWORD, Team, make_workspace
from tests.table_rows import execute, value

NUMBERS = "/api/phone-numbers"
MESSAGES = "/api/messages"


def test_key_opens_its_own_workspace_and_no_other(api: Api, acme: Team, rival: Team):
    numbers = api.get(NUMBERS, headers=key_of(acme.id)).json()["phoneNumbers"]

    assert [one["id"] for one in numbers] == [str(acme.number.id)]


def test_signed_in_browser_reads_as_a_key_does(api: Api, acme: Team, rival: Team):
    answer = api.get(NUMBERS, headers=browser_of(acme.viewer))

    assert [one["id"] for one in answer.json()["phoneNumbers"]] == [str(acme.number.id)]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wk_unknown_key"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic abc"},
        {"Cookie": "sid=unknown"},
        {"Authorization": f"Bearer {'x' * 5000}"},
    ],
    ids=["nobody", "unknown key", "no key", "other scheme", "unknown cookie", "huge key"],
)
def test_who_is_nobody_gets_401(api: Api, acme: Team, headers: dict[str, str]):
    answer = api.get(NUMBERS, headers=headers)

    assert answer.status_code == 401
    assert error_of(answer)[1] in {"not_authenticated", "invalid_api_key"}


def test_wrong_key_is_refused_even_beside_a_good_cookie(api: Api, acme: Team):
    headers = browser_of(acme.owner) | {"Authorization": "Bearer wk_unknown_key"}

    assert error_of(api.get(NUMBERS, headers=headers)) == (401, "invalid_api_key")


def test_revoked_and_expired_keys_end_at_once(api: Api, acme: Team):
    soon = utc_now() + dt.timedelta(hours=1)
    revoked, expiring = make_key(acme.id), make_key(acme.id, expires_at=soon)
    assert api.get(NUMBERS, headers=bearer(revoked)).status_code == 200
    assert api.get(NUMBERS, headers=bearer(expiring)).status_code == 200

    execute("UPDATE api_keys SET revoked_at = now() WHERE expires_at IS NULL")
    execute("UPDATE api_keys SET expires_at = now() WHERE expires_at IS NOT NULL")

    assert error_of(api.get(NUMBERS, headers=bearer(revoked)))[0] == 401
    assert error_of(api.get(NUMBERS, headers=bearer(expiring)))[0] == 401


def test_use_of_a_key_is_noted(api: Api, acme: Team):
    api.get(NUMBERS, headers=key_of(acme.id))

    assert value("SELECT last_used_at FROM api_keys") is not None


def test_key_may_do_what_its_scopes_name_and_nothing_else(api: Api, acme: Team):
    reads = key_of(acme.id, "conversation:read")

    assert api.get(MESSAGES, headers=reads).status_code == 200
    assert error_of(api.get(NUMBERS, headers=reads)) == (403, "permission_denied")
    assert error_of(api.post(MESSAGES, headers=reads, json={}))[0] == 403


@pytest.mark.parametrize(("role", "status"), [(Role.VIEWER, 403), (Role.AGENT, 422)])
def test_browser_may_do_what_the_role_allows(api: Api, acme: Team, role: Role, status: int):
    answer = api.post(MESSAGES, headers=browser_of(acme.members()[role]), json={})

    assert answer.status_code == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 422),
        (ORIGIN, 422),
    ],
    ids=["foreign", "null", "none", "cross-site", "same-origin", "ours"],
)
def test_cookie_changes_something_only_from_our_own_page(
    api: Api, acme: Team, origin: dict[str, str], status: int
):
    cookie = {"Cookie": browser_of(acme.owner)["Cookie"]}

    answer = api.post(MESSAGES, headers=cookie | origin, json={})

    assert answer.status_code == status


def test_refusals_come_in_their_order(api: Api, acme: Team, rival: Team):
    """401 before 403 before 422 before 404 before 402 before 409."""
    execute("UPDATE subscriptions SET status = 'UNPAID' WHERE workspace_id = %s", acme.id)
    sender = key_of(acme.id, "message:send")
    foreign = {"phoneNumberId": str(rival.number.id), "to": "+447700900123", "type": "text"}
    own = foreign | {"phoneNumberId": str(acme.number.id), "content": {"text": "Hi"}}

    def post(headers: dict[str, str], json: object) -> tuple[int, str]:
        return error_of(api.post(MESSAGES, headers=headers, json=json))

    assert api.post(MESSAGES, content=b"not json").status_code == 401
    reader = key_of(acme.id, "number:read")
    assert api.post(MESSAGES, headers=reader, content=b"not json").status_code == 403
    assert post(sender, foreign) == (422, "validation_failed")
    assert post(sender, foreign | {"content": {"text": "Hi"}}) == (404, "not_found")
    assert post(sender, own) == (402, "subscription_required")
    execute("UPDATE subscriptions SET status = 'ACTIVE' WHERE workspace_id = %s", acme.id)
    assert post(sender, own) == (409, "outside_service_window")


def test_every_answer_says_what_is_left(api: Api):
    team = make_workspace(plan="starter")
    headers = key_of(team)

    first = api.get(NUMBERS, headers=headers)
    second = api.get(f"{MESSAGES}/nonsense", headers=headers)

    assert (first.status_code, second.status_code) == (200, 422)
    assert first.headers["X-RateLimit-Limit"] == "60"
    assert first.headers["X-RateLimit-Remaining"] == "59"
    assert second.headers["X-RateLimit-Remaining"] == "58"
    assert 0 < int(first.headers["X-RateLimit-Reset"]) - utc_now().timestamp() <= 62


def test_larger_plan_may_call_more_often_and_each_key_counts_for_itself(api: Api, acme: Team):
    first, second = key_of(acme.id), key_of(acme.id)

    for _call in range(70):
        assert api.get(NUMBERS, headers=first).status_code == 200

    assert api.get(NUMBERS, headers=first).headers["X-RateLimit-Limit"] == "1200"
    assert api.get(NUMBERS, headers=first).headers["X-RateLimit-Remaining"] == "1128"
    assert api.get(NUMBERS, headers=second).headers["X-RateLimit-Remaining"] == "1199"


def test_too_many_calls_get_429_and_the_other_workspace_does_not_notice(api: Api, rival: Team):
    headers = key_of(make_workspace(plan="starter"))

    statuses = [api.get(NUMBERS, headers=headers).status_code for _ in range(61)]
    refused = api.get(NUMBERS, headers=headers)

    assert statuses == [200] * 60 + [429]
    assert error_of(refused) == (429, "rate_limited")
    assert 1 <= int(refused.headers["Retry-After"]) <= 61
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert api.get(NUMBERS, headers=key_of(rival.id)).status_code == 200


def test_guessing_keys_is_limited_by_address(api: Api, acme: Team):
    statuses = [
        api.get(NUMBERS, headers=bearer(f"wk_guess_{number}")).status_code for number in range(61)
    ]

    assert statuses == [401] * 60 + [429]
    assert api.get(NUMBERS, headers=key_of(acme.id)).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", NUMBERS, "GET, HEAD, POST"),
        ("OPTIONS", f"{NUMBERS}/one", "GET, HEAD, PATCH, DELETE"),
        ("GET", "/api/auth/sign-in", "POST"),
        ("DELETE", "/api/webhooks/whatsapp", "GET, HEAD, POST"),
        ("POST", "/api/auth/oauth/acme", "GET, HEAD"),
    ],
)
def test_wrong_method_is_405_and_names_the_right_ones(
    api: Api, method: str, path: str, allowed: str
):
    answer = api.request(method, path)

    assert error_of(answer) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == allowed


def test_what_no_operation_answers_is_counted_and_says_what_is_left(api: Api):
    headers = key_of(make_workspace(plan="starter"))

    asked = [
        api.request(method, path, headers=headers)
        for method, path in (
            ("GET", "/api/x"),
            ("PUT", NUMBERS),
            ("HEAD", NUMBERS),
            ("GET", NUMBERS),
        )
    ]

    assert [one.status_code for one in asked] == [404, 405, 200, 200]
    assert [one.headers["X-RateLimit-Remaining"] for one in asked] == ["59", "58", "57", "56"]
    unknown = api.get("/api/x", headers=bearer("wk_unknown_key"))
    assert error_of(unknown) == (404, "not_found")
    assert unknown.headers["X-RateLimit-Limit"] == "60"


def test_unknown_paths_run_out_like_all_others(api: Api):
    headers = key_of(make_workspace(plan="starter"))

    statuses = [api.get("/api/x", headers=headers).status_code for _ in range(61)]

    assert statuses == [404] * 60 + [429]


@pytest.mark.parametrize(
    "path", [NUMBERS, f"{MESSAGES}/nonsense", "/api/openapi.json", "/sign-in", "/healthz"]
)
def test_head_gets_what_get_would(api: Api, acme: Team, path: str):
    headers = key_of(acme.id)

    head, get = (api.request(method, path, headers=headers) for method in ("HEAD", "GET"))

    assert head.status_code == get.status_code != 405
    assert head.headers["Content-Type"] == get.headers["Content-Type"]
    assert api.request("HEAD", NUMBERS).status_code == 401


@pytest.mark.parametrize("route", ["sign-up", "forgot-password"])
def test_doors_for_everybody_ignore_an_idempotency_key(api: Api, route: str):
    everything = {"email": "ana@example.com", "password": PASSWORD, "name": "Ana",
                  "workspaceName": "Pots"}  # fmt: skip
    body = everything if route == "sign-up" else {"email": "ana@example.com"}
    key = {"Idempotency-Key": "one"}

    first = api.post(f"/api/auth/{route}", json=body, headers=key)
    other = api.post(f"/api/auth/{route}", json=body | {"email": "b@example.com"}, headers=key)

    assert (first.status_code, other.status_code) == (202, 202)
    assert value("SELECT count(*) FROM idempotency_keys") == 0


def test_refused_body_says_what_is_left_too(api: Api, acme: Team):
    headers = key_of(acme.id)
    refused = api.post("/api/messages", headers=headers, content=b" " * (1024 * 1024 + 1))

    assert error_of(refused) == (413, "body_too_large")
    assert refused.headers["X-RateLimit-Limit"] == "1200"
    assert refused.headers["X-RateLimit-Remaining"] == "1199"

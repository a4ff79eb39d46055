"""Signing up, in and out over the REST API; nobody learns here who has an account."""

import json
import time

import httpx
import pytest

from app.actor import Actor
from app.config import settings
from app.models.enums import UserStatus
from app.web import REFUSAL_S
from tests.accounts import email_of, letters_to, make_person, turn_second_factor_on
from tests.api.callers import ORIGIN, error_of
from tests.api.conftest import Api
from tests.factories import PASSWORD, Team
from tests.table_rows import execute, rows, value

NEW = {
    "email": "ana@example.com",
    "password": PASSWORD,
    "name": "Ana Ruiz",
    "workspaceName": "Ana's Pots",
}


@pytest.fixture
def member(acme: Team) -> Actor:
    """A member of acme who has a password."""
    return make_person(acme.id, email="ana@acme.example")


@pytest.fixture
def ana(member: Actor) -> str:
    return email_of(member)


def sign_in(api: Api, email: str, password: str = PASSWORD, **members: str) -> httpx.Response:
    return api.post("/api/auth/sign-in", json={"email": email, "password": password, **members})


def choose(api: Api, token: str, password: str) -> httpx.Response:
    return api.post("/api/auth/reset-password", json={"token": token, "password": password})


def cookie_of(answer: httpx.Response) -> dict[str, str]:
    return {"Cookie": f"{settings().session_cookie}={answer.cookies[settings().session_cookie]}"}


def kinds_to(email: str) -> list[str]:
    found = rows("SELECT kind FROM mails WHERE recipient = %s ORDER BY created_at", email)
    return [kind for (kind,) in found]


def test_sign_up_answers_the_same_for_a_known_address(api: Api):
    first = api.post("/api/auth/sign-up", json=NEW)
    second = api.post(
        "/api/auth/sign-up", json=NEW | {"name": "Somebody", "email": "ANA@example.com"}
    )

    assert (first.status_code, second.status_code) == (202, 202)
    assert first.content == second.content
    assert value("SELECT count(*) FROM users") == 1
    assert kinds_to("ana@example.com") == ["verify_email", "account_exists"]
    assert "set-cookie" not in first.headers


def test_sign_up_says_what_is_wrong(api: Api):
    answer = api.post("/api/auth/sign-up", json=NEW | {"password": "short", "workspaceName": " "})

    assert error_of(answer) == (422, "validation_failed")
    assert set(answer.json()["error"]["fields"]) == {"password", "workspaceName"}
    assert value("SELECT count(*) FROM users") == 0


def test_sign_in_sets_the_cookie_and_tells_who_it_is(api: Api, acme: Team, rival: Team, ana: str):
    answer = sign_in(api, ana)

    assert answer.status_code == 200
    assert answer.json()["user"]["email"] == ana
    assert answer.json()["workspace"]["id"] == str(acme.id)
    header = answer.headers["set-cookie"]
    assert "HttpOnly" in header
    assert "SameSite=lax" in header
    assert "Path=/" in header
    again = api.get("/api/auth/session", headers=cookie_of(answer))
    assert again.json() == answer.json()


def test_unknown_address_and_wrong_password_look_alike(api: Api, ana: str):
    wrong, unknown = sign_in(api, ana, "wrong password"), sign_in(api, "nobody@acme.example")

    assert error_of(wrong) == (401, "wrong_credentials")
    assert wrong.content == unknown.content
    assert "set-cookie" not in wrong.headers


def test_every_refusal_takes_as_long_as_the_others(api: Api, ana: str):
    for email in (ana, "nobody@acme.example"):
        began = time.monotonic()
        assert sign_in(api, email, "wrong password").status_code == 401
        assert time.monotonic() - began >= REFUSAL_S


@pytest.mark.parametrize("status", [UserStatus.SUSPENDED, UserStatus.INACTIVE])
def test_who_is_suspended_looks_like_nobody(api: Api, ana: str, status: UserStatus):
    execute("UPDATE users SET status = %s WHERE email = %s", status, ana)

    assert error_of(sign_in(api, ana)) == (401, "wrong_credentials")


def test_who_is_in_no_workspace_is_not_left_signed_in(api: Api, ana: str, member: Actor):
    execute("DELETE FROM memberships WHERE user_id = %s", member.user_id)

    answer = sign_in(api, ana)

    assert error_of(answer) == (401, "not_authenticated")
    assert settings().session_cookie not in answer.cookies
    live = "SELECT count(*) FROM sessions WHERE user_id = %s AND revoked_at IS NULL"
    before = 1  # the fixture's own
    assert value(live, member.user_id) == before


def test_without_a_sign_in_there_is_no_session(api: Api, ana: str):
    assert error_of(api.get("/api/auth/session")) == (401, "not_authenticated")


def test_sign_out_ends_the_sign_in(api: Api, ana: str):
    cookie = cookie_of(sign_in(api, ana))
    assert (
        api.post("/api/auth/sign-out", headers=cookie).status_code == 403
    )  # nobody says from where

    answer = api.post("/api/auth/sign-out", headers=cookie | ORIGIN)

    assert answer.status_code == 204
    assert 'sid=""' in answer.headers["set-cookie"]
    assert error_of(api.get("/api/auth/session", headers=cookie))[0] == 401


@pytest.mark.parametrize("route", ["sign-in", "sign-up", "forgot-password", "reset-password"])
def test_page_of_another_site_signs_nobody_in(api: Api, ana: str, route: str):
    body = {
        "sign-in": {"email": ana, "password": PASSWORD},
        "sign-up": NEW,
        "forgot-password": {"email": ana},
        "reset-password": {"token": "x", "password": PASSWORD},
    }[route]

    answer = api.post(f"/api/auth/{route}", json=body, headers={"Origin": "https://evil.example"})

    assert error_of(answer) == (403, "foreign_origin")


def test_forgotten_password_is_chosen_anew_and_ends_every_sign_in(api: Api, ana: str):
    cookie = cookie_of(sign_in(api, ana))

    known = api.post("/api/auth/forgot-password", json={"email": ana})
    unknown = api.post("/api/auth/forgot-password", json={"email": "nobody@acme.example"})
    token = letters_to(ana, "reset_password")[-1]
    weak = api.post("/api/auth/reset-password", json={"token": token, "password": "password"})
    done = api.post(
        "/api/auth/reset-password", json={"token": token, "password": "new horse battery"}
    )
    spent = api.post(
        "/api/auth/reset-password", json={"token": token, "password": "x horse battery"}
    )

    assert (known.status_code, known.content) == (202, unknown.content)
    assert kinds_to("nobody@acme.example") == []
    assert error_of(weak) == (422, "validation_failed")
    assert done.status_code == 204
    assert error_of(spent) == (410, "token_spent")
    assert error_of(api.get("/api/auth/session", headers=cookie))[0] == 401
    assert error_of(sign_in(api, ana))[0] == 401
    assert sign_in(api, ana, "new horse battery").status_code == 200


def test_mailed_link_proves_the_address_once(api: Api):
    api.post("/api/auth/sign-up", json=NEW)
    token = letters_to("ana@example.com", "verify_email")[-1]

    assert api.post("/api/auth/verify-email", json={"token": token}).status_code == 204
    again = api.post("/api/auth/verify-email", json={"token": token})

    assert error_of(again) == (410, "token_spent")
    assert sign_in(api, "ana@example.com").json()["user"]["emailVerified"] is True


def test_guessing_a_password_ends_after_ten_tries_and_success_counts_none(api: Api, ana: str):
    for _again in range(12):
        assert sign_in(api, ana).status_code == 200

    statuses = [sign_in(api, ana.upper(), "wrong password").status_code for _ in range(11)]

    assert statuses == [401] * 10 + [429]
    refused = sign_in(api, ana)
    assert error_of(refused) == (429, "rate_limited")
    assert int(refused.headers["Retry-After"]) > 60


def test_second_factor_is_asked_for_and_then_taken(api: Api, ana: str, member: Actor):
    code = turn_second_factor_on(member)

    assert error_of(sign_in(api, ana)) == (401, "second_factor_required")
    assert error_of(sign_in(api, ana, code="000000"))[0] == 401
    assert sign_in(api, ana, code=code).status_code == 200
    assert error_of(sign_in(api, ana, code=code))[0] == 401  # each code works once


@pytest.mark.parametrize(
    ("route", "members"),
    [
        ("sign-in", {"email": "ana@example.com", "password": "half \ud800"}),
        ("sign-in", {"email": "ana\ud800@example.com", "password": PASSWORD}),
        ("sign-in", {"email": "ana@example.com", "password": PASSWORD, "code": "\ud800"}),
        ("sign-up", {**NEW, "name": "half \ud800"}),
        ("forgot-password", {"email": "ana\udfff@example.com"}),
        ("reset-password", {"token": "half \ud800", "password": PASSWORD}),
        ("verify-email", {"token": "half \ud800"}),
    ],
)  # fmt: skip
def test_half_a_character_is_named_and_nothing_breaks(
    api: Api, route: str, members: dict[str, str]
):
    answer = api.post(
        f"/api/auth/{route}",
        content=json.dumps(members),
        headers={"Content-Type": "application/json"},
    )

    assert error_of(answer) == (422, "validation_failed")
    assert len(answer.json()["error"]["fields"]) == 1

"""The doors without a browser: what they answer, what they count, whom they mail."""

import re

import httpx
import pytest

from app.actor import Role
from app.config import configure, settings
from app.services import invitations
from app.services.rate_limits import AMOUNTS, Limit
from tests.accounts import act, email_of, letters_to, make_person
from tests.api.callers import ORIGIN, browser_of
from tests.api.conftest import BASE_URL, Api
from tests.factories import PASSWORD, Team
from tests.table_rows import execute, rows, value

NONCE = re.compile(r'nonce="[^"]*"')
SIGN_UP = {"name": "Sam", "password": PASSWORD, "workspace": "Sam's shop"}


@pytest.fixture
def ana(acme: Team) -> str:
    return email_of(make_person(acme.id))


def send(api: Api, path: str, **form: str) -> httpx.Response:
    return api.post(path, data=form, headers={"Origin": BASE_URL})


def kinds_to(email: str) -> list[str]:
    return [kind for (kind,) in rows("SELECT kind FROM mails WHERE recipient = %s", email)]


def test_owner_of_a_known_address_hears_of_every_sign_up_with_it_up_to_a_few(api: Api, ana: str):
    tries = AMOUNTS[Limit.VERIFY_ACCOUNT][0] + 1

    answers = [send(api, "/sign-up", **SIGN_UP, email=ana.upper()) for _try in range(tries)]

    assert {answer.status_code for answer in answers} == {409}
    assert "There is an account with this e-mail address already" in answers[0].text
    assert all(settings().session_cookie not in answer.cookies for answer in answers)
    assert kinds_to(ana) == ["account_exists"] * (tries - 1)
    assert value("SELECT count(*) FROM users WHERE lower(email) = %s", ana) == 1


def test_fresh_account_is_signed_in_at_once(api: Api):
    answer = send(api, "/sign-up", **SIGN_UP, email="sam@example.com")

    assert answer.status_code == 303
    assert settings().session_cookie in answer.cookies
    assert kinds_to("sam@example.com") == ["verify_email"]


def test_guessing_a_reset_link_is_counted_with_what_programs_guess(api: Api):
    most = AMOUNTS[Limit.RESET_ADDRESS][0]
    form = {"token": "guessed", "password": PASSWORD}

    by_form = [send(api, "/reset-password", **form).status_code for _try in range(most)]

    assert by_form == [410] * most
    assert send(api, "/reset-password", **form).status_code == 429
    assert api.post("/api/auth/reset-password", json=form).status_code == 429


def test_waiting_page_is_for_who_is_signed_in_and_has_not_confirmed(api: Api, acme: Team):
    waiting, done = make_person(acme.id, verified=False), make_person(acme.id)

    def look(headers: dict[str, str]) -> tuple[int, str]:
        answer = api.get("/verify-email", headers=headers)
        return answer.status_code, answer.headers.get("location", "")

    assert look({}) == (303, "/sign-in?next=/verify-email")
    assert look(browser_of(done)) == (303, "/settings/profile")
    assert look(browser_of(waiting)) == (200, "")
    assert email_of(waiting) in api.get("/verify-email", headers=browser_of(waiting)).text


def test_guessing_a_password_at_the_form_ends_after_ten_tries(api: Api, acme: Team, ana: str):
    form = {"email": ana.upper(), "password": "wrong password"}
    most = AMOUNTS[Limit.SIGN_IN_ACCOUNT][0]

    statuses = [send(api, "/sign-in", **form).status_code for _try in range(most + 1)]

    assert statuses == [401] * most + [429]
    refused = send(api, "/sign-in", email=ana, password=PASSWORD)
    assert refused.status_code == 429
    assert settings().session_cookie not in refused.cookies
    other = email_of(make_person(acme.id))
    assert send(api, "/sign-in", email=other, password=PASSWORD).status_code == 303


def test_one_address_makes_a_few_accounts_only(api: Api, acme: Team):
    act(
        invitations.create, make_person(acme.id, Role.OWNER), email="g@example.com", role=Role.AGENT
    )
    [invitation] = letters_to("g@example.com", "invitation")
    before = value("SELECT count(*) FROM users")
    most = AMOUNTS[Limit.SIGN_UP_ADDRESS][0]

    statuses = [
        send(api, "/sign-up", **SIGN_UP, email=f"sam{number}@example.com").status_code
        for number in range(most + 1)
    ]

    assert statuses == [303] * most + [429]
    guest = {"name": "Sam", "password": PASSWORD}
    assert send(api, f"/invitations/{invitation}", **guest).status_code == 429
    assert value("SELECT count(*) FROM users") == before + most


def test_cookie_is_for_the_server_only_and_for_https_where_there_is_https(api: Api):
    plain = send(api, "/sign-up", **SIGN_UP, email="sam@example.com").headers["set-cookie"]
    configure(base_url="https://parley.example")
    secure = api.post(
        "/sign-up",
        data={**SIGN_UP, "email": "max@example.com"},
        headers={"Origin": "https://parley.example"},
    ).headers["set-cookie"]

    assert re.match(r"sid=[\w-]{43};", plain)
    assert re.match(r"__Host-sid=[\w-]{43};", secure)
    for cookie in (plain, secure):
        assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
        assert "Domain" not in cookie
    assert "Secure" in secure.split("; ")
    assert "Secure" not in plain.split("; ")


def test_who_is_in_no_workspace_can_sign_out(api: Api, acme: Team):
    sam = make_person(acme.id)
    headers = browser_of(sam)
    execute("DELETE FROM memberships WHERE user_id = %s", sam.user_id)

    asked = api.get("/sign-out", headers=headers)

    assert asked.status_code == 200
    assert 'href="/workspaces/new"' in asked.text
    assert api.post("/sign-out", headers=headers).headers["location"] == "/sign-in"
    assert api.get("/sign-out", headers=headers).headers["location"] == "/sign-in"


@pytest.mark.parametrize("door", ["resend", "address"])
def test_links_are_sent_for_our_own_page_of_somebody_signed_in_only(
    api: Api, acme: Team, door: str
):
    waiting = make_person(acme.id, verified=False)
    cookie = {"Cookie": browser_of(waiting)["Cookie"]}
    form = {"email": "right@example.com"}

    statuses = [
        api.post(f"/verify-email/{door}", data=form, headers=headers).status_code
        for headers in ({}, ORIGIN, cookie, cookie | {"Origin": "https://evil.example"})
    ]
    assert statuses == [401, 401, 403, 403]
    assert value("SELECT count(*) FROM mails") == 0

    assert api.post(f"/verify-email/{door}", data=form, headers=cookie | ORIGIN).status_code == 303
    assert value("SELECT count(*) FROM mails") == 1


def test_correcting_to_a_known_address_answers_as_to_any_other(api: Api, acme: Team, ana: str):
    headers = browser_of(make_person(acme.id, verified=False))

    pages = []
    for email in (ana, "zoe@nowhere.example"):
        answer = api.post("/verify-email/address", data={"email": email}, headers=headers)
        assert (answer.status_code, answer.headers["location"]) == (303, "/verify-email?sent=1")
        page = api.get("/verify-email?sent=1", headers=headers).text
        pages.append(NONCE.sub("", page).replace(email, "<address>"))

    assert pages[0] == pages[1]
    assert kinds_to(ana) == ["account_exists"]
    assert kinds_to("zoe@nowhere.example") == ["verify_email"]

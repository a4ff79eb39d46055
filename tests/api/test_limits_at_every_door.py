"""How often one may try at each door, by program and by form: so often, and not once more."""

from collections.abc import Callable

import httpx
import pytest

from app.services.rate_limits import AMOUNTS, Limit
from tests.accounts import make_person
from tests.api.callers import browser_of, error_of
from tests.api.conftest import BASE_URL, Api
from tests.factories import PASSWORD, Team

Try = Callable[[Api, int], httpx.Response]
ONE = "Somebody@Example.com"


def somebody(number: int) -> str:
    return f"somebody{number}@example.com"


def program(path: str, **members: str | Callable[[int], str]) -> Try:
    """Call an operation; a member that is a function differs from try to try."""

    def call(api: Api, number: int) -> httpx.Response:
        body = {name: one(number) if callable(one) else one for name, one in members.items()}
        return api.post(f"/api/auth/{path}", json=body)

    return call


def form(path: str, **members: str | Callable[[int], str]) -> Try:
    def send(api: Api, number: int) -> httpx.Response:
        body = {name: one(number) if callable(one) else one for name, one in members.items()}
        return api.post(path, data=body, headers={"Origin": BASE_URL})

    return send


def cased(number: int) -> str:
    """The same address, written in another way each time."""
    return ONE.upper() if number % 2 else ONE.lower()


NEW = {"name": "Sam", "password": PASSWORD}
DOORS: list[tuple[Limit, int, Try]] = [
    (Limit.SIGN_IN_ADDRESS, 401, program("sign-in", email=somebody, password="wrong password")),
    (Limit.SIGN_IN_ADDRESS, 401, form("/sign-in", email=somebody, password="wrong password")),
    (Limit.SIGN_IN_ACCOUNT, 401, program("sign-in", email=cased, password="wrong password")),
    (Limit.SIGN_UP_ADDRESS, 202, program("sign-up", email=somebody, workspaceName="A", **NEW)),
    (Limit.RESET_ACCOUNT, 202, program("forgot-password", email=cased)),
    (Limit.RESET_ACCOUNT, 200, form("/reset-password", email=cased)),
    (Limit.RESET_ADDRESS, 202, program("forgot-password", email=somebody)),
    (Limit.RESET_ADDRESS, 200, form("/reset-password", email=somebody)),
    (Limit.VERIFY_ADDRESS, 410, program("verify-email", token=str)),
]


@pytest.mark.parametrize(("limit", "status", "attempt"), DOORS)
def test_door_takes_so_many_tries_and_no_more(
    api: Api, acme: Team, limit: Limit, status: int, attempt: Try
):
    most = AMOUNTS[limit][0]

    answers = [attempt(api, number) for number in range(most + 1)]

    assert [one.status_code for one in answers] == [status] * most + [429]
    assert int(answers[-1].headers["Retry-After"]) >= 1


def test_person_takes_so_many_files_and_another_one_is_not_kept_from_it(
    api: Api, acme: Team, rival: Team
):
    most = AMOUNTS[Limit.EXPORT_ACCOUNT][0]
    path, other = "/exports/audit.csv", make_person(acme.id, acme.owner.role)

    statuses = [
        api.get(path, headers=browser_of(acme.owner)).status_code for _try in range(most + 1)
    ]

    assert statuses == [200] * most + [429]
    assert error_of(api.get(path, headers=browser_of(acme.owner)))[0] == 429
    assert api.get(path, headers=browser_of(other)).status_code == 200

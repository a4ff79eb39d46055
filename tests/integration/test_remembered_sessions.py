"""What the web remembers of sign-ins is forgotten at once when one is revoked."""

import asyncio

import pytest
from starlette.requests import Request

from app import web
from app.services import sessions
from tests.accounts import alone, person
from tests.factories import Team
from tests.waiting import held, wait_until, waiting_backends


def request_with(token: str) -> Request:
    cookie = f"sid={token}".encode()
    return Request({"type": "http", "headers": [(b"cookie", cookie)], "path": "/", "method": "GET"})


@pytest.fixture
def token(acme: Team) -> str:
    web.forget_sessions()
    made, _id = alone(
        sessions.create, person(acme.owner), acme.id, ip="127.0.0.1", user_agent="Test"
    )
    return str(made)


async def test_look_up_that_began_before_a_revocation_is_not_remembered(
    acme: Team, rival: Team, token: str
):
    def forget_meanwhile() -> None:
        with held("LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE"):
            wait_until(waiting_backends)
            web.forget_sessions()

    locked = asyncio.to_thread(forget_meanwhile)
    found, _nothing = await asyncio.gather(_soon(token), locked)
    assert found is not None  # it was live when it was looked at
    await asyncio.to_thread(alone, sessions.revoke_all, person(acme.owner), reason="revoked")

    assert await web.find_session(request_with(token)) is None


async def _soon(token: str) -> object:
    await asyncio.sleep(0.3)  # the table is locked by now; without the lock the test waits in vain
    return await web.find_session(request_with(token))


async def test_live_one_is_remembered_until_it_is_forgotten(acme: Team, rival: Team, token: str):
    assert await web.find_session(request_with(token)) is not None
    await asyncio.to_thread(alone, sessions.revoke_all, person(acme.owner), reason="revoked")

    assert await web.find_session(request_with(token)) is not None  # nobody has rung here
    web.forget_sessions()
    assert await web.find_session(request_with(token)) is None

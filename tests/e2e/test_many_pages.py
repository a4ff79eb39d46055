"""How many pages one person may have open: enough for anybody, too few to shut others out."""

from contextlib import ExitStack

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from app.gate.requests import LINES_PER_PERSON
from tests.e2e.conftest import own_address
from tests.e2e.raw_socket import raw_socket
from tests.e2e.stack import Stack, Workspace
from tests.waiting import wait_until


def cookie_of(stack: Stack, who: Workspace) -> dict[str, str]:
    """Sign somebody in; returns the headers of their browser's sockets."""
    with httpx.Client(base_url=stack.base_url, trust_env=False, headers=own_address()) as client:
        answer = client.post(
            "/api/auth/sign-in", json={"email": who.email, "password": who.password}
        )
        return {"Cookie": f"sid={answer.cookies['sid']}", "Origin": stack.base_url}


def is_let_in(stack: Stack, headers: dict[str, str]) -> bool:
    try:
        with raw_socket(stack.base_url, headers):
            return True
    except InvalidStatus:
        return False


def test_one_person_cannot_hold_every_connection_open(stack: Stack) -> None:
    somebody, other = (stack.workspace(name) for name in ("Many pages", "One page"))
    first, second = cookie_of(stack, somebody), cookie_of(stack, somebody)
    theirs = cookie_of(stack, other)
    with ExitStack() as lines:
        for number in range(LINES_PER_PERSON):
            lines.enter_context(raw_socket(stack.base_url, (first, second)[number % 2]))

        with pytest.raises(InvalidStatus), raw_socket(stack.base_url, first):
            pass
        assert is_let_in(stack, theirs)

    wait_until(lambda: is_let_in(stack, first))

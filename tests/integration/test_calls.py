"""What a page may do once its sign-in has ended: nothing, whichever way it calls a service."""

import asyncio
from typing import Any

import pytest

from app.actor import Actor
from app.components.call import ask, call
from app.errors import NotAuthenticated
from app.services import own_sessions
from tests.accounts import act, make_person, sign_in
from tests.factories import Team


@pytest.mark.parametrize("way", [call, ask])
def test_ended_sign_in_runs_nothing_and_its_other_one_does(acme: Team, rival: Team, way: Any):
    ana = make_person(acme.id)
    other = sign_in(ana)
    ran: list[Actor] = []

    def service(*arguments: Any) -> None:  # with `call` the session comes first
        ran.append(arguments[-1])

    act(own_sessions.revoke_own, ana, other.session_id)

    with pytest.raises(NotAuthenticated):
        asyncio.run(way(other, service))
    assert ran == []
    asyncio.run(way(ana, service))
    assert ran == [ana]

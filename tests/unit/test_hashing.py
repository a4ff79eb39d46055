"""Passwords are hashed apart: who signs in waits for others who do, nobody else does."""

import asyncio
import threading

import pytest

from app import web
from app.errors import Unavailable
from app.services import passwords


async def test_burst_waits_for_itself_alone_and_what_is_too_much_is_refused_at_once():
    gate, begun = threading.Event(), []

    def wait(number: int) -> int:
        begun.append(number)
        assert gate.wait(10)
        return number

    most = passwords.PARALLEL + web.MAX_WAITING
    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(web.hashing(wait, number)) for number in range(most)]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await web.hashing(wait, most)
        somebody = await asyncio.wait_for(asyncio.to_thread(lambda: "somebody else"), 1)
        assert somebody == "somebody else"
        assert len(begun) <= passwords.PARALLEL
        gate.set()

    assert [one.result() for one in waiting] == list(range(most))
    assert await web.hashing(wait, most) == most


async def test_what_is_refused_is_raised_and_gives_its_place_back():
    def refuse() -> None:
        raise Unavailable

    for _again in range(passwords.PARALLEL + web.MAX_WAITING + 1):
        with pytest.raises(Unavailable):
            await web.hashing(refuse)

    assert await web.hashing(lambda: 1) == 1

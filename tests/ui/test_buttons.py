"""A button does what it does once, however often it is clicked meanwhile."""

import asyncio

import pytest
from nicegui import ui
from nicegui.testing import User

from app import db
from app.actor import Actor, Permission
from app.components.button import button
from app.components.call import action
from app.services import api_keys
from tests import table_rows, waiting
from tests.factories import Team
from tests.ui.conftest import session_token, show_cookie

PATIENCE_S = 5.0


class Work:
    """What a button starts, and how far it is."""

    def __init__(self) -> None:
        self.started = 0
        self.may_end = asyncio.Event()

    @action
    async def run(self, _what: str = "") -> None:
        self.started += 1
        await self.may_end.wait()


@pytest.mark.parametrize("bound", [True, False], ids=["method", "lambda"])
async def test_button_is_disabled_and_deaf_until_its_work_is_done(user: User, *, bound: bool):
    work = Work()

    @ui.page("/one-button")
    def page() -> None:
        button("Go", work.run if bound else lambda: work.run("it"), testid="go")

    await user.open("/one-button")
    go = next(iter(user.find(marker="go").elements))
    assert isinstance(go, ui.button)

    user.find(marker="go").click()
    assert not go.enabled
    go.enable()  # as it still looks to a browser whose second click is under way
    user.find(marker="go").click()
    await asyncio.sleep(0.05)
    assert work.started == 1

    go.disable()
    work.may_end.set()
    async with asyncio.timeout(PATIENCE_S):
        while not go.enabled:  # noqa: ASYNC110  # enabled by its own task
            await asyncio.sleep(0.01)
    user.find(marker="go").click()
    await asyncio.sleep(0.05)
    assert work.started == 2


async def test_double_click_rotates_a_key_once(user: User, acme: Team):
    def make() -> None:
        with db.transaction(acme.id) as session:
            api_keys.create(
                session, Actor.system(acme.id), name="Shop", scopes=[Permission.CONVERSATION_READ]
            )

    await asyncio.to_thread(make)
    show_cookie(user, await asyncio.to_thread(session_token, acme.owner))
    await user.open("/settings/developers")
    await user.should_see("Rotate")

    rotate = user.find("Rotate")
    held = waiting.held("LOCK TABLE api_keys IN EXCLUSIVE MODE")
    await asyncio.to_thread(held.__enter__)
    rotate.click()
    for one in rotate.elements:
        assert isinstance(one, ui.button)
        one.enable()  # as it still looks to a browser whose second click is under way
    rotate.click()
    await asyncio.to_thread(waiting.wait_until, waiting.waiting_backends)
    await asyncio.sleep(0.2)
    await asyncio.to_thread(held.__exit__, None, None, None)

    await user.should_see("Copy the key")
    await asyncio.sleep(0.2)
    assert await asyncio.to_thread(table_rows.count, "api_keys") == 2

"""Dialogs and the page that goes away under them: nothing is raised, nothing is left."""

import asyncio
import gc

import pytest
from nicegui import ui
from nicegui.testing import User

from app.actor import Role
from app.services import api_keys
from tests.accounts import act, make_person
from tests.factories import Team
from tests.ui.conftest import session_token, show_cookie


@pytest.fixture
def rotate(user: User, acme: Team) -> str:
    """The button beside a key, for somebody whose browser is signed in."""
    boss = make_person(acme.id, Role.OWNER)
    show_cookie(user, session_token(boss))
    return f"key-rotate-{act(api_keys.create, boss, name='Robot').view.id}"


async def show_secret(user: User, rotate: str) -> ui.dialog:
    await user.open("/settings/developers")
    await user.should_see(marker=rotate)
    user.find(marker=rotate).click()
    await user.should_see(marker="new-api-key", retries=30)
    return next(one for one in user.find(kind=ui.dialog).elements if one.value)


async def settle() -> None:
    """Let whoever waited for the dialog go on; a handler that raises then fails the test."""
    for _turn in range(20):
        await asyncio.sleep(0.02)


async def test_browser_closed_while_a_secret_is_shown(user: User, rotate: str) -> None:
    dialog = await show_secret(user, rotate)
    assert user.client

    user.client.delete()
    await settle()

    assert dialog.is_deleted


async def test_another_page_opened_while_a_secret_is_shown(user: User, rotate: str) -> None:
    dialog = await show_secret(user, rotate)

    with user:
        ui.navigate.to("/settings/profile")
    await user.should_see("About you")
    gc.collect()  # the dialog goes with the region that has opened it
    await settle()

    assert dialog.is_deleted
    await user.should_not_see(marker="new-api-key")


async def test_secret_that_was_kept_is_gone(user: User, rotate: str) -> None:
    dialog = await show_secret(user, rotate)

    user.find(marker="new-api-key-kept").click()
    await settle()

    assert dialog.is_deleted
    await user.should_see("works until")

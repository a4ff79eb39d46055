"""Pages that follow the inbox: they paint what is news, and do not work when there is none."""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa
from nicegui import ui
from nicegui.testing import User

from app import db
from app.components import reload
from app.components.conversation_list import ConversationList
from app.components.reload import Reload
from app.db import DbRole
from app.hub import hub
from app.models.enums import MessageDirection, MessageStatus
from app.services import conversations, sessions
from tests import factories, table_rows
from tests.factories import Team
from tests.ui.conftest import session_token, show_cookie
from tests.ui.test_inbox_page import receive


class Region:
    """A region whose load takes as long as the test wants."""

    def __init__(self) -> None:
        self.loads = 0
        self.may_end = asyncio.Event()

    async def load(self) -> None:
        self.loads += 1
        await self.may_end.wait()


async def test_region_loads_at_once_then_once_for_all_news_of_the_pause(
    user: User, acme: Team, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reload, "PAUSE_S", 0.3)
    region = Region()

    def find() -> sessions.SessionView:
        token = session_token(acme.agent)
        with db.transaction() as session:
            found = sessions.find(session, token)
        assert found
        return found

    who = await asyncio.to_thread(find)

    @ui.page("/one-region")
    def page() -> None:
        Reload(who, ui.element("div"), region.load)

    await user.open("/one-region")
    await asyncio.sleep(0.05)
    assert region.loads == 1

    await asyncio.to_thread(receive, acme, "One")
    await asyncio.sleep(0.1)
    assert region.loads == 1
    region.may_end.set()
    await asyncio.sleep(0.1)
    await asyncio.to_thread(receive, acme, "Two")
    assert region.loads == 1
    await asyncio.sleep(0.5)
    assert region.loads == 2

    hub.resync()
    await asyncio.sleep(0.4)
    assert region.loads == 2


async def test_pages_at_rest_ask_nothing_but_what_their_process_asks_once(
    user: User, acme: Team, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reload, "PAUSE_S", 0.05)
    await asyncio.to_thread(receive, acme, "Hello")
    show_cookie(user, await asyncio.to_thread(session_token, acme.agent))
    await user.open("/dashboard")
    await user.should_see("1 message to read")
    await asyncio.sleep(0.3)
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "conversations" in statement or "contacts" in statement:
            asked.append(statement)

    engine = db.engine(DbRole.APP)
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        hub.resync()
        await asyncio.sleep(0.3)
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)

    assert len(asked) == 2  # the newest ones by number, the unread count


async def test_list_that_is_far_behind_loads_afresh(
    user: User, acme: Team, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(conversations, "PAGE", 50)
    await asyncio.to_thread(receive, acme, "The first one")
    show_cookie(user, await asyncio.to_thread(session_token, acme.agent))
    await user.open("/messages")
    await user.should_see("The first one")
    listing = next(iter(user.find(kind=ConversationList).elements))

    def arrive() -> None:
        for n in range(conversations.PAGE + 5):
            thread = factories.make_conversation(acme.number)
            factories.make_message(
                thread,
                text=f"Missed number {n}",
                direction=MessageDirection.INBOUND,
                status=MessageStatus.RECEIVED,
            )

    await asyncio.to_thread(arrive)
    hub.resync()

    await user.should_see("Missed number 54")
    await user.should_not_see("The first one")
    assert len(listing._views) == conversations.PAGE


async def test_count_beside_the_inbox_follows_what_another_process_read(user: User, acme: Team):
    await asyncio.to_thread(receive, acme, "Hello")
    show_cookie(user, await asyncio.to_thread(session_token, acme.agent))
    await user.open("/settings/profile")
    await user.should_see(marker="nav-unread", content="1")

    await asyncio.to_thread(
        table_rows.execute, "UPDATE conversations SET unread_count = 0, change_seq = change_seq + 1"
    )
    hub.resync()

    await user.should_not_see(marker="nav-unread")

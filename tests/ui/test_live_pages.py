"""Pages that follow the inbox: they paint what is news, and do not work when there is none."""

import asyncio
import datetime as dt
from contextlib import ExitStack
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from nicegui import background_tasks, ui
from nicegui.testing import User

from app import db
from app.clock import utc_now
from app.components import reload
from app.components.conversation_list import ConversationList
from app.components.message_log import MessageLog
from app.components.message_thread import MessageThread
from app.components.reload import Reload
from app.db import DbRole
from app.hub import hub
from app.models.enums import MessageDirection, MessageStatus
from app.services import conversations, sessions
from app.services.conversations import ConversationView
from app.services.sessions import SessionView
from tests import factories, table_rows, waiting
from tests.factories import Team
from tests.ui.conftest import session_token, show_cookie
from tests.ui.test_inbox_page import receive


def signed_in(team: Team) -> SessionView:
    token = session_token(team.agent)
    with db.transaction() as session:
        found = sessions.find(session, token)
    assert found
    return found


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
    monkeypatch.setattr(reload, "PAUSE_S", 1.5)  # longer than a message takes on a busy machine
    region = Region()
    who = await asyncio.to_thread(signed_in, acme)

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
    await asyncio.sleep(2.0)
    assert region.loads == 2

    hub.resync()
    await asyncio.sleep(1.8)
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


async def test_older_rows_that_come_after_a_fresh_window_are_dropped(user: User, acme: Team):
    thread = await asyncio.to_thread(factories.make_conversation, acme.number)
    await asyncio.to_thread(write_lines, thread, 0, 60)
    who = await asyncio.to_thread(signed_in, acme)
    opened: list[MessageThread] = []

    @ui.page("/one-thread")
    async def page() -> None:
        opened.append(MessageThread(who, await asyncio.to_thread(view_of, acme, thread)))
        await opened[0].load()

    await user.open("/one-thread")
    await user.should_see("Line 59.")
    rows = opened[0].log._views
    oldest = min(rows.values(), key=lambda view: view.sent_at)
    await asyncio.to_thread(write_lines, thread, 60, 180)

    # The window waits for the first lock; the older rows, asked for meanwhile, for the second.
    with ExitStack() as second:
        with ExitStack() as first:
            await asyncio.to_thread(first.enter_context, locked())
            reload_task = background_tasks.create(opened[0]._reload(), name="reload")
            await waiters(1)
            locking = background_tasks.create(
                asyncio.to_thread(second.enter_context, locked()), name="second lock"
            )
            await waiters(2)
            user.find(kind=MessageLog).trigger("older", {"before": oldest.cursor})
            await waiters(3)
        await reload_task
        await locking
    await asyncio.sleep(0.3)

    await user.should_see("Line 179.")
    shown = {view.text for view in opened[0].log._views.values()}
    assert shown.isdisjoint(f"Line {n}." for n in range(60))


def locked() -> Any:
    return waiting.held("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE")


async def waiters(n: int) -> None:
    await asyncio.to_thread(waiting.wait_until, lambda: waiting.waiting_backends() >= n)


def write_lines(thread: UUID, first: int, last: int) -> None:
    for n in range(first, last):
        at = utc_now() - factories.DAY + n * dt.timedelta(minutes=1)
        factories.make_message(thread, text=f"Line {n}.", sent_at=at)


def view_of(team: Team, thread: UUID) -> ConversationView:
    with db.transaction(team.id) as session:
        return conversations.get(session, team.agent, thread)

"""What open pages of an inbox are told: once per process, nothing lost, nothing for nothing."""

import asyncio
import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from nicegui import core

from app import db, events
from app import hub as hub_module
from app.clock import utc_now
from app.components.live import InboxSubscription
from app.db import DbRole
from app.events import Bell
from app.hub import hub
from app.services import conversations, inbox
from app.services.conversations import ConversationView
from app.services.inbox import InboxNews
from tests import factories, table_rows
from tests.factories import Team

CLIENT: Any = SimpleNamespace(on_delete=lambda _handler: None)  # a page that is never closed
PATIENCE_S = 5.0


class List:
    """A page that shows some conversations, as the list does."""

    def __init__(self, team: Team, rows: list[ConversationView]) -> None:
        self.rows = {row.id: row for row in rows}
        self.news: list[InboxNews] = []
        self.live = InboxSubscription(CLIENT, team.agent, self._on_news, self.rows.values)

    def _on_news(self, news: InboxNews) -> None:
        self.news.append(news)
        self.rows |= {view.id: view for view in news.views if view.id in self.rows}


@pytest.fixture
def threads(acme: Team) -> list[UUID]:
    """Sixty conversations, newest first: more than a page of the list."""
    at = utc_now()
    made = []
    for n in range(60):
        thread = factories.make_conversation(acme.number, unread_count=1)
        factories.make_message(thread, sent_at=at - dt.timedelta(minutes=n))
        made.append(thread)
    return made


@pytest.fixture(autouse=True)
def own_hub() -> Iterator[None]:
    """Leave no feed to the next test."""
    yield
    hub.stop()


async def all_rows(team: Team) -> list[ConversationView]:
    def read() -> list[ConversationView]:
        with db.transaction(team.id) as session:
            return conversations.list_page(session, team.agent, limit=100).items

    return await asyncio.to_thread(read)


async def opened(team: Team, monkeypatch: pytest.MonkeyPatch) -> List:
    """Return a list that was scrolled to its end, after the first look of the process."""
    monkeypatch.setattr(core, "loop", asyncio.get_running_loop())
    view = List(team, await all_rows(team))
    await look(view)
    return view


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110  # filled by the feed
            await asyncio.sleep(0.01)


async def look(view: List) -> InboxNews:
    told = len(view.news)
    hub.resync()
    await until(lambda: len(view.news) > told)
    return view.news[-1]


def read_in_silence(thread: UUID) -> None:
    """Mark as read what another process reads while its bell is lost."""
    table_rows.execute(
        "UPDATE conversations SET unread_count = 0, change_seq = change_seq + 1 WHERE id = %s",
        thread,
    )


@contextmanager
def statements() -> Iterator[list[str]]:
    """Collect what is asked of the database meanwhile, without what opens a transaction."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("SELECT") and "set_config" not in statement:
            asked.append(statement)

    engine = db.engine(DbRole.APP)
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


async def test_row_far_down_that_changed_without_a_bell_arrives_at_the_next_look(
    acme: Team, threads: list[UUID], monkeypatch: pytest.MonkeyPatch
):
    view = await opened(acme, monkeypatch)
    await asyncio.to_thread(read_in_silence, threads[57])

    news = await look(view)

    assert [one.id for one in news.views] == [threads[57]]
    assert view.rows[threads[57]].unread_count == 0
    assert (news.unread_count, news.has_changed, news.is_complete) == (59, True, True)


async def test_hub_that_reads_makes_good_the_bells_it_lost(
    acme: Team, threads: list[UUID], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(hub_module, "RESYNC_S", 0.2)
    view = await opened(acme, monkeypatch)
    hub.start()
    await asyncio.to_thread(read_in_silence, threads[55])

    await until(lambda: view.rows[threads[55]].unread_count == 0)


async def test_look_where_nothing_happened_reads_no_row_and_tells_so(
    acme: Team, threads: list[UUID], monkeypatch: pytest.MonkeyPatch
):
    view = await opened(acme, monkeypatch)

    with statements() as asked:
        news = await look(view)

    assert (news.views, news.has_changed, news.unread_count) == ([], False, 60)
    assert len(asked) == 6  # the notices' count among them
    assert not [one for one in asked if "contacts" in one]


async def test_bell_is_one_fetch_however_many_pages_are_open(
    acme: Team, threads: list[UUID], monkeypatch: pytest.MonkeyPatch
):
    view = await opened(acme, monkeypatch)
    others = [List(acme, []) for _ in range(5)]
    await asyncio.to_thread(read_in_silence, threads[3])

    with statements() as asked:
        hub.dispatch(Bell(events.inbox_topic(acme.id), str(threads[3]), 2))
        await until(lambda: others[-1].news)

    assert len(asked) == 2  # the row and the count
    assert [one.news[-1].unread_count for one in (view, *others)] == [59] * 6
    assert (await look(view)).has_changed is False  # what a bell told is not told again


async def test_look_is_not_lost_among_bells(
    acme: Team, threads: list[UUID], monkeypatch: pytest.MonkeyPatch
):
    view = await opened(acme, monkeypatch)
    await asyncio.to_thread(read_in_silence, threads[57])

    hub.resync()
    hub.dispatch(Bell(events.inbox_topic(acme.id), str(threads[0]), 1))

    await until(lambda: view.rows[threads[57]].unread_count == 0)


async def test_more_news_than_a_page_is_told_not_to_be_complete(
    acme: Team, threads: list[UUID], monkeypatch: pytest.MonkeyPatch
):
    view = await opened(acme, monkeypatch)
    for _ in range(conversations.PAGE):
        thread = await asyncio.to_thread(factories.make_conversation, acme.number)
        await asyncio.to_thread(factories.make_message, thread)

    news = await look(view)

    assert (len(news.views), news.is_complete) == (conversations.PAGE, False)
    assert (await look(view)).is_complete


async def test_number_that_changes_is_news_although_nothing_rings(
    acme: Team, rival: Team, threads: list[UUID], monkeypatch: pytest.MonkeyPatch
):
    view = await opened(acme, monkeypatch)

    def rename(team: Team) -> None:
        table_rows.execute(
            "UPDATE phone_numbers SET updated_at = now() + interval '1 second' WHERE id = %s",
            team.number.id,
        )

    await asyncio.to_thread(rename, rival)
    assert not (await look(view)).has_changed

    await asyncio.to_thread(rename, acme)
    assert (await look(view)).has_changed


async def test_page_that_left_holds_nothing_any_more(
    acme: Team, threads: list[UUID], monkeypatch: pytest.MonkeyPatch
):
    view = await opened(acme, monkeypatch)
    other = List(acme, [])
    view.live.leave()
    await asyncio.to_thread(read_in_silence, threads[57])

    news = await look(other)

    assert news.views == []
    assert (news.unread_count, news.has_changed) == (59, True)


def test_look_knows_nothing_of_another_workspace(acme: Team, rival: Team, threads: list[UUID]):
    theirs = factories.make_conversation(rival.number, unread_count=1)
    factories.make_message(theirs)

    with db.transaction(acme.id) as session:
        found = inbox.look(session, acme.viewer, {theirs: 0, threads[59]: 0})

    assert {one.id for one in found.views} == {*threads[:50], threads[59]}
    assert (len(found.newest), found.unread_count) == (50, 60)

"""The inbox list: newest first, page by page, of one workspace only."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from app import db
from app.actor import Actor, Role
from app.clock import utc_now
from app.errors import NotFound
from app.ids import new_id
from app.models.enums import MessageDirection, MessageStatus
from app.pagination import Cursor
from app.services import conversations
from app.services.conversations import ConversationView, Scope
from tests import factories, permissions, table_rows, waiting
from tests.factories import Team


def page(actor: Actor, **options: object) -> list[ConversationView]:
    with db.transaction(actor.workspace_id) as session:
        return conversations.list_page(session, actor, **options).items


@pytest.fixture
def threads(acme: Team, rival: Team) -> list[UUID]:
    """Seven of acme's, newest first, two with the same moment; and one of rival's."""
    at = utc_now().replace(microsecond=0)
    ids = []
    for n in range(7):
        contact = factories.make_contact(acme.id, name=f"Person {n}_%", phone=f"+44770091200{n}")
        thread = factories.make_conversation(acme.number, contact, unread_count=n % 2)
        factories.make_message(thread, sent_at=at - dt.timedelta(minutes=n // 2))
        ids.append((n // 2, thread))
    contact = factories.make_contact(rival.id, name="Person 0_%")
    factories.make_message(factories.make_conversation(rival.number, contact, unread_count=1))
    ids.sort(key=lambda one: (-one[0], one[1]), reverse=True)
    return [thread for _, thread in ids]


def test_list_is_newest_first_and_of_the_own_workspace(acme: Team, threads: list[UUID]):
    assert [view.id for view in page(acme.viewer)] == threads


def test_pages_follow_each_other_without_gap_or_double(acme: Team, threads: list[UUID]):
    seen: list[UUID] = []
    cursor: str | None = ""
    with db.transaction(acme.id) as session:
        while cursor is not None:
            found = conversations.list_page(
                session, acme.viewer, after=Cursor.decode(cursor), limit=2
            )
            seen += [view.id for view in found.items]
            cursor = found.next_cursor

    assert seen == threads


def test_unread_scope_shows_unread_ones_only(acme: Team, threads: list[UUID]):
    assert {view.unread_count for view in page(acme.viewer, scope=Scope.UNREAD)} == {1}


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("person 3", 1), ("PERSON", 7), ("_%", 7), ("%", 7), ("3_", 1), ("\\", 0), ("912003", 1),
        ("+44 7700 912003", 1), ("nobody", 0), ("'; --", 0), ("a\0b", 0), ("x" * 5000, 0),
        ("half \ud800", 0),
    ],
    ids=lambda value: repr(value)[:20],
)  # fmt: skip
def test_search_looks_at_names_and_numbers_literally(
    acme: Team, threads: list[UUID], search: str, found: int
):
    assert len(page(acme.viewer, search=search)) == found


def test_conversation_of_another_workspace_does_not_exist(
    acme: Team, rival: Team, threads: list[UUID]
):
    permissions.assert_only(
        set(Role),
        lambda session, actor: conversations.get(session, actor, threads[0]),
        acme,
        outsider=rival.owner,
    )
    with db.transaction(acme.id) as session, pytest.raises(NotFound):
        conversations.get(session, acme.owner, new_id())
    with db.transaction(rival.id) as session:
        assert conversations.list_by_ids(session, rival.owner, threads) == []


def test_reading_clears_the_count_of_the_own_workspace_only(
    acme: Team, rival: Team, threads: list[UUID]
):
    unread = next(view.id for view in page(acme.viewer, scope=Scope.UNREAD))
    with db.transaction(rival.id) as session:
        conversations.mark_read(session, rival.owner, unread, 1)
    assert len(page(acme.viewer, scope=Scope.UNREAD)) == 3

    with db.transaction(acme.id) as session:
        conversations.mark_read(session, acme.agent, unread, 1)
        conversations.mark_read(session, acme.agent, unread, 1)

    assert len(page(acme.viewer, scope=Scope.UNREAD)) == 2
    assert len(page(rival.viewer, scope=Scope.UNREAD)) == 1


def test_reading_leaves_what_came_since_unread(acme: Team):
    thread = factories.make_conversation(acme.number)
    seen = [receive(thread), receive(thread)][-1]
    receive(thread)

    read(acme, thread, seen)
    assert table_rows.row("SELECT unread_count, change_seq FROM conversations") == (1, 4)
    read(acme, thread, seen)
    assert table_rows.row("SELECT unread_count, change_seq FROM conversations") == (1, 4)

    read(acme, thread, seen + 1)
    assert table_rows.value("SELECT unread_count FROM conversations") == 0


def test_message_that_is_committed_while_reading_waits_stays_unread(acme: Team):
    thread = factories.make_conversation(acme.number)
    seen = receive(thread)
    later = factories.make_message(
        thread, direction=MessageDirection.INBOUND, status=MessageStatus.RECEIVED
    )
    # It is as if that one were not there yet: it gets its number from the lock's holder.
    table_rows.execute("UPDATE messages SET change_seq = 0 WHERE id = %s", later)

    with (
        ThreadPoolExecutor(1) as pool,
        waiting.held("UPDATE conversations SET unread_count = 2, change_seq = 3") as holder,
    ):
        reading = pool.submit(read, acme, thread, seen)
        waiting.wait_until(waiting.waiting_backends)
        holder.execute("UPDATE messages SET change_seq = 3 WHERE id = %s", (later,))
        holder.commit()
        reading.result()

    assert table_rows.value("SELECT unread_count FROM conversations") == 1


def receive(thread: UUID) -> int:
    """Store a message of the customer as the drain does; returns its sequence number."""
    factories.make_message(
        thread, direction=MessageDirection.INBOUND, status=MessageStatus.RECEIVED
    )
    table_rows.execute(
        "UPDATE conversations SET unread_count = unread_count + 1 WHERE id = %s", thread
    )
    return int(table_rows.value("SELECT change_seq FROM conversations WHERE id = %s", thread))


def read(team: Team, thread: UUID, seen: int) -> None:
    with db.transaction(team.id) as session:
        conversations.mark_read(session, team.agent, thread, seen)


def test_counts_are_of_the_own_workspace(acme: Team, rival: Team, threads: list[UUID]):
    with db.transaction(acme.id) as session:
        mine = conversations.counts(session, acme.viewer)
        assert conversations.unread_count(session, acme.viewer) == 3

    assert (mine.conversations, mine.unread_conversations) == (7, 3)
    assert (mine.contacts, mine.phone_numbers) == (7, 1)
    assert (mine.unread_messages, mine.new_contacts) == (3, 7)


def test_activity_is_told_of_each_number_of_the_own_workspace(
    acme: Team, rival: Team, threads: list[UUID]
):
    with db.transaction(acme.id) as session:
        newest = conversations.get(session, acme.viewer, threads[0]).last_message_at
        found = conversations.activity_by_number(session, acme.viewer)

    assert list(found) == [acme.number.id]
    activity = found[acme.number.id]
    assert (activity.conversations, activity.unread_messages) == (7, 3)
    assert activity.open_windows == 7
    assert activity.last_message_at == newest


def test_contact_without_a_name_is_called_by_the_number(acme: Team):
    contact = factories.make_contact(acme.id, phone="+447700900148", name="")
    thread = factories.make_conversation(acme.number, contact)

    with db.transaction(acme.id) as session:
        view = conversations.get(session, acme.viewer, thread)

    assert view.contact_name == "+44 7700 900148"

"""The promise behind live screens: window + changes = window, and sequences without gaps."""

import datetime as dt
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import orjson
import pytest

from app import db, events, queue
from app.actor import Actor
from app.clock import utc_now
from app.db import DbRole
from app.errors import NotFound
from app.events import STREAM
from app.ids import new_id
from app.models.enums import MessageDirection, MessageStatus
from app.services import conversations, messages, sending
from app.services.inbound.drain import drain
from app.services.messages import ThreadWindow
from app.services.outbox.claim import Place
from app.services.outbox.record import expire, pause, settle
from app.services.whatsapp.outbound import Attempt
from tests import factories
from tests.factories import HOUR, Team
from tests.table_rows import row, value
from tests.webhook_factories import status, store_event, text_message, webhook_body

ANA = "447700900148"


class Stage:
    """A thread of acme's with one message of each kind, and another thread that must not move."""

    def __init__(self, team: Team) -> None:
        self.team = team
        contact = factories.make_contact(team.id, phone=f"+{ANA}")
        self.thread = factories.make_conversation(team.number, contact, unread_count=1)
        self.inbound = factories.make_message(
            self.thread, direction=MessageDirection.INBOUND, status=MessageStatus.RECEIVED
        )
        self.sent = factories.make_message(self.thread, wamid="wamid.SENT")
        self.failed = factories.make_message(
            self.thread, status=MessageStatus.FAILED, error={"code": 131016}
        )
        self.paused = factories.make_message(
            self.thread,
            status=MessageStatus.QUEUED,
            has_wamid=False,
            error={"code": 131016},
            next_attempt_at=utc_now() + HOUR,
        )
        self.sending = factories.make_message(
            self.thread,
            status=MessageStatus.SENDING,
            has_wamid=False,
            next_attempt_at=utc_now() - HOUR,
        )

    @property
    def actor(self) -> Actor:
        return self.team.agent

    def receive(self, **parts: object) -> None:
        store_event(self.team.number.account_id, webhook_body(self.team.number, **parts))
        drain()

    @property
    def place(self) -> Place:
        return self.team.id, self.thread, Attempt(self.sending)

    def settle(self, word: MessageStatus, **options: object) -> None:
        with db.connect(DbRole.DRAIN) as connection:
            rung = settle(connection, self.place, word, **options)
        events.publish(rung)

    def pause(self) -> None:
        with db.connect(DbRole.DRAIN) as connection:
            rung = pause(connection, self.place, 60, error={"code": 131016})
        events.publish(rung)

    def expire(self) -> None:
        with db.connect(DbRole.DRAIN) as connection:
            expire(connection)

    def as_agent(self, call: Callable[..., object], *args: object, **options: object) -> None:
        with db.transaction(self.team.id) as session:
            call(session, self.actor, *args, **options)


MUTATIONS: dict[str, Callable[[Stage], object]] = {
    "send_text": lambda s: s.as_agent(sending.send_text, s.thread, text="Yes", client_ref=new_id()),
    "send_again": lambda s: s.as_agent(sending.send_again, s.failed),
    "give_up": lambda s: s.as_agent(sending.give_up, s.paused),
    "mark_read": lambda s: s.as_agent(conversations.mark_read, s.thread, 9),
    "customer writes": lambda s: s.receive(messages=[text_message(sender=ANA)]),
    "customer writes late": lambda s: s.receive(
        messages=[text_message(sender=ANA, at=utc_now() - 3 * HOUR)]
    ),
    "customer reacts": lambda s: s.receive(
        messages=[{**text_message(sender=ANA), "type": "reaction", "reaction": {"emoji": "x"}}]
    ),
    "delivered": lambda s: s.receive(statuses=[status("wamid.SENT", "delivered")]),
    "failed": lambda s: s.receive(statuses=[status("wamid.SENT", "failed", code=131026)]),
    "settled by our id": lambda s: s.receive(
        statuses=[status("wamid.NEW", "sent", callback=s.sending)]
    ),
    "message and status at once": lambda s: s.receive(
        messages=[text_message(sender=ANA)], statuses=[status("wamid.SENT", "read")]
    ),
    "send accepted": lambda s: s.settle(MessageStatus.SENT, wamid="wamid.NEW"),
    "send refused": lambda s: s.settle(MessageStatus.FAILED, error={"code": 131047}),
    "send unseen": lambda s: s.settle(MessageStatus.UNCERTAIN),
    "send paused": lambda s: s.pause(),
    "lease expired": lambda s: s.expire(),
}


def window(actor: Actor, thread: UUID) -> ThreadWindow:
    with db.transaction(actor.workspace_id) as session:
        return messages.window(session, actor, thread)


def changes(actor: Actor, thread: UUID, seq: int) -> ThreadWindow:
    with db.transaction(actor.workspace_id) as session:
        return messages.changes_since(session, actor, thread, seq)


def bells() -> list[tuple[str, str, int]]:
    """Return all that the stream holds: topic, conversation and number, nothing else."""
    entries = [fields for _, fields in queue.connection().xrange(STREAM)]
    assert all(set(fields) == {b"bells"} for fields in entries)
    return [tuple(bell) for fields in entries for bell in orjson.loads(fields[b"bells"])]


@pytest.mark.parametrize("name", MUTATIONS)
def test_old_window_with_its_changes_is_the_new_window(acme: Team, rival: Team, name: str):
    stage, other = Stage(acme), Stage(rival)
    before, theirs = window(stage.actor, stage.thread), window(other.actor, other.thread)

    MUTATIONS[name](stage)

    delta = changes(stage.actor, stage.thread, before.change_seq)
    after = window(stage.actor, stage.thread)
    merged = {view.id: view for view in (*before.messages, *delta.messages)}
    assert sorted(merged.values(), key=lambda view: (view.sent_at, view.id)) == after.messages
    assert delta.change_seq == after.change_seq > before.change_seq
    assert delta.window_expires_at == after.window_expires_at
    if name != "lease expired":
        assert window(other.actor, other.thread) == theirs


@pytest.mark.parametrize("name", MUTATIONS)
def test_change_rings_its_thread_and_its_inbox_with_its_number_and_no_text(acme: Team, name: str):
    stage = Stage(acme)

    MUTATIONS[name](stage)

    seq, thread = value("SELECT change_seq FROM conversations"), str(stage.thread)
    newest = {topic: (conversation_id, number) for topic, conversation_id, number in bells()}
    assert newest == {
        f"thread:{acme.id}:{thread}": (thread, seq),
        f"inbox:{acme.id}": (thread, seq),
    }


def test_changes_of_nothing_are_nothing(acme: Team):
    stage = Stage(acme)
    seen = window(stage.actor, stage.thread).change_seq

    assert changes(stage.actor, stage.thread, seen).messages == []
    assert changes(stage.actor, stage.thread, seen + 10).messages == []


def test_more_changes_than_can_be_listed_are_not_complete(
    acme: Team, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(messages, "MOST_CHANGES", 3)
    stage = Stage(acme)
    seen = window(stage.actor, stage.thread).change_seq
    for n in range(3):
        factories.make_message(stage.thread, text=f"{n}")

    assert len(changes(stage.actor, stage.thread, seen).messages) == 3
    factories.make_message(stage.thread, text="one too many")

    behind = changes(stage.actor, stage.thread, seen)
    assert (behind.messages, behind.is_complete) == ([], False)
    assert behind.change_seq == window(stage.actor, stage.thread).change_seq


def test_thread_of_another_workspace_does_not_exist(acme: Team, rival: Team):
    stage = Stage(acme)

    with pytest.raises(NotFound):
        window(rival.owner, stage.thread)
    with pytest.raises(NotFound):
        changes(rival.owner, stage.thread, 0)


def test_window_pages_back_to_the_first_message_without_gap_or_double(acme: Team):
    thread = factories.make_conversation(acme.number)
    at = utc_now().replace(microsecond=0)
    ids = [
        factories.make_message(thread, text=f"{n}", sent_at=at + dt.timedelta(seconds=n // 3))
        for n in range(11)
    ]
    seen: list[UUID] = []
    before = None
    with db.transaction(acme.id) as session:
        while True:
            page = messages.window(session, acme.agent, thread, before=before, limit=4)
            seen = [view.id for view in page.messages] + seen
            if not page.has_older:
                break
            before = messages.Cursor.decode(page.messages[0].cursor)

    assert seen == ids


def test_sequence_has_no_gap_and_its_order_is_the_order_of_commits(acme: Team):
    """A reader that follows the sequence sees every message, although eight write at once."""
    thread = factories.make_conversation(acme.number)
    written: list[int] = []
    stop = threading.Event()
    seen: dict[UUID, int] = {}

    def write(_: int) -> None:
        with db.transaction(acme.id) as session:
            view = sending.send_text(session, acme.agent, thread, text="x", client_ref=new_id())
        written.append(view.change_seq)

    def follow() -> None:
        seq = 0
        while True:
            is_last = stop.is_set()
            batch = changes(acme.agent, thread, seq)
            seen.update((view.id, view.change_seq) for view in batch.messages)
            seq = batch.change_seq
            if is_last:
                return

    reader = threading.Thread(target=follow)
    reader.start()
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(40)))
    stop.set()
    reader.join()

    assert sorted(written) == list(range(1, 41))
    assert sorted(seen.values()) == list(range(1, 41))
    assert row("SELECT change_seq FROM conversations") == (40,)


def test_webhooks_and_people_share_one_sequence(acme: Team):
    stage = Stage(acme)
    start = window(stage.actor, stage.thread).change_seq
    for n in range(6):
        body = webhook_body(acme.number, [text_message(f"{n}", sender=ANA)])
        store_event(acme.number.account_id, body)

    def one_of_them(n: int) -> None:
        if n % 2:
            drain()
        else:
            stage.as_agent(sending.send_text, stage.thread, text="x", client_ref=new_id())

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one_of_them, range(8)))

    view = window(stage.actor, stage.thread)
    stamped = {one.change_seq for one in view.messages if one.change_seq > start}
    assert stamped == set(range(start + 1, view.change_seq + 1))
    assert len(view.messages) == 5 + 6 + 4

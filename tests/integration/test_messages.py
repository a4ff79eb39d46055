"""Writing into a thread: who may, when, and never twice."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest

from app import db, queue
from app.actor import Actor, Role
from app.clock import utc_now
from app.errors import AppError, NotFound, PermissionDenied, ValidationFailed
from app.ids import new_id
from app.models.enums import MessageDirection, MessageStatus, SubscriptionStatus
from app.queue import Lane
from app.services import conversations, messages, plans, sending
from app.services.messages import MessageView
from app.services.sending import (
    NotGivenUp,
    NotRepeatable,
    NumberNotReady,
    OutsideServiceWindow,
)
from tests import factories, permissions
from tests.factories import HOUR, Clock, Team
from tests.table_rows import count, execute, row, status_of

SENDERS = {Role.OWNER, Role.ADMIN, Role.AGENT}


def send(actor: Actor, thread: UUID, text: str = "Hello", ref: UUID | None = None) -> MessageView:
    with db.transaction(actor.workspace_id) as session:
        return sending.send_text(session, actor, thread, text=text, client_ref=ref or new_id())


def again(actor: Actor, message_id: UUID) -> MessageView:
    with db.transaction(actor.workspace_id) as session:
        return sending.send_again(session, actor, message_id)


def stop(actor: Actor, message_id: UUID) -> MessageView:
    with db.transaction(actor.workspace_id) as session:
        return sending.give_up(session, actor, message_id)


def refusal(call: Any, *args: Any) -> type[AppError]:
    with pytest.raises(AppError) as caught:
        call(*args)
    return type(caught.value)


@pytest.fixture
def thread(acme: Team) -> UUID:
    return factories.make_conversation(acme.number)


def test_text_is_queued_shown_and_rung_for(acme: Team, thread: UUID):
    view = send(acme.agent, thread, "  Hello \n")

    assert (view.text, view.status, view.direction) == (
        "Hello",
        MessageStatus.QUEUED,
        MessageDirection.OUTBOUND,
    )
    assert row(
        "SELECT last_message_id, last_message_text, last_message_status, unread_count, change_seq"
        " FROM conversations"
    ) == (view.id, "Hello", "queued", 0, view.change_seq)
    assert row("SELECT sender_id, next_attempt_at <= now() FROM messages") == (
        acme.agent.user_id,
        True,
    )
    assert [job.func_name for job in queue.rq_queue(Lane.OUTBOUND).jobs] == [
        "app.jobs.drain_outbox"
    ]


def test_senders_are_all_but_viewers_and_foreigners(acme: Team, rival: Team, thread: UUID):
    permissions.assert_only(
        SENDERS,
        lambda session, actor: sending.send_text(
            session, actor, thread, text="x", client_ref=new_id()
        ),
        acme,
        outsider=rival.owner,
    )
    assert count("messages") == 0


def test_readers_are_all_members_and_no_foreigners(acme: Team, rival: Team, thread: UUID):
    calls = (
        lambda session, actor: messages.window(session, actor, thread),
        lambda session, actor: messages.changes_since(session, actor, thread, 0),
        lambda session, actor: conversations.get(session, actor, thread),
    )
    for call in calls:
        permissions.assert_only(set(Role), call, acme, outsider=rival.owner)


def test_repeating_is_for_senders_only(acme: Team, rival: Team, thread: UUID):
    failed = factories.make_message(thread, status=MessageStatus.UNCERTAIN)

    permissions.assert_only(
        SENDERS,
        lambda session, actor: sending.send_again(session, actor, failed),
        acme,
        outsider=rival.owner,
    )


def test_giving_up_is_for_senders_only(acme: Team, rival: Team, thread: UUID):
    waiting = factories.make_message(thread, status=MessageStatus.QUEUED, error={"code": 131016})

    permissions.assert_only(
        SENDERS,
        lambda session, actor: sending.give_up(session, actor, waiting),
        acme,
        outsider=rival.owner,
    )


@pytest.mark.parametrize("status", [one for one in MessageStatus if one.value != "queued"])
def test_only_what_waits_to_be_tried_again_is_given_up(
    acme: Team, thread: UUID, status: MessageStatus
):
    message_id = factories.make_message(thread, status=status, error={"code": 131016})
    fresh = send(acme.agent, thread).id

    assert refusal(stop, acme.agent, message_id) is NotGivenUp
    assert refusal(stop, acme.agent, fresh) is NotGivenUp
    assert status_of(message_id) == status


@pytest.mark.parametrize(
    "text", ["", "   ", "\n", "x" * 4097, "a\0b", "half a pair: \ud800"], ids=lambda t: repr(t)[:20]
)
def test_text_that_cannot_be_sent_is_refused_with_words(acme: Team, thread: UUID, text: str):
    with pytest.raises(ValidationFailed) as caught:
        send(acme.agent, thread, text)

    assert list(caught.value.fields) == ["text"]
    assert count("messages") == 0


@pytest.mark.parametrize("text", ["x", "x" * 4096, "\U0001f600" * 4096, "<b>'; --"])
def test_any_other_text_is_sent_as_it_is(acme: Team, thread: UUID, text: str):
    assert send(acme.agent, thread, text).text == text


def test_checks_come_in_their_order(acme: Team, rival: Team):
    """403, 422, 404, 402, 409: each obstacle is taken away in turn."""
    thread = factories.make_conversation(acme.number, is_open=False)
    execute("UPDATE phone_numbers SET status = 'PENDING'")
    execute("UPDATE subscriptions SET status = 'CANCELED'")
    missing = new_id()

    assert refusal(send, acme.viewer, missing, "") is PermissionDenied
    assert refusal(send, acme.agent, missing, "") is ValidationFailed
    assert refusal(send, acme.agent, missing) is NotFound
    assert refusal(send, rival.agent, thread) is NotFound
    assert refusal(send, acme.agent, thread) is plans.SubscriptionRequired
    execute("UPDATE subscriptions SET status = 'ACTIVE'")
    assert refusal(send, acme.agent, thread) is NumberNotReady
    execute("UPDATE phone_numbers SET status = 'VERIFIED'")
    assert refusal(send, acme.agent, thread) is OutsideServiceWindow
    execute("UPDATE conversations SET window_expires_at = now() + interval '1 hour'")
    assert send(acme.agent, thread).status is MessageStatus.QUEUED
    assert count("messages") == 1


def test_disconnected_number_does_not_send(acme: Team, thread: UUID):
    execute("UPDATE phone_numbers SET disconnected_at = now()")

    assert refusal(send, acme.agent, thread) is NumberNotReady


def test_window_closes_to_the_moment(acme: Team, frozen_clock: Clock):
    thread = factories.make_conversation(acme.number, window_expires_at=utc_now() + HOUR)
    frozen_clock.move(HOUR - dt.timedelta(microseconds=1))
    send(acme.agent, thread)

    frozen_clock.move(dt.timedelta(microseconds=1))

    assert refusal(send, acme.agent, thread) is OutsideServiceWindow


def test_thread_that_never_had_a_window_has_none(acme: Team):
    thread = factories.make_conversation(acme.number)
    execute("UPDATE conversations SET window_expires_at = NULL")

    assert refusal(send, acme.agent, thread) is OutsideServiceWindow


@pytest.mark.parametrize("status", [SubscriptionStatus.UNPAID, SubscriptionStatus.CANCELED])
def test_workspace_that_does_not_pay_receives_but_does_not_send(
    rival: Team, status: SubscriptionStatus
):
    workspace_id = factories.make_workspace(status=status)
    number = factories.connect_number(workspace_id)
    actor = factories.make_actor(workspace_id)

    assert refusal(send, actor, factories.make_conversation(number)) is plans.SubscriptionRequired
    send(rival.agent, factories.make_conversation(rival.number))


def test_workspace_without_a_subscription_does_not_send():
    workspace_id = factories.make_workspace(has_subscription=False)
    number = factories.connect_number(workspace_id)
    actor = factories.make_actor(workspace_id)

    assert refusal(send, actor, factories.make_conversation(number)) is plans.SubscriptionRequired


def test_double_click_is_one_message(acme: Team, thread: UUID):
    ref = new_id()

    first, second = send(acme.agent, thread, "a", ref), send(acme.agent, thread, "b", ref)

    assert second == first
    assert row("SELECT text FROM messages") == ("a",)
    assert row("SELECT change_seq FROM conversations") == (1,)


def test_eight_clicks_at_once_are_one_message(acme: Team, thread: UUID):
    ref = new_id()

    with ThreadPoolExecutor(8) as pool:
        views = list(pool.map(lambda _: send(acme.agent, thread, "Hello", ref), range(8)))

    assert len({view.id for view in views}) == 1
    assert count("messages") == 1


def test_same_reference_in_two_workspaces_is_two_messages(acme: Team, rival: Team, thread: UUID):
    ref = new_id()

    mine = send(acme.agent, thread, "mine", ref)
    theirs = send(rival.agent, factories.make_conversation(rival.number), "theirs", ref)

    assert (mine.text, theirs.text) == ("mine", "theirs")
    assert mine.id != theirs.id


def test_text_that_was_refused_rings_nobody(acme: Team):
    thread = factories.make_conversation(acme.number, is_open=False)

    refusal(send, acme.agent, thread)

    assert queue.rq_queue(Lane.OUTBOUND).count == 0
    assert queue.connection().xlen("events") == 0


@pytest.mark.parametrize("status", list(MessageStatus))
def test_only_uncertain_and_retryable_failures_are_sent_again(
    acme: Team, thread: UUID, status: MessageStatus
):
    message_id = factories.make_message(thread, status=status, error={"code": 131016})

    if status in {MessageStatus.UNCERTAIN, MessageStatus.FAILED}:
        view = again(acme.agent, message_id)
        assert (view.status, view.error) == (MessageStatus.QUEUED, None)
        assert row("SELECT wamid, attempt_count, next_attempt_at <= now() FROM messages") == (
            None, 0, True,
        )  # fmt: skip
        assert row("SELECT last_message_status FROM conversations") == ("queued",)
    else:
        assert refusal(again, acme.agent, message_id) is NotRepeatable


@pytest.mark.parametrize("code", [131047, 131026, 190, 100, 0])
def test_permanent_failure_is_not_sent_again(acme: Team, thread: UUID, code: int):
    message_id = factories.make_message(thread, status=MessageStatus.FAILED, error={"code": code})

    assert refusal(again, acme.agent, message_id) is NotRepeatable


def test_message_of_a_customer_is_never_sent_again(acme: Team, thread: UUID):
    message_id = factories.make_message(
        thread, direction=MessageDirection.INBOUND, status=MessageStatus.RECEIVED
    )

    assert refusal(again, acme.agent, message_id) is NotRepeatable


def test_repeating_needs_all_that_sending_needs(acme: Team, rival: Team):
    thread = factories.make_conversation(acme.number, is_open=False)
    message_id = factories.make_message(thread, status=MessageStatus.UNCERTAIN)

    assert refusal(again, rival.agent, message_id) is NotFound
    assert refusal(again, acme.agent, message_id) is OutsideServiceWindow
    execute("UPDATE subscriptions SET status = 'UNPAID'")
    assert refusal(again, acme.agent, message_id) is plans.SubscriptionRequired


def test_two_people_who_repeat_at_once_send_once(acme: Team, thread: UUID):
    message_id = factories.make_message(thread, status=MessageStatus.UNCERTAIN)

    def attempt(actor: Actor) -> bool:
        try:
            again(actor, message_id)
        except NotRepeatable:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(attempt, [acme.agent, acme.admin]))

    assert sorted(results) == [False, True]
    assert row("SELECT change_seq FROM conversations") == (2,)

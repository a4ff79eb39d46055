"""The inbox through NiceGUI's simulation: what is on screen is what the database says."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from nicegui import ui
from nicegui.element import Element
from nicegui.testing import User

from app import db
from app.clock import utc_now
from app.components.composer import Composer
from app.components.conversation_list import ConversationList
from app.components.message_log import MessageLog
from app.ids import new_id
from app.models.enums import MessageStatus
from app.services import messages, sending
from app.services.inbound.drain import drain
from tests import factories, table_rows, webhook_factories
from tests.factories import Team
from tests.ui.conftest import session_token, show_cookie

Tokens = dict[str, str]


@pytest.fixture
def tokens(acme: Team, rival: Team) -> Tokens:
    return {
        "agent": session_token(acme.agent),
        "viewer": session_token(acme.viewer),
        "rival": session_token(rival.owner),
    }


@pytest.fixture
def thread(acme: Team) -> UUID:
    contact = factories.make_contact(acme.id, name="Priya Raman")
    made = factories.make_conversation(acme.number, contact)
    factories.make_message(made, text="They look beautiful together")
    return made


def receive(team: Team, text: str, sender: str = "447700900148") -> None:
    message = webhook_factories.text_message(text, sender=sender)
    webhook_factories.store_event(
        team.number.account_id, webhook_factories.webhook_body(team.number, messages=[message])
    )
    assert drain()


def count(query: str, *values: Any) -> int:
    with db.connect() as connection:
        row = connection.execute(query.encode(), values).fetchone()
    assert row is not None
    return int(row[0])


def emit(user: User, kind: type[Element], event: str, **data: Any) -> None:
    user.find(kind=kind).trigger(event, data)


async def test_a_received_message_shows_in_open_inboxes_of_its_workspace_only(
    user: User, create_user: Callable[[], User], acme: Team, tokens: Tokens
) -> None:
    rival = create_user()
    show_cookie(user, tokens["agent"])
    show_cookie(rival, tokens["rival"])
    await user.open("/messages")
    await rival.open("/messages")

    await asyncio.to_thread(receive, acme, "Is the sage one back in stock?")

    await user.should_see("Is the sage one back in stock?")
    await rival.should_not_see("Is the sage one back in stock?")


async def test_a_recorded_voice_message_is_called_so_in_list_and_thread(
    user: User, acme: Team, tokens: Tokens
) -> None:
    def arrive(*, is_voice: bool) -> None:
        said = webhook_factories.text_message("") | {"type": "audio"}
        said["audio"] = {"id": "7", "mime_type": "audio/ogg", "voice": is_voice}
        del said["text"]
        body = webhook_factories.webhook_body(acme.number, messages=[said])
        webhook_factories.store_event(acme.number.account_id, body)
        assert drain()

    show_cookie(user, tokens["agent"])
    await asyncio.to_thread(arrive, is_voice=True)
    await user.open("/messages")
    await user.should_see("Voice message")
    listing = next(iter(user.find(kind=ConversationList).elements))

    await asyncio.to_thread(arrive, is_voice=False)

    await user.should_see("Audio")
    await user.should_not_see("Voice message")
    await user.open(f"/messages/{next(iter(listing._views))}")
    await user.should_see(kind=MessageLog)
    await user.should_see("Voice message")


async def test_a_thread_shows_its_messages_and_what_comes_after(
    user: User, acme: Team, tokens: Tokens, thread: UUID
) -> None:
    show_cookie(user, tokens["agent"])
    await user.open(f"/messages/{thread}")
    await user.should_see("They look beautiful together")

    later = await asyncio.to_thread(factories.make_message, thread, text="One more thing")
    assert later
    await asyncio.to_thread(ring, acme, thread)

    await user.should_see("One more thing")


def ring(team: Team, thread: UUID) -> None:
    """Change the thread through a service, which rings for everybody who looks at it."""
    with db.transaction(team.id) as session:
        sending.send_text(session, team.agent, thread, text="And a reply", client_ref=new_id())


async def test_sending_queues_one_message_however_often_it_is_emitted(
    user: User, tokens: Tokens, thread: UUID
) -> None:
    show_cookie(user, tokens["agent"])
    await user.open(f"/messages/{thread}")
    await user.should_see(kind=Composer)
    client_ref = str(new_id())

    for _ in range(3):
        emit(user, Composer, "send", text="On its way", client_ref=client_ref)

    await user.should_see("On its way")
    sent = "SELECT count(*) FROM messages WHERE text = 'On its way' AND client_ref = %s"
    assert await asyncio.to_thread(count, sent, client_ref) == 1


async def test_a_viewer_reads_but_cannot_send(user: User, tokens: Tokens, thread: UUID) -> None:
    show_cookie(user, tokens["viewer"])
    await user.open(f"/messages/{thread}")
    await user.should_see("They look beautiful together")
    composer = next(iter(user.find(kind=Composer).elements))
    assert composer.props["canSend"] is False

    emit(user, Composer, "send", text="Forged", client_ref=str(new_id()))

    await user.should_see("Your role does not allow this")
    assert await asyncio.to_thread(count, "SELECT count(*) FROM messages WHERE text='Forged'") == 0


async def test_another_workspaces_conversation_is_not_there(
    user: User, tokens: Tokens, thread: UUID
) -> None:
    show_cookie(user, tokens["rival"])

    foreign = await user.http_client.get(f"/messages/{thread}")
    missing = await user.http_client.get(f"/messages/{new_id()}")
    nonsense = await user.http_client.get("/messages/nonsense")

    assert [foreign.status_code, missing.status_code, nonsense.status_code] == [404, 404, 404]
    assert "Priya" not in foreign.text


async def test_message_that_is_tried_again_says_why_and_can_be_stopped(
    user: User, tokens: Tokens, thread: UUID
) -> None:
    message_id = await asyncio.to_thread(
        factories.make_message,
        thread,
        status=MessageStatus.QUEUED,
        error={"code": 131016},
        next_attempt_at=utc_now() + factories.HOUR,
    )
    show_cookie(user, tokens["agent"])
    await user.open(f"/messages/{thread}")
    await user.should_see("WhatsApp is busy. The message is sent again by itself.")

    emit(user, MessageLog, "stop", id=str(message_id))

    await user.should_see("You stopped this message before WhatsApp took it.")
    assert await asyncio.to_thread(table_rows.status_of, message_id) == "failed"


async def test_thread_that_is_very_far_behind_loads_afresh(
    user: User, acme: Team, tokens: Tokens, thread: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "MOST_CHANGES", 3)
    show_cookie(user, tokens["agent"])
    await user.open(f"/messages/{thread}")
    await user.should_see("They look beautiful together")
    for n in range(5):
        await asyncio.to_thread(factories.make_message, thread, text=f"Missed number {n}")

    await asyncio.to_thread(ring, acme, thread)

    for n in range(5):
        await user.should_see(f"Missed number {n}")
    await asyncio.to_thread(factories.make_message, thread, text="Still live")
    await asyncio.to_thread(ring, acme, thread)
    await user.should_see("Still live")


async def test_ill_typed_events_change_nothing_and_break_nothing(
    user: User, tokens: Tokens, thread: UUID
) -> None:
    show_cookie(user, tokens["agent"])
    await user.open(f"/messages/{thread}")
    await user.should_see(kind=MessageLog)
    before = await asyncio.to_thread(count, "SELECT count(*) FROM messages")

    emit(user, Composer, "send", text=["a", {"b": 1}], client_ref="not an id")
    emit(user, Composer, "send", text="x" * 5000, client_ref=str(new_id()))
    emit(user, MessageLog, "older", before="nonsense")
    emit(user, MessageLog, "retry", id="nonsense")
    emit(user, MessageLog, "resend", id=str(new_id()))
    emit(user, MessageLog, "stop", id="nonsense")
    emit(user, ConversationList, "more", before=None)
    emit(user, ConversationList, "scope", scope="everything")
    emit(user, ConversationList, "search", text="%_\\")

    await user.should_see("Write between 1 and 4,096 characters.")
    assert await asyncio.to_thread(count, "SELECT count(*) FROM messages") == before


async def test_seen_marks_the_conversation_read(user: User, acme: Team, tokens: Tokens) -> None:
    await asyncio.to_thread(receive, acme, "Unread so far")
    show_cookie(user, tokens["agent"])
    await user.open("/messages")
    await user.should_see("Unread so far")
    listing = next(iter(user.find(kind=ConversationList).elements))
    conversation = next(iter(listing._views))
    await user.open(f"/messages/{conversation}")
    await user.should_see(kind=MessageLog)

    emit(user, MessageLog, "seen", last="nonsense")
    emit(user, MessageLog, "seen", last=10**30)
    emit(user, MessageLog, "seen", last=1)

    unread = "SELECT count(*) FROM conversations WHERE unread_count > 0"
    for _ in range(50):
        if not await asyncio.to_thread(count, unread):
            break
        await asyncio.sleep(0.05)
    assert await asyncio.to_thread(count, unread) == 0


async def test_removing_the_membership_ends_the_next_click(
    user: User, acme: Team, tokens: Tokens, thread: UUID
) -> None:
    show_cookie(user, tokens["agent"])
    await user.open(f"/messages/{thread}")
    await user.should_see(kind=Composer)
    await asyncio.to_thread(
        table_rows.execute, "DELETE FROM memberships WHERE user_id = %s", acme.agent.user_id
    )

    emit(user, Composer, "send", text="Too late", client_ref=str(new_id()))
    await asyncio.sleep(0.5)

    assert (
        await asyncio.to_thread(count, "SELECT count(*) FROM messages WHERE text='Too late'") == 0
    )


async def test_the_dashboard_counts_this_workspace_only(
    user: User, acme: Team, rival: Team, tokens: Tokens
) -> None:
    await asyncio.to_thread(receive, acme, "One")
    await asyncio.to_thread(receive, rival, "Two", "447700900149")
    await asyncio.to_thread(receive, rival, "Three", "447700900150")
    show_cookie(user, tokens["agent"])
    await user.open("/dashboard")

    await user.should_see("Somebody is waiting for an answer")
    label = next(iter(user.find(marker="count-conversations").elements))
    assert isinstance(label, ui.label)
    assert label.text == "1"
    await user.should_see("One")
    await user.should_not_see("Two")
    await user.should_not_see("Three")


async def test_the_numbers_page_tells_what_goes_on_at_each_number(
    user: User, acme: Team, rival: Team, tokens: Tokens
) -> None:
    await asyncio.to_thread(receive, acme, "One")
    await asyncio.to_thread(receive, rival, "Two", "447700900149")
    show_cookie(user, tokens["agent"])
    await user.open("/phone-numbers")

    await user.should_see("Numbers in your plan")
    await user.should_see(f"/api/webhooks/whatsapp/{acme.number.account_id}")
    await user.should_not_see(str(rival.number.account_id))
    await user.should_not_see("None yet")

    await asyncio.to_thread(receive, acme, "Three", "447700900150")
    await user.should_see("2")

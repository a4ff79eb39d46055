"""What a message does to its conversation: unread, newest, the window, open again."""

import itertools

import pytest

from app.clock import utc_now
from app.models.enums import ConversationStatus, MessageType
from app.services import conversations
from tests import factories
from tests.accounts import act
from tests.factories import DAY, HOUR, Team
from tests.integration.receiving import ANA, receive, thread
from tests.webhook_factories import text_message


def test_unread_counter_counts_what_somebody_should_look_at(acme: Team):
    receive(
        acme,
        text_message(wamid="wamid.1"),
        text_message("two"),
        {**text_message(), "type": "reaction", "reaction": {"message_id": "wamid.1", "emoji": "x"}},
        {**text_message(), "type": "system", "system": {"body": "new number"}},
        {**text_message(), "type": "edit", "edit": {"original_message_id": "wamid.1"}},
        {**text_message(), "type": "revoke", "revoke": {"original_message_id": "wamid.1"}},
        {**text_message(), "type": "sticker", "sticker": {"id": "1"}},
    )

    assert thread(acme, "unread_count") == (3,)


def test_list_shows_the_newest_message_whatever_came_last(acme: Team):
    now = utc_now()
    receive(acme, text_message("newest", at=now))

    receive(acme, text_message("older", at=now - HOUR))

    assert thread(acme, "last_message_text", "unread_count") == ("newest", 2)


REACTION = {"type": "reaction", "reaction": {"message_id": "wamid.1", "emoji": "x"}}


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_reaction_stands_in_the_list_only_where_nothing_else_was_said(
    acme: Team, order: tuple[int, ...]
):
    now = utc_now()
    said = [
        {**text_message(wamid="wamid.2", at=now), **REACTION},
        text_message("words", wamid="wamid.3", at=now - HOUR),
        {**text_message(wamid="wamid.4", at=now - DAY), **REACTION},
    ]

    for count, place in enumerate(order, start=1):
        receive(acme, said[place])
        has_words = 1 in order[:count]
        assert thread(acme, "last_message_type") == ("text" if has_words else "reaction",)

    assert thread(acme, "last_message_text") == ("words",)


def test_conversation_of_a_reaction_alone_is_in_the_list(acme: Team, rival: Team):
    receive(acme, {**text_message(), **REACTION})

    page = act(conversations.list_page, acme.viewer)

    assert [view.last_message_type for view in page.items] == [MessageType.REACTION]
    assert act(conversations.list_page, rival.viewer).items == []


def test_window_never_goes_back(acme: Team):
    now = utc_now().replace(microsecond=0)
    receive(acme, text_message(at=now))

    receive(acme, text_message(at=now - 5 * HOUR))

    assert thread(acme, "window_expires_at") == (now + DAY,)


def test_message_of_the_system_opens_no_window(acme: Team):
    receive(acme, {**text_message(), "type": "system", "system": {"body": "changed number"}})

    assert thread(acme, "window_expires_at") == (None,)


@pytest.mark.parametrize(
    ("before", "after"),
    [("RESOLVED", "OPEN"), ("SNOOZED", "OPEN"), ("PENDING", "PENDING"), ("OPEN", "OPEN")],
)
def test_customer_who_writes_opens_a_resolved_conversation(acme: Team, before: str, after: str):
    contact = factories.make_contact(acme.id, phone=f"+{ANA}")
    factories.make_conversation(acme.number, contact, status=ConversationStatus(before))

    receive(acme, text_message(sender=ANA))

    assert thread(acme, "status") == (after,)


def test_reaction_does_not_open_a_resolved_conversation(acme: Team):
    contact = factories.make_contact(acme.id, phone=f"+{ANA}")
    factories.make_conversation(acme.number, contact, status=ConversationStatus.RESOLVED)

    receive(acme, {**text_message(sender=ANA), "type": "reaction", "reaction": {"emoji": "x"}})

    assert thread(acme, "status") == ("RESOLVED",)

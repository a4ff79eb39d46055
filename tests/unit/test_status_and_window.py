"""Ranks of statuses, the 24-hour window, and which messages count."""

import datetime as dt
import itertools

import pytest

from app.models.enums import MessageStatus, MessageType
from app.services.inbound import content

NOON = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)


def test_life_of_a_message_is_in_the_order_of_its_ranks():
    words = ["queued", "sending", "uncertain", "sent", "failed", "delivered", "read", "played"]

    ranks = [MessageStatus(word).rank for word in words]

    assert ranks == sorted(ranks)
    assert len(set(ranks)) == len(ranks)


def test_highest_rank_is_the_same_in_every_order():
    words = [MessageStatus(word) for word in ("sent", "delivered", "read", "failed")]

    for order in itertools.permutations(words):
        shown = MessageStatus.QUEUED
        for word in order:
            shown = word if word.rank > shown.rank else shown
        assert shown is MessageStatus.READ


@pytest.mark.parametrize("kind", list(MessageType))
def test_every_type_has_a_window_rule_and_an_unread_rule(kind: MessageType):
    is_silent = kind in {MessageType.SYSTEM, MessageType.REQUEST_WELCOME}

    until = content.window_after(kind, NOON)

    assert until == (None if is_silent else NOON + dt.timedelta(hours=24))
    amends = kind in {MessageType.REACTION, MessageType.EDIT, MessageType.REVOKE}
    assert content.counts_as_unread(kind) == (not is_silent and not amends)


def test_window_crosses_a_change_of_clocks_unharmed():
    before_change = dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC)

    until = content.window_after(MessageType.TEXT, before_change)

    assert until == before_change + dt.timedelta(seconds=86_400)


def test_words_of_meta_that_nobody_knows_are_no_status():
    with pytest.raises(ValueError, match="deleted"):
        MessageStatus("deleted")

"""What open pages are told of a workspace's inbox: after bells, and when they look for themselves.

One of these per process and change, however many pages are open (`components/live.py`).
"""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, func, select

from app.actor import Actor, Permission
from app.models import Conversation, Notice, PhoneNumber, Template
from app.services import conversations
from app.services.conversations import PAGE, ConversationView

# How many numbers and templates there are, and when one last changed.
Stamp = tuple[int, dt.datetime | None, int, dt.datetime | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxNews:
    """Rows that changed, and how many conversations wait for somebody to look."""

    views: list[ConversationView]
    unread_count: int
    has_changed: bool = True  # false when a look found everything as it was
    is_complete: bool = True  # false when more rows may have changed than are here


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What changed since somebody knew better, and what to know from now on."""

    views: list[ConversationView]
    unread_count: int
    newest: dict[UUID, int]  # the list's first page: conversation to sequence number
    stamp: Stamp


def changes(session: Session, actor: Actor, ids: Collection[UUID]) -> InboxNews:
    """Return the conversations that bells named."""
    actor.require(Permission.CONVERSATION_READ)
    views = conversations.list_by_ids(session, actor, list(ids))
    return InboxNews(views=views, unread_count=conversations.unread_count(session, actor))


def look(session: Session, actor: Actor, known: Mapping[UUID, int]) -> Look:
    """Compare the first page and all that is `known` with the database.

    Only numbers are compared; rows are read where one is higher, so a look at an inbox where
    nothing happened reads none.
    """
    actor.require(Permission.CONVERSATION_READ)
    heads = select(Conversation.id, Conversation.change_seq).where(
        col(Conversation.workspace_id) == actor.workspace_id
    )
    newest = dict(
        session.exec(
            heads.where(col(Conversation.last_message_at).is_not(None))
            .order_by(
                col(Conversation.last_message_at).desc().nulls_last(), col(Conversation.id).desc()
            )
            .limit(PAGE)
        ).all()
    )
    now = dict(newest)
    if others := known.keys() - newest.keys():
        now |= dict(session.exec(heads.where(col(Conversation.id).in_(others))).all())
    changed = [one for one, seq in now.items() if seq > known.get(one, -1)]
    return Look(
        views=conversations.list_by_ids(session, actor, changed) if changed else [],
        unread_count=conversations.unread_count(session, actor),
        newest=newest,
        stamp=_stamp(session, actor),
    )


def _stamp(session: Session, actor: Actor) -> Stamp:
    """Return what is another one whenever a number, a template or a notice changes."""
    found: list[Any] = []
    for table in (PhoneNumber, Template, Notice):
        own = col(table.workspace_id) == actor.workspace_id
        found += session.exec(select(func.count(), func.max(table.updated_at)).where(own)).one()
    return tuple(found)

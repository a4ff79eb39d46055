"""The inbox list: rows by newest activity, unread counts, what one row shows."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Select, func, or_, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select, update

from app import events
from app.actor import Actor, Permission
from app.clock import utc_now
from app.errors import NotFound
from app.ids import new_id
from app.models import Contact, Conversation, Message, PhoneNumber
from app.models.enums import MessageDirection, MessageStatus, MessageType
from app.pagination import Cursor, Page
from app.services.phone_text import pretty
from app.services.text import storable

PAGE = 50
MAX_SEARCH = 100
NEW = dt.timedelta(days=7)


class Scope(StrEnum):
    """Which conversations the list shows."""

    ALL = "all"
    UNREAD = "unread"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationView:
    """A conversation as the list and the thread's header show it."""

    id: UUID
    contact_id: UUID
    phone_number_id: UUID
    contact_name: str
    contact_phone: str | None
    number_name: str
    change_seq: int
    unread_count: int
    window_expires_at: dt.datetime | None
    last_message_at: dt.datetime | None
    last_message_text: str | None
    last_message_type: MessageType | None
    last_message_direction: MessageDirection | None
    last_message_status: MessageStatus | None
    last_message_is_voice: bool

    @property
    def cursor(self) -> str | None:
        """Its place in the list."""
        return Cursor(self.last_message_at, self.id).encode() if self.last_message_at else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Numbers of a workspace, for the dashboard."""

    unread_conversations: int
    unread_messages: int
    conversations: int
    open_windows: int
    contacts: int
    new_contacts: int
    phone_numbers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberActivity:
    """What goes on at one of the workspace's numbers."""

    conversations: int = 0
    unread_messages: int = 0
    open_windows: int = 0
    last_message_at: dt.datetime | None = None


def list_page(
    session: Session,
    actor: Actor,
    *,
    scope: Scope = Scope.ALL,
    search: str = "",
    after: Cursor | None = None,
    limit: int = PAGE,
) -> Page[ConversationView]:
    """Return a page of the list, newest activity first; `search` looks at names and numbers."""
    actor.require(Permission.CONVERSATION_READ)
    query = _filtered(_rows(actor), scope, search)
    if after is not None:
        place = tuple_(col(Conversation.last_message_at), col(Conversation.id))
        query = query.where(place < (after.at, after.id))
    query = query.order_by(
        col(Conversation.last_message_at).desc().nulls_last(), col(Conversation.id).desc()
    ).limit(limit + 1)
    views = [_view(*row) for row in session.connection().execute(query).all()]
    more = len(views) > limit
    items = views[:limit]
    return Page(items=items, next_cursor=items[-1].cursor if more else None)


def list_by_ids(
    session: Session, actor: Actor, ids: Sequence[UUID], *, search: str = ""
) -> list[ConversationView]:
    """Return these conversations of the workspace, for live updates of the list.

    With a `search`, those of them that it finds.
    """
    actor.require(Permission.CONVERSATION_READ)
    query = _rows(actor).where(col(Conversation.id).in_(ids))
    if search.strip():
        query = query.where(_matches(storable(search.strip()[:MAX_SEARCH])))
    return [_view(*row) for row in session.connection().execute(query).all()]


def list_matching(
    session: Session, actor: Actor, ids: Sequence[UUID], *, scope: Scope, search: str
) -> list[ConversationView]:
    """Return those of these conversations that a filtered list shows."""
    actor.require(Permission.CONVERSATION_READ)
    query = _filtered(_rows(actor), scope, search).where(col(Conversation.id).in_(ids))
    return [_view(*row) for row in session.connection().execute(query).all()]


def get(session: Session, actor: Actor, conversation_id: UUID) -> ConversationView:
    """Return one conversation.

    Raises:
        NotFound: it is missing or another workspace's.
    """
    found = list_by_ids(session, actor, [conversation_id])
    if not found:
        raise NotFound
    return found[0]


def ensure(session: Session, actor: Actor, *, contact_id: UUID, phone_number_id: UUID) -> UUID:
    """Return the conversation of a contact on a number, begun if there is none.

    System-only: whoever writes to somebody has asked for the permission.

    Raises:
        NotFound: the contact or the number is missing or another workspace's.
    """
    made = insert(Conversation).values(
        id=new_id(),
        workspace_id=actor.workspace_id,
        contact_id=contact_id,
        phone_number_id=phone_number_id,
    )
    try:
        session.connection().execute(made.on_conflict_do_nothing())
    except IntegrityError as error:
        raise NotFound from error
    return session.exec(
        select(Conversation.id).where(
            col(Conversation.workspace_id) == actor.workspace_id,
            col(Conversation.contact_id) == contact_id,
            col(Conversation.phone_number_id) == phone_number_id,
        )
    ).one()


def mark_read(session: Session, actor: Actor, conversation_id: UUID, seen: int) -> bool:
    """Note that somebody of the team has seen everything up to a sequence number.

    What the customer wrote since stays unread. The other browsers learn of it. Returns whether
    anything was unread until now.
    """
    actor.require(Permission.CONVERSATION_READ)
    mine = (
        col(Conversation.workspace_id) == actor.workspace_id,
        col(Conversation.id) == conversation_id,
    )
    # Locked first: a message that comes in meanwhile must be there to be counted.
    unread = session.exec(
        select(Conversation.unread_count).where(*mine).with_for_update(key_share=True)
    ).first()
    if not unread:
        return False
    unseen = session.exec(
        select(func.count())
        .select_from(Message)
        .where(
            col(Message.workspace_id) == actor.workspace_id,
            col(Message.conversation_id) == conversation_id,
            col(Message.direction) == MessageDirection.INBOUND,
            col(Message.change_seq) > seen,
        )
    ).one()
    if unseen >= unread:
        return False
    row = session.exec(
        update(Conversation)
        .where(*mine)
        .values(unread_count=unseen, change_seq=Conversation.change_seq + 1)
        .returning(col(Conversation.change_seq))
    ).one()
    events.ring(
        session, *events.conversation_bells(actor.workspace_id, conversation_id, int(row[0]))
    )
    return True


def counts(session: Session, actor: Actor) -> Counts:
    """Return what the dashboard counts."""
    actor.require(Permission.CONVERSATION_READ)
    mine = actor.workspace_id
    unread = col(Conversation.unread_count)
    threads = (
        session.connection()
        .execute(
            sa.select(
                func.count().filter(unread > 0),
                func.coalesce(func.sum(unread), 0),
                func.count(),
                func.count().filter(col(Conversation.window_expires_at) > utc_now()),
            ).where(col(Conversation.workspace_id) == mine)
        )
        .one()
    )
    people = (
        session.connection()
        .execute(
            sa.select(
                func.count(),
                func.count().filter(col(Contact.created_at) > utc_now() - NEW),
            ).where(col(Contact.workspace_id) == mine)
        )
        .one()
    )
    numbers = session.exec(
        select(func.count())
        .select_from(PhoneNumber)
        .where(col(PhoneNumber.workspace_id) == mine, col(PhoneNumber.disconnected_at).is_(None))
    ).one()
    return Counts(
        unread_conversations=threads[0],
        unread_messages=threads[1],
        conversations=threads[2],
        open_windows=threads[3],
        contacts=people[0],
        new_contacts=people[1],
        phone_numbers=numbers,
    )


def activity_by_number(session: Session, actor: Actor) -> dict[UUID, NumberActivity]:
    """Return what goes on at each number that has conversations."""
    actor.require(Permission.CONVERSATION_READ)
    rows = session.connection().execute(
        sa.select(
            col(Conversation.phone_number_id),
            func.count(),
            func.sum(col(Conversation.unread_count)),
            func.count().filter(col(Conversation.window_expires_at) > utc_now()),
            func.max(col(Conversation.last_message_at)),
        )
        .where(col(Conversation.workspace_id) == actor.workspace_id)
        .group_by(col(Conversation.phone_number_id))
    )
    return {
        number: NumberActivity(
            conversations=conversations,
            unread_messages=unread,
            open_windows=windows,
            last_message_at=last,
        )
        for number, conversations, unread, windows, last in rows
    }


def unread_count(session: Session, actor: Actor) -> int:
    """Return how many conversations wait for somebody to look."""
    actor.require(Permission.CONVERSATION_READ)
    return session.exec(
        select(func.count())
        .select_from(Conversation)
        .where(
            col(Conversation.workspace_id) == actor.workspace_id,
            col(Conversation.unread_count) > 0,
        )
    ).one()


def _rows(actor: Actor) -> Select[*tuple[Any, ...]]:
    contact_name = func.coalesce(
        func.nullif(Contact.name, ""), func.nullif(Contact.profile_name, ""), Contact.phone_number
    )
    return (
        sa.select(
            col(Conversation.id),
            col(Conversation.contact_id),
            col(Conversation.phone_number_id),
            contact_name,
            col(Contact.phone_number),
            func.coalesce(PhoneNumber.display_name, PhoneNumber.phone_number),
            col(Conversation.change_seq),
            col(Conversation.unread_count),
            col(Conversation.window_expires_at),
            col(Conversation.last_message_at),
            col(Conversation.last_message_text),
            col(Conversation.last_message_type),
            col(Conversation.last_message_direction),
            col(Conversation.last_message_status),
            _is_voice(),
        )
        .join(
            Contact,
            (col(Contact.workspace_id) == col(Conversation.workspace_id))
            & (col(Contact.id) == col(Conversation.contact_id)),
        )
        .join(
            PhoneNumber,
            (col(PhoneNumber.workspace_id) == col(Conversation.workspace_id))
            & (col(PhoneNumber.id) == col(Conversation.phone_number_id)),
        )
        .where(col(Conversation.workspace_id) == actor.workspace_id)
    )


def _is_voice() -> Any:
    """Tell a recorded voice message from an audio file; looked up for audio only."""
    newest = (
        sa.select(Message.content["voice"].as_boolean())
        .where(
            col(Message.workspace_id) == col(Conversation.workspace_id),
            col(Message.id) == col(Conversation.last_message_id),
        )
        .scalar_subquery()
    )
    return sa.case((col(Conversation.last_message_type) == MessageType.AUDIO, newest))


def _filtered(
    query: Select[*tuple[Any, ...]], scope: Scope, search: str
) -> Select[*tuple[Any, ...]]:
    query = query.where(col(Conversation.last_message_at).is_not(None))
    if scope is Scope.UNREAD:
        query = query.where(col(Conversation.unread_count) > 0)
    if search.strip():
        query = query.where(_matches(storable(search.strip()[:MAX_SEARCH])))
    return query


def _matches(words: str) -> Any:
    pattern = "%" + words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    conditions = [col(Contact.name).ilike(pattern), col(Contact.profile_name).ilike(pattern)]
    digits = "".join(filter(str.isdigit, words))
    if digits:
        conditions.append(col(Contact.phone_number).like(f"%{digits}%"))
    return or_(*conditions)


def _view(*row: Any) -> ConversationView:
    phone = row[4]
    return ConversationView(
        id=row[0],
        contact_id=row[1],
        phone_number_id=row[2],
        contact_name=pretty(row[3]) if row[3] and row[3] == phone else row[3] or "",
        contact_phone=pretty(phone) if phone else None,
        number_name=pretty(row[5]) if row[5].startswith("+") else row[5],
        change_seq=row[6],
        unread_count=row[7],
        window_expires_at=row[8],
        last_message_at=row[9],
        last_message_text=row[10],
        last_message_type=row[11],
        last_message_direction=row[12],
        last_message_status=row[13],
        last_message_is_voice=bool(row[14]),
    )

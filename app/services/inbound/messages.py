"""Inbound messages of a batch: gathered once each, inserted once ever. System-only: the drain."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from app.db import Connection
from app.ids import new_id
from app.services import previews
from app.services.inbound import content, people
from app.services.inbound.inserted import Inserted
from app.services.inbound.items import Item, Sender
from app.services.inbound.numbers import Number
from app.services.inbound.people import Identity, Person
from app.services.inbound.threads import Thread, ThreadKey
from app.services.whatsapp.payloads import IncomingMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """A message and the number it came to."""

    workspace_id: UUID
    phone_number_id: UUID
    item: Item
    message: IncomingMessage
    sender: Sender

    @property
    def person(self) -> Person:
        """Whose thread it is in, in this workspace."""
        return self.workspace_id, self.sender

    def thread_key(self, contacts: dict[Identity, UUID]) -> ThreadKey:
        """Return the thread that it belongs to."""
        contact = people.contact_of(contacts, self.person)
        assert contact is not None  # noqa: S101  # people.resolve found or made it
        return self.workspace_id, self.phone_number_id, contact


def gather(known: Sequence[tuple[Number, Item]]) -> list[Inbound]:
    """Return the messages of a batch, each once, in the order in which they came."""
    unique: dict[tuple[UUID, str], Inbound] = {}
    for number, item in known:
        if item.message is not None and item.sender is not None:
            unique.setdefault(
                (number.id, item.message.id),
                Inbound(
                    workspace_id=number.workspace_id,
                    phone_number_id=number.id,
                    item=item,
                    message=item.message,
                    sender=item.sender,
                ),
            )
    return list(unique.values())


def insert(connection: Connection, placed: Sequence[tuple[Inbound, Thread]]) -> list[Inserted]:
    """Insert what is new; a message that was here before is left alone. Returns the new ones.

    Each comes with its thread, which is locked: its sequence number is still the next.
    """
    if not placed:
        return []
    # WhatsApp's times are whole seconds: within one, the order in which they came stays.
    ordered = sorted(placed, key=lambda one: one[0].message.timestamp)
    pairs = [_row(one, thread) for one, thread in ordered]
    new = connection.execute(
        """
        INSERT INTO messages (id, workspace_id, conversation_id, contact_id, phone_number_id,
            wamid, direction, type, content, text, context, status, sent_at, change_seq, is_echo)
        SELECT k.id, c.workspace_id, c.id, c.contact_id, c.phone_number_id, k.wamid,
            CASE WHEN k.is_echo THEN 'outbound' ELSE 'inbound' END, k.type, k.content, k.text,
            k.context, CASE WHEN k.is_echo THEN 'sent' ELSE 'received' END, k.sent_at,
            c.change_seq + 1, k.is_echo
        FROM unnest(%b::uuid[], %b::uuid[], %b::text[], %b::text[], %b::jsonb[], %b::text[],
            %b::jsonb[], %b::timestamptz[], %b::bool[])
            AS k (id, conversation_id, wamid, type, content, text, context, sent_at, is_echo)
        JOIN conversations c ON c.id = k.conversation_id
        ON CONFLICT (workspace_id, phone_number_id, wamid) DO NOTHING
        RETURNING id
        """,
        [list(column) for column in zip(*(values for _, values in pairs), strict=True)],
    ).fetchall()
    shown = {row.id: row for row, _ in pairs}
    return [shown[row_id] for (row_id,) in new]


def _row(one: Inbound, thread: Thread) -> tuple[Inserted, tuple[Any, ...]]:
    """Return a message as its thread shows it, and as the columns of the insert."""
    message = one.message
    text = content.text_of(message)
    context = content.context_of(message)
    row = Inserted(
        id=new_id(),
        workspace_id=one.workspace_id,
        conversation_id=thread.id,
        contact_id=thread.contact_id,
        type=message.type,
        sent_at=message.timestamp,
        preview=previews.preview(text),
        sender_name=one.sender.name,
        is_echo=one.item.is_echo,
        media=message.media,
    )
    values = (
        row.id,
        row.conversation_id,
        message.id,
        message.type.value,
        Jsonb(content.content_of(message, one.item.raw)),
        text,
        Jsonb(context) if context else None,
        message.timestamp,
        one.item.is_echo,
    )
    return row, values


def touch_contacts(connection: Connection, inserted: Sequence[Inserted]) -> None:
    """Note when contacts wrote last and how they call themselves now."""
    newest: dict[UUID, Inserted] = {}
    for row in inserted:
        if row.is_echo:
            continue
        if row.contact_id not in newest or row.order > newest[row.contact_id].order:
            newest[row.contact_id] = row
    if not newest:
        return
    connection.execute(
        """
        UPDATE contacts c SET updated_at = now(),
            last_message_at = greatest(c.last_message_at, d.at),
            profile_name = CASE WHEN c.last_message_at IS NULL OR d.at >= c.last_message_at
                THEN coalesce(d.name, c.profile_name) ELSE c.profile_name END
        FROM unnest(%b::uuid[], %b::timestamptz[], %b::text[]) AS d (id, at, name)
        WHERE c.id = d.id
        """,
        (
            list(newest),
            [row.sent_at for row in newest.values()],
            [row.sender_name for row in newest.values()],
        ),
    )

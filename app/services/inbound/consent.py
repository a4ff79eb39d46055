"""What customers told WhatsApp about marketing: into the ledger. System-only: the webhook drain."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.db import Connection
from app.ids import new_id
from app.models.enums import ConsentSource
from app.services.inbound import people
from app.services.inbound.items import Item
from app.services.inbound.numbers import Number
from app.services.inbound.people import Identity, Person
from app.services.whatsapp.payloads import Preference

MARKETING = "marketing_messages"
STOP = "stop"
MAX_WORDS = 500


@dataclass(frozen=True, slots=True)
class Wish:
    """A yes or no, and whose."""

    person: Person
    preference: Preference


@dataclass(frozen=True, slots=True)
class Refusal:
    """A no that WhatsApp told by refusing a message."""

    workspace_id: UUID
    contact_id: UUID
    said_at: dt.datetime


def refusals(connection: Connection, messages: Sequence[tuple[UUID, dt.datetime]]) -> list[Refusal]:
    """Return whose no it was that these messages of ours failed, given by id and moment."""
    if not messages:
        return []
    rows = connection.execute(
        """
        SELECT m.workspace_id, m.contact_id, r.said_at
        FROM unnest(%b::uuid[], %b::timestamptz[]) AS r (id, said_at) JOIN messages m USING (id)
        ORDER BY m.contact_id
        """,
        ([message_id for message_id, _ in messages], [said_at for _, said_at in messages]),
    ).fetchall()
    return [Refusal(*row) for row in rows]


def gather(known: Sequence[tuple[Number, Item]]) -> list[Wish]:
    """Return the wishes of a batch about marketing; others are kept with their event only."""
    return [
        Wish((number.workspace_id, item.sender), item.preference)
        for number, item in known
        if item.preference is not None
        and item.sender is not None
        and item.preference.category in {None, MARKETING}
    ]


def apply(connection: Connection, contacts: dict[Identity, UUID], wishes: Sequence[Wish]) -> None:
    """Write the wishes down; the newest of a contact counts, and a no where two are as new."""
    rows = [
        (
            new_id(),
            wish.person[0],
            people.contact_of(contacts, wish.person),
            wish.preference.value.lower() != STOP,
            (wish.preference.detail or "")[:MAX_WORDS] or None,
            wish.preference.timestamp,
        )
        for wish in wishes
    ]
    _keep(connection, rows)


def refuse(connection: Connection, said: Sequence[Refusal]) -> None:
    """Write down what refusals of messages told; the contacts are locked, or locked here."""
    _keep(
        connection,
        [(new_id(), one.workspace_id, one.contact_id, False, None, one.said_at) for one in said],
    )


def _keep(
    connection: Connection,
    rows: Sequence[tuple[Any, ...]],
) -> None:
    """Keep rows of id, workspace, contact, yes or no, words, moment."""
    if not rows:
        return
    columns = [list(column) for column in zip(*rows, strict=True)]
    connection.execute(
        """
        INSERT INTO consent_entries (id, workspace_id, contact_id, is_given, words, said_at, source)
        SELECT k.*, %s FROM unnest(%b::uuid[], %b::uuid[], %b::uuid[], %b::bool[], %b::text[],
            %b::timestamptz[]) AS k (id, workspace_id, contact_id, is_given, words, said_at)
        ON CONFLICT (workspace_id, contact_id, source, said_at, is_given) DO NOTHING
        """,
        (ConsentSource.WHATSAPP.value, *columns),
    )
    connection.execute(
        """
        UPDATE contacts c SET updated_at = now(),
            opted_out_at = CASE WHEN d.is_given THEN NULL ELSE d.said_at END
        FROM (
            SELECT DISTINCT ON (contact_id) contact_id, is_given, said_at FROM consent_entries
            WHERE contact_id = ANY(%b::uuid[]) ORDER BY contact_id, said_at DESC, is_given
        ) d
        WHERE c.id = d.contact_id
        """,
        (columns[2],),
    )

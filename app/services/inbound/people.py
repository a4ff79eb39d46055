"""Find or make the contacts who wrote. System-only: the webhook drain.

Contacts are locked before conversations, in id order.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from app.db import Connection
from app.ids import new_id
from app.models.enums import IdentityKind
from app.services.inbound.items import Sender
from app.services.locks import PEOPLE_LOCKS, serialize
from app.services.whatsapp.payloads import IncomingMessage

Identity = tuple[UUID, str, str]  # workspace, kind, value
Person = tuple[UUID, Sender]

MIN_PHONE_DIGITS = 5
MAX_PHONE_DIGITS = 15


def resolve(connection: Connection, people: Iterable[Person]) -> dict[Identity, UUID]:
    """Return the contact behind every identity of these people, made where there was none."""
    wanted = list(dict.fromkeys(people))
    found = _look_up(connection, {key for person in wanted for key in identities(*person)})
    known = set(found)
    missing = [person for person in wanted if contact_of(found, person) is None]
    if missing:
        keys = [key for person in missing for key in identities(*person)]
        serialize(connection, PEOPLE_LOCKS, (":".join(map(str, key)) for key in keys))
        found |= _look_up(connection, {key for person in missing for key in identities(*person)})
        known |= set(found)
        _create_missing(connection, found, missing)
    for person in wanted:
        contact = contact_of(found, person)
        assert contact is not None  # noqa: S101  # found or made above
        found |= {key: contact for key in identities(*person) if key not in found}
    _remember(connection, {key: found[key] for key in found if key not in known})
    return found


def moved(
    contacts: dict[Identity, UUID], said: Iterable[tuple[Person, IncomingMessage]]
) -> dict[Identity, UUID]:
    """Return the new numbers that contacts say they have."""
    found: dict[Identity, UUID] = {}
    for person, message in said:
        number = message.system.moved_to if message.system else None
        contact = contact_of(contacts, person)
        if number and contact and phone_of(number):
            found[person[0], IdentityKind.WA_ID.value, number] = contact
    return found


def lock(
    connection: Connection, contact_ids: Iterable[UUID], names: Iterable[Identity] = ()
) -> None:
    """Lock these names, then contacts in id order, before any conversation."""
    serialize(connection, PEOPLE_LOCKS, (":".join(map(str, key)) for key in names))
    connection.execute(
        "SELECT FROM contacts WHERE id = ANY(%b::uuid[]) ORDER BY id FOR NO KEY UPDATE",
        (sorted(set(contact_ids)),),
    )


def move(connection: Connection, numbers: dict[Identity, UUID]) -> None:
    """Let contacts keep their conversations at another number; they are written to there.

    A number that is somebody else's here stays theirs. Names and contacts are locked.
    """
    if not numbers:
        return
    taken = _look_up(connection, set(numbers))
    free = {key: contact for key, contact in numbers.items() if key not in taken}
    rows = [(key[0], contact, phone_of(key[2])) for key, contact in free.items()]
    connection.execute(
        """
        UPDATE contacts c SET phone_number = d.phone, updated_at = now()
        FROM unnest(%b::uuid[], %b::uuid[], %b::text[]) AS d (workspace_id, id, phone)
        WHERE c.workspace_id = d.workspace_id AND c.id = d.id
            AND NOT EXISTS (SELECT FROM contacts o
                WHERE o.workspace_id = d.workspace_id AND o.phone_number = d.phone)
        """,
        _columns(sorted(rows, key=str), 3),
    )
    _remember(connection, free)


def identities(workspace_id: UUID, sender: Sender) -> list[Identity]:
    """Return the names under which WhatsApp knows a person, the most telling first."""
    named = ((IdentityKind.WA_ID, sender.wa_id), (IdentityKind.USER_ID, sender.user_id))
    return [(workspace_id, kind.value, value) for kind, value in named if value]


def contact_of(found: dict[Identity, UUID], person: Person) -> UUID | None:
    """Return the contact that any of a person's identities leads to."""
    return next((found[key] for key in identities(*person) if key in found), None)


def phone_of(wa_id: str | None) -> str | None:
    """Return the E.164 number of a WhatsApp id, which is its digits."""
    if not wa_id or not MIN_PHONE_DIGITS <= len(wa_id) <= MAX_PHONE_DIGITS:
        return None
    return f"+{wa_id}"


def _look_up(connection: Connection, keys: set[Identity]) -> dict[Identity, UUID]:
    rows = connection.execute(
        """
        SELECT i.workspace_id, i.kind, i.value, i.contact_id
        FROM contact_identities i
        JOIN unnest(%b::uuid[], %b::text[], %b::text[]) AS k (workspace_id, kind, value)
        USING (workspace_id, kind, value)
        """,
        _columns(keys, 3),
    ).fetchall()
    return {(row[0], row[1], row[2]): row[3] for row in rows}


def _create_missing(
    connection: Connection, found: dict[Identity, UUID], missing: list[Person]
) -> None:
    """Make contacts; one that came by import or by hand with the same phone is taken instead."""
    fresh: dict[tuple[UUID, str | UUID], UUID] = {}
    rows: list[tuple[UUID, UUID, str | None, str | None]] = []
    for person in missing:
        if contact_of(found, person) is not None:
            continue
        workspace_id, sender = person
        phone, contact_id = phone_of(sender.wa_id), new_id()
        contact_id = fresh.setdefault((workspace_id, phone or contact_id), contact_id)
        found |= dict.fromkeys(identities(*person), contact_id)
        rows.append((contact_id, workspace_id, phone, sender.name))
    unique = {row[0]: row for row in rows}.values()
    taken = connection.execute(
        """
        INSERT INTO contacts (id, workspace_id, phone_number, profile_name)
        SELECT * FROM unnest(%b::uuid[], %b::uuid[], %b::text[], %b::text[])
        ON CONFLICT (workspace_id, phone_number) DO UPDATE SET updated_at = now()
        RETURNING id, workspace_id, phone_number
        """,
        _columns(unique, 4),
    ).fetchall()
    actual = {(row[1], row[2]): row[0] for row in taken if row[2]}
    for person in missing:
        phone = phone_of(person[1].wa_id)
        if phone and (contact := actual.get((person[0], phone))):
            found |= dict.fromkeys(identities(*person), contact)


def _remember(connection: Connection, names: dict[Identity, UUID]) -> None:
    """Keep new names; somebody who was known by user id only may thereby get a phone."""
    if not names:
        return
    phones = [
        (workspace_id, contact, phone)
        for (workspace_id, kind, value), contact in names.items()
        if kind == IdentityKind.WA_ID and (phone := phone_of(value))
    ]
    connection.execute(
        """
        UPDATE contacts c SET phone_number = d.phone, updated_at = now()
        FROM unnest(%b::uuid[], %b::uuid[], %b::text[]) AS d (workspace_id, id, phone)
        WHERE c.workspace_id = d.workspace_id AND c.id = d.id AND c.phone_number IS NULL
            AND NOT EXISTS (SELECT FROM contacts o
                WHERE o.workspace_id = d.workspace_id AND o.phone_number = d.phone)
        """,
        _columns(sorted(phones, key=str), 3),
    )
    rows = [(new_id(), *key, contact) for key, contact in sorted(names.items(), key=str)]
    connection.execute(
        """
        INSERT INTO contact_identities (id, workspace_id, kind, value, contact_id)
        SELECT * FROM unnest(%b::uuid[], %b::uuid[], %b::text[], %b::text[], %b::uuid[])
        ON CONFLICT (workspace_id, kind, value) DO NOTHING
        """,
        _columns(rows, 5),
    )


def _columns(rows: Iterable[tuple[Any, ...]], width: int) -> tuple[list[Any], ...]:
    """Turn rows into the columns that unnest takes."""
    columns = tuple(list(column) for column in zip(*rows, strict=True))
    return columns or tuple([] for _ in range(width))

"""The connected numbers that items name. System-only: the webhook drain."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.db import Connection
from app.services.inbound.items import Item, News


@dataclass(frozen=True, slots=True)
class Number:
    """A connected number of a workspace."""

    id: UUID
    workspace_id: UUID


def find(
    connection: Connection, items: Sequence[Item]
) -> tuple[list[tuple[Number, Item]], list[Item]]:
    """Return the items with their numbers, and those whose number nobody has.

    An account's route reaches the account's numbers, the platform's route the platform's.
    """
    wanted: dict[str, set[UUID | None]] = defaultdict(set)
    for item in items:
        wanted[item.meta_phone_number_id].add(item.origin.account_id)
    rows = connection.execute(
        """
        SELECT p.meta_phone_number_id, p.id, p.workspace_id, p.account_id, a.is_platform
        FROM phone_numbers p
        JOIN whatsapp_accounts a ON a.workspace_id = p.workspace_id AND a.id = p.account_id
        WHERE p.disconnected_at IS NULL AND p.meta_phone_number_id = ANY(%b::text[])
        """,
        (list(wanted),),
    ).fetchall()
    numbers: dict[tuple[UUID | None, str], Number] = {}
    for meta_id, number_id, workspace_id, account_id, is_platform in rows:
        for route in wanted[meta_id]:
            if route == account_id or (route is None and is_platform):
                numbers[route, meta_id] = Number(number_id, workspace_id)
    known = [(numbers[_key(item)], item) for item in items if _key(item) in numbers]
    return known, [item for item in items if _key(item) not in numbers]


def note_webhooks(
    connection: Connection, account_ids: Iterable[UUID | None], items: Iterable[Item | News]
) -> None:
    """Note that webhooks came, at most once a minute for an account, and never waiting for it."""
    connection.execute(
        """
        UPDATE whatsapp_accounts SET last_webhook_at = now() WHERE id IN (
            SELECT a.id FROM whatsapp_accounts a
            WHERE (a.id = ANY(%b::uuid[]) OR a.id IN (
                SELECT p.account_id FROM phone_numbers p
                WHERE p.disconnected_at IS NULL AND p.meta_phone_number_id = ANY(%b::text[])))
            AND (a.last_webhook_at IS NULL OR a.last_webhook_at < now() - interval '1 minute')
            FOR NO KEY UPDATE SKIP LOCKED)
        """,
        (
            [one for one in set(account_ids) if one is not None],
            list({one.meta_phone_number_id for one in items if isinstance(one, Item)}),
        ),
    )


def note_unused(connection: Connection, fields: Iterable[tuple[UUID | None, str, str]]) -> None:
    """Note which fields came that nobody acts on: by route's account, WABA and name."""
    seen = sorted(fields, key=str)
    if not seen:
        return
    connection.execute(
        """
        UPDATE whatsapp_accounts a SET unused_fields = a.unused_fields || n.names
        FROM (
            SELECT o.id, jsonb_object_agg(k.field, now()) AS names
            FROM unnest(%b::uuid[], %b::text[], %b::text[]) AS k (account_id, waba_id, field)
            JOIN whatsapp_accounts o ON o.id = k.account_id
                OR (k.account_id IS NULL AND o.is_platform AND o.waba_id = k.waba_id)
            GROUP BY o.id
        ) n WHERE a.id = n.id
        """,
        tuple(map(list, zip(*seen, strict=True))),
    )


def _key(item: Item) -> tuple[UUID | None, str]:
    return item.origin.account_id, item.meta_phone_number_id

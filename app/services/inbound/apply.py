"""Apply a batch of items in one transaction, set-based: the result does not depend on order.

Locks are taken in a fixed order: names (advisory), contacts, then conversations, both by id;
messages last. Every change visible in a thread raises the conversation's `change_seq` once per
batch and stamps the touched rows with it. System-only: the webhook drain.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from uuid import UUID

from app import crash, events
from app.db import Connection
from app.events import Bell
from app.services.inbound import messages, people, statuses
from app.services.inbound.items import Item
from app.services.inbound.threads import Thread, lock_threads, update_threads

UNKNOWN_NUMBER = "The phone number is not connected here. Replay after connecting it."


@dataclass(frozen=True, slots=True)
class Number:
    """A connected number of a workspace."""

    id: UUID
    workspace_id: UUID


@dataclass(slots=True)
class Applied:
    """What a batch did: bells to ring after the commit, items of numbers that nobody has."""

    bells: list[Bell] = field(default_factory=list)
    unknown: list[Item] = field(default_factory=list)


def apply(connection: Connection, items: list[Item]) -> Applied:
    """Apply the items; the caller commits.

    Raises:
        psycopg.Error: the batch as a whole failed and left nothing behind in its savepoint.
    """
    numbers = _numbers(connection, items)
    result = Applied(unknown=[item for item in items if _key(item) not in numbers])
    known = [(numbers[_key(item)], item) for item in items if _key(item) in numbers]
    if not known:
        return result
    inbound = messages.gather(known)
    news = statuses.gather(known)
    targets = statuses.find_targets(connection, news)
    contacts = people.resolve(connection, [message.person for message in inbound])
    keys = [message.thread_key(contacts) for message in inbound]
    messages.lock_contacts(connection, keys)
    threads = lock_threads(
        connection,
        keys=set(keys),
        ids={target.conversation_id for target in targets.values()},
    )
    inserted = messages.insert(
        connection, [(one, threads.by_key[key]) for one, key in zip(inbound, keys, strict=True)]
    )
    changed = statuses.apply(connection, news, targets, threads)
    touched = update_threads(connection, threads, inserted, changed)
    messages.touch_contacts(connection, inserted)
    crash.point("drain.applied", (item.wamid for item in items))
    result.bells = [bell for thread in touched for bell in _bells(thread)]
    return result


def _key(item: Item) -> tuple[UUID | None, str]:
    return item.account_id, item.meta_phone_number_id


def _numbers(connection: Connection, items: list[Item]) -> dict[tuple[UUID | None, str], Number]:
    """Find the numbers named; an account's route reaches its own, the platform's its own."""
    wanted: dict[str, set[UUID | None]] = defaultdict(set)
    for item in items:
        wanted[item.meta_phone_number_id].add(item.account_id)
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
    return numbers


def _bells(thread: Thread) -> list[Bell]:
    return events.conversation_bells(thread.workspace_id, thread.id, thread.seq)

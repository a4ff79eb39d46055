"""Apply a batch of items in one transaction, set-based: the result does not depend on order.

Locks are taken in a fixed order: names (advisory), contacts, then conversations, both by id;
messages last. Every change visible in a thread raises the conversation's `change_seq` once per
batch and stamps the touched rows with it. System-only: the webhook drain.
"""

from dataclasses import dataclass, field

from app import crash, events
from app.db import Connection
from app.events import Bell
from app.services.inbound import consent, messages, news, numbers, people, statuses
from app.services.inbound.items import Item, News
from app.services.inbound.threads import Thread, lock_threads, update_threads
from app.services.media import expected
from app.services.whatsapp.errors import OPTED_OUT

UNKNOWN_NUMBER = "The phone number is not connected here. It is applied once it is."


@dataclass(slots=True)
class Applied:
    """What a batch did: bells to ring after the commit, items of numbers that nobody has."""

    bells: list[Bell] = field(default_factory=list)
    has_media: bool = False
    unknown: list[Item] = field(default_factory=list)


def apply(connection: Connection, batch: list[Item | News]) -> Applied:
    """Apply the items; the caller commits.

    Raises:
        psycopg.Error: the batch as a whole failed and left nothing behind in its savepoint.
    """
    items = [one for one in batch if isinstance(one, Item)]
    known, unknown = numbers.find(connection, items)
    result = Applied(unknown=unknown)
    result.bells += news.apply(connection, [one for one in batch if isinstance(one, News)])
    if not known:
        return result
    inbound = messages.gather(known)
    updates = statuses.gather(known)
    targets = statuses.find_targets(connection, updates)
    wishes = consent.gather(known)
    persons = [*(one.person for one in inbound), *(one.person for one in wishes)]
    contacts = people.resolve(connection, persons)
    keys = [message.thread_key(contacts) for message in inbound]
    moved = people.moved(contacts, [(one.person, one.message) for one in inbound])
    refusals = consent.refusals(connection, statuses.refused_with(updates, targets, OPTED_OUT))
    people.lock(connection, [*contacts.values(), *(one.contact_id for one in refusals)], moved)
    people.move(connection, moved)
    consent.apply(connection, contacts, wishes)
    consent.refuse(connection, refusals)
    threads = lock_threads(
        connection,
        keys=set(keys),
        ids={target.conversation_id for target in targets.values()},
    )
    inserted = messages.insert(
        connection, [(one, threads.by_key[key]) for one, key in zip(inbound, keys, strict=True)]
    )
    result.has_media = expected.expect(connection, inserted)
    changed = statuses.apply(connection, updates, targets, threads)
    touched = update_threads(connection, threads, inserted, changed)
    messages.touch_contacts(connection, inserted)
    crash.point("drain.applied", (item.wamid for item in items))
    result.bells += [bell for thread in touched for bell in _bells(thread)]
    return result


def _bells(thread: Thread) -> list[Bell]:
    return events.conversation_bells(thread.workspace_id, thread.id, thread.seq)

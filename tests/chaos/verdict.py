"""What must be true when everything is over, asked of the tables by somebody else."""

from collections import Counter, defaultdict
from typing import Any
from uuid import UUID

from app.services import stats
from tests.chaos.graph import PLANS, Graph
from tests.chaos.load import Wanted
from tests.table_rows import count, rows

# Replies that are left uncertain because their sender died between taking and sending them. Killing
# often costs some; a product that called every reply uncertain would cost all.
MOST_UNSENT = 0.25


def is_quiet() -> bool:
    """Tell whether nothing waits any more."""
    found = stats.collect()
    return (
        found["webhook_events"]["pending"] == 0
        and found["queue"]["outbox"] == 0
        and found["unprocessed"] == 0
    )


def verdict(wanted: list[Wanted], replies: list[UUID], graph: Graph) -> dict[str, Any]:
    """Return the counts and, under `wrong`, everything that is not as it must be."""
    wrong: list[str] = []
    stored = Counter(
        (workspace_id, wamid)
        for workspace_id, wamid in rows(
            "SELECT workspace_id, wamid FROM messages WHERE direction = 'inbound'"
        )
    )
    keys = {(one.workspace_id, one.wamid) for one in wanted}
    lost, strange = keys - stored.keys(), stored.keys() - keys
    doubled = [key for key, times in stored.items() if times > 1]
    wrong += [f"lost {key[1]}" for key in lost]
    wrong += [f"stored in the wrong place {key[1]}" for key in strange]
    wrong += [f"doubled {key[1]}" for key in doubled]
    wrong += _inbound(wanted)
    wrong += _history(graph)
    unsent = _replies(replies, graph, wrong)
    if unsent > MOST_UNSENT * len(replies):
        wrong.append(f"{unsent} of {len(replies)} replies never left")
    aside = rows("SELECT item, error FROM messages_unprocessed")
    wrong += [f"put aside {item}: {error}" for item, error in aside]
    wrong += [
        f"event {state}: {error}"
        for state, error in rows(
            "SELECT state, error FROM webhook_events WHERE state <> 'PROCESSED'"
        )
    ]
    return {
        "stored": len(stored),
        "lost": len(lost),
        "doubled": len(doubled),
        "replies": len(replies),
        "replies_sent_twice": sum(len(taken) > 1 for taken in graph.taken.values()),
        "replies_never_sent": unsent,
        "webhook_events": count("webhook_events"),
        "wrong": wrong,
    }


def _inbound(wanted: list[Wanted]) -> list[str]:
    """Check that each message says what was said, by whom, in one thread, and counts as unread."""
    found = {
        (workspace_id, wamid): (phone, text)
        for workspace_id, wamid, phone, text in rows(
            """
            SELECT m.workspace_id, m.wamid, c.phone_number, m.text
            FROM messages AS m JOIN contacts AS c ON c.id = m.contact_id
            WHERE m.direction = 'inbound'
            """
        )
    }
    wrong = [
        f"{one.wamid} is {found[key]}"
        for one in wanted
        if (key := (one.workspace_id, one.wamid)) in found
        and found[key] != (f"+{one.sender}", one.text)
    ]
    counted = rows(
        """
        SELECT c.id, c.unread_count, count(m.id) FILTER (WHERE m.direction = 'inbound')
        FROM conversations AS c LEFT JOIN messages AS m ON m.conversation_id = c.id
        GROUP BY c.id
        """
    )
    wrong += [
        f"{unread} of {number} messages unread in {thread}"
        for thread, unread, number in counted
        if unread != number
    ]
    threads = count("conversations"), count("contacts")
    return wrong + ([f"{threads[0]} threads of {threads[1]} people"] if len({*threads}) > 1 else [])


def _history(graph: Graph) -> list[str]:
    """Check that each piece of news about a reply is kept once, with its message."""
    kept: dict[str, list[str]] = defaultdict(list)
    for wamid, message_id, status in rows("SELECT wamid, message_id, status FROM message_statuses"):
        kept[f"{wamid} of {message_id}"].append(status)
    told = {
        f"{wamid} of {message_id.partition('.')[0]}": sorted(PLANS[graph.plans[message_id]])
        for message_id, wamids in graph.taken.items()
        for wamid in wamids
    }
    return [
        f"news of {key}: {sorted(kept.get(key, []))}, not {told.get(key)}"
        for key in kept.keys() | told.keys()
        if sorted(kept.get(key, [])) != told.get(key)
    ]


def _replies(replies: list[UUID], graph: Graph, wrong: list[str]) -> int:
    """Check each reply's fate; returns how many were certainly never sent."""
    found = {
        str(message_id): (status, str(thread))
        for message_id, status, thread in rows(
            "SELECT id, status, conversation_id FROM messages WHERE direction = 'outbound'"
        )
    }
    if len(set(replies)) != len(replies) or set(map(str, replies)) != set(found):
        wrong.append("the replies are not those that were written")
    never = 0
    for message_id, (status, _) in found.items():
        taken = graph.taken.get(message_id, [])
        if len(taken) > 1:
            wrong.append(f"sent twice {message_id}")
        elif taken and status != graph.plans[message_id]:
            wrong.append(f"{message_id} is {status}, not {graph.plans[message_id]}")
        elif not taken:
            # Its sender died before it left: nobody can know, so a person is asked.
            never += 1
            if status != "uncertain":
                wrong.append(f"{message_id} was never sent and is {status}")
    by_thread: dict[str, list[str]] = defaultdict(list)
    for message_id in graph.order:
        if message_id in found:
            by_thread[found[message_id][1]].append(message_id)
    wrong += [f"out of order in {key}" for key, ids in by_thread.items() if ids != sorted(ids)]
    return never

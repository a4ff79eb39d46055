"""Doorbells for open screens: what changed, never its text.

A bell names a topic and, for a conversation, the sequence number of the change. It is published
to a Redis Stream after the commit; every web process reads the stream (`hub`). A lost bell costs
at most the 30 seconds until the views check by themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson
import redis
from sqlmodel import Session

from app import log, queue
from app.db import after_commit

STREAM = "events"
MAX_LENGTH = 10_000
TOGETHER = 100  # bells in one entry: a batch of the drain rings a thousand
BELLS = "bells"


@dataclass(frozen=True, slots=True)
class Bell:
    """Something changed in a topic; `conversation_id` and `seq` say what, where that applies."""

    topic: str
    conversation_id: str = ""
    seq: int = 0


def inbox_topic(workspace_id: UUID) -> str:
    """Return the topic of a workspace's conversation list."""
    return f"inbox:{workspace_id}"


def thread_topic(workspace_id: UUID, conversation_id: UUID) -> str:
    """Return the topic of one conversation."""
    return f"thread:{workspace_id}:{conversation_id}"


def session_topic(session_id: UUID) -> str:
    """Return the topic that closes the pages of a revoked sign-in."""
    return f"session:{session_id}"


def conversation_bells(workspace_id: UUID, conversation_id: UUID, seq: int) -> list[Bell]:
    """Return the two bells of a change in a conversation: its thread and the list."""
    return [
        Bell(thread_topic(workspace_id, conversation_id), str(conversation_id), seq),
        Bell(inbox_topic(workspace_id), str(conversation_id), seq),
    ]


def ring(session: Session, *bells: Bell) -> None:
    """Publish the bells once this transaction has committed, all in one round trip."""
    pending: list[Bell] = session.info.setdefault(BELLS, [])
    if not pending:
        after_commit(session, lambda: publish(pending))
    pending.extend(bells)


def read(entry: dict[str, str]) -> list[Bell]:
    """Return the bells of an entry of the stream; none for one that we did not write."""
    try:
        return [Bell(*one) for one in orjson.loads(entry.get(BELLS, "[]"))]
    except (TypeError, ValueError):
        return []


def publish(bells: Sequence[Bell]) -> None:
    """Publish now; for drains, whose transactions are their own. A failure is only logged."""
    if not bells:
        return
    latest = list({(bell.topic, bell.conversation_id): bell for bell in bells}.values())
    try:
        pipeline = queue.connection().pipeline(transaction=False)
        for start in range(0, len(latest), TOGETHER):
            some = latest[start : start + TOGETHER]
            entry = orjson.dumps([(bell.topic, bell.conversation_id, bell.seq) for bell in some])
            pipeline.xadd(STREAM, {BELLS: entry}, maxlen=MAX_LENGTH, approximate=True)
        pipeline.execute()
    except redis.RedisError as error:
        log.get(__name__).warning("publish_failed", error=type(error).__name__)

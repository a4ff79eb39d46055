"""Messages between customers and business numbers, and the 24-hour window of each thread.

A message with `arrived_at` NULL waits because its customer is offline: what the business sent has
not reached the phone, what the customer wrote has not left it. `accepted_at` says that the business
has taken what left it.
"""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from app.sandbox.database import Database

WINDOW_S = 24 * 60 * 60
CHAT_LIMIT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message in either direction."""

    id: int
    wamid: str
    meta_phone_number_id: str
    customer_id: int
    is_from_customer: bool
    type: str
    content: dict[str, Any] | list[Any]
    beside: dict[str, Any]
    context_wamid: str | None
    opaque: str | None
    category: str
    sent_at: float
    arrived_at: float | None
    accepted_at: float | None
    read_at: float | None
    is_failed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """What is known of a message before it is stored."""

    wamid: str
    meta_phone_number_id: str
    customer_id: int
    is_from_customer: bool
    type: str
    content: dict[str, Any] | list[Any]
    beside: dict[str, Any] = field(default_factory=dict)
    context_wamid: str | None = None
    opaque: str | None = None
    category: str = "service"


class Messages:
    """The tables of messages and threads."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def create(self, new: NewMessage, *, has_arrived: bool, is_failed: bool = False) -> Message:
        now = self._clock()
        message_id = self._database.run(
            "INSERT INTO messages (wamid, meta_phone_number_id, customer_id, is_from_customer,"
            " type, content, beside, context_wamid, opaque, category, sent_at, arrived_at,"
            " is_failed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            new.wamid,
            new.meta_phone_number_id,
            new.customer_id,
            new.is_from_customer,
            new.type,
            json.dumps(new.content),
            json.dumps(new.beside),
            new.context_wamid,
            new.opaque,
            new.category,
            now,
            now if has_arrived else None,
            is_failed,
        )
        row = self._database.row("SELECT * FROM messages WHERE id = ?", message_id)
        assert row is not None  # noqa: S101  # inserted above
        return _message(row)

    def find(self, meta_phone_number_id: str, wamid: str) -> Message | None:
        row = self._database.row(
            "SELECT * FROM messages WHERE wamid = ? AND meta_phone_number_id = ?",
            wamid,
            meta_phone_number_id,
        )
        return _message(row) if row else None

    def list_chat(self, meta_phone_number_id: str, customer_id: int) -> list[Message]:
        """Return what the customer's phone shows of a chat, oldest first."""
        rows = self._database.rows(
            "SELECT * FROM messages WHERE meta_phone_number_id = ? AND customer_id = ?"
            " AND is_failed = 0 AND (is_from_customer OR arrived_at IS NOT NULL)"
            " ORDER BY id DESC LIMIT ?",
            meta_phone_number_id,
            customer_id,
            CHAT_LIMIT,
        )
        return [_message(row) for row in reversed(rows)]

    def list_waiting(self, customer_id: int) -> list[Message]:
        """Return what waits for this customer to come online, oldest first."""
        rows = self._database.rows(
            "SELECT * FROM messages WHERE customer_id = ? AND arrived_at IS NULL"
            " AND is_failed = 0 ORDER BY id",
            customer_id,
        )
        return [_message(row) for row in rows]

    def arrive(self, message: Message) -> None:
        self._database.run(
            "UPDATE messages SET arrived_at = ? WHERE id = ?", self._clock(), message.id
        )

    def accept(self, wamid: str) -> None:
        """Note that the business has taken a customer's message."""
        self._database.run(
            "UPDATE messages SET accepted_at = ? WHERE wamid = ? AND accepted_at IS NULL",
            self._clock(),
            wamid,
        )

    def mark_read(self, message: Message) -> None:
        """Mark a customer's message and the earlier ones of its thread as read by the business."""
        self._database.run(
            "UPDATE messages SET read_at = ? WHERE meta_phone_number_id = ? AND customer_id = ?"
            " AND id <= ? AND is_from_customer AND read_at IS NULL",
            self._clock(),
            message.meta_phone_number_id,
            message.customer_id,
            message.id,
        )

    def count_sent(
        self, meta_phone_number_id: str, *, since: float, customer_id: int | None = None
    ) -> int:
        """Return how many messages the business has sent since then, to all or to one."""
        row = self._database.row(
            "SELECT count(*) AS n FROM messages WHERE meta_phone_number_id = ?"
            " AND is_from_customer = 0 AND sent_at > ? AND coalesce(? = customer_id, 1)",
            meta_phone_number_id,
            since,
            customer_id,
        )
        return int(row["n"]) if row else 0

    def open_window(self, meta_phone_number_id: str, customer_id: int) -> None:
        """Let the business answer freely for 24 hours from now."""
        self._set_thread(
            "window_expires_at", meta_phone_number_id, customer_id, self._clock() + WINDOW_S
        )

    def window_expires_at(self, meta_phone_number_id: str, customer_id: int) -> float:
        return self._thread("window_expires_at", meta_phone_number_id, customer_id)

    def set_typing(self, meta_phone_number_id: str, customer_id: int, *, seconds: float) -> None:
        """Show "typing" on the phone for so long; 0 takes it away."""
        until = self._clock() + seconds if seconds else 0
        self._set_thread("typing_until", meta_phone_number_id, customer_id, until)

    def typing_s(self, meta_phone_number_id: str, customer_id: int) -> float:
        until = self._thread("typing_until", meta_phone_number_id, customer_id)
        return max(0.0, until - self._clock())

    def _set_thread(
        self, column: str, meta_phone_number_id: str, customer_id: int, value: float
    ) -> None:
        self._database.run(
            f"INSERT INTO threads (meta_phone_number_id, customer_id, {column}) VALUES (?, ?, ?)"  # noqa: S608  # constants
            f" ON CONFLICT DO UPDATE SET {column} = excluded.{column}",
            meta_phone_number_id,
            customer_id,
            value,
        )

    def _thread(self, column: str, meta_phone_number_id: str, customer_id: int) -> float:
        row = self._database.row(
            "SELECT * FROM threads WHERE meta_phone_number_id = ? AND customer_id = ?",
            meta_phone_number_id,
            customer_id,
        )
        return float(row[column]) if row else 0.0


def _message(row: sqlite3.Row) -> Message:
    return Message(
        id=row["id"],
        wamid=row["wamid"],
        meta_phone_number_id=row["meta_phone_number_id"],
        customer_id=row["customer_id"],
        is_from_customer=bool(row["is_from_customer"]),
        type=row["type"],
        content=json.loads(row["content"]),
        beside=json.loads(row["beside"]),
        context_wamid=row["context_wamid"],
        opaque=row["opaque"],
        category=row["category"],
        sent_at=row["sent_at"],
        arrived_at=row["arrived_at"],
        accepted_at=row["accepted_at"],
        read_at=row["read_at"],
        is_failed=bool(row["is_failed"]),
    )

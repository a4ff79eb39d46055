"""The queue of webhook updates: stored before they are sent, so that a restart loses none.

A row lives until the receiver answered 200, until the control page drops it, or for seven days.
One process delivers; a second one on the same file would only repeat updates, as Meta may.
"""

import json
import sqlite3
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from app.sandbox.database import Database

KEPT_S = 7 * 24 * 60 * 60
CLAIM_LIMIT = 1000  # as many as the largest batch
DELIVERABLE = (
    "FROM updates u JOIN numbers n USING (meta_phone_number_id) JOIN accounts a USING (waba_id)"
    " WHERE a.callback_url IS NOT NULL"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """One webhook change that waits for its delivery, with where it goes."""

    id: int
    meta_phone_number_id: str
    customer_id: int
    field: str  # changes[].field
    value_json: str  # changes[].value, as it was stored and is sent
    attempts: int
    waba_id: str
    workspace: str
    app_secret: str
    callback: str

    @property
    def value(self) -> dict[str, Any]:
        return dict(json.loads(self.value_json))


class Updates:
    """The table of updates, in due order."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def put(
        self,
        meta_phone_number_id: str,
        customer_id: int,
        value: dict[str, Any],
        *,
        due_at: float,
        field: str = "messages",
    ) -> None:
        self._database.run(
            "INSERT INTO updates"
            " (meta_phone_number_id, customer_id, field, value, created_at, due_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            meta_phone_number_id,
            customer_id,
            field,
            json.dumps(value, separators=(",", ":")),
            self._clock(),
            due_at,
        )

    def list_due(self, *, busy: Collection[str] = ()) -> list[Update]:
        """Return due updates in due order, without those of accounts being delivered to."""
        rows = self._database.rows(
            f"SELECT u.*, a.* {DELIVERABLE} AND u.due_at <= ? {_except(busy)}"
            " ORDER BY u.due_at, u.id LIMIT ?",
            self._clock(),
            *busy,
            CLAIM_LIMIT,
        )
        return [_update(row) for row in rows]

    def next_due_at(self, *, busy: Collection[str] = ()) -> float | None:
        row = self._database.row(
            f"SELECT min(u.due_at) AS due_at {DELIVERABLE} {_except(busy)}", *busy
        )
        return row["due_at"] if row else None

    def count(self) -> int:
        row = self._database.row("SELECT count(*) AS waiting FROM updates")
        return int(row["waiting"]) if row else 0

    def delete(self, updates: Sequence[Update]) -> None:
        with self._database.transaction():
            for update in updates:
                self._database.run("DELETE FROM updates WHERE id = ?", update.id)

    def postpone(self, updates: Sequence[Update], *, pause_s: float) -> None:
        """Try these again after a pause; give up on those that are too old."""
        now = self._clock()
        with self._database.transaction():
            for update in updates:
                self._database.run(
                    "UPDATE updates SET attempts = attempts + 1, due_at = ? WHERE id = ?",
                    now + pause_s,
                    update.id,
                )
            self._database.run("DELETE FROM updates WHERE created_at < ?", now - KEPT_S)


def _except(busy: Collection[str]) -> str:
    return f"AND a.waba_id NOT IN ({', '.join('?' * len(busy))})" if busy else ""


def _update(row: sqlite3.Row) -> Update:
    return Update(
        id=row["id"],
        meta_phone_number_id=row["meta_phone_number_id"],
        customer_id=row["customer_id"],
        field=row["field"],
        value_json=row["value"],
        attempts=row["attempts"],
        waba_id=row["waba_id"],
        workspace=row["workspace"],
        app_secret=row["app_secret"],
        callback=row["callback_url"],
    )

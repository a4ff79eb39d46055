"""The templates of an account, and the review that ends by itself after a while."""

import json
import sqlite3
from collections.abc import Callable
from typing import Any

from app.sandbox import identifiers, review
from app.sandbox.database import Database
from app.sandbox.errors import GraphError

DAY_S = 24 * 3600.0
MOST_EDITS_A_DAY = 1
TAKEN, EDITED_TOO_OFTEN = 2388024, 2388139


class Templates:
    """The table of templates; a review's end is a moment, so nothing has to run for it."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def create(self, waba_id: str, body: dict[str, Any], *, review_s: float) -> dict[str, Any]:
        """Take a template for review; returns it as Graph shows it."""
        components = body["components"]
        template_id = identifiers.new_meta_id()
        try:
            self._database.run(
                "INSERT INTO templates (id, waba_id, name, language, category, parameter_format,"
                " components, verdict, reviewed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                template_id,
                waba_id,
                body["name"],
                body["language"],
                review.category(body["category"], components),
                body.get("parameter_format", "POSITIONAL"),
                json.dumps(components),
                review.verdict(components),
                self._clock() + review_s,
            )
        except sqlite3.IntegrityError:
            raise GraphError(
                100,
                "Invalid parameter",
                details="There is already content in this language for this template.",
                subcode=TAKEN,
            ) from None
        return self._shown(template_id)

    def edit(
        self, waba_id: str, template_id: str, components: list[dict[str, Any]], *, review_s: float
    ) -> dict[str, Any]:
        """Take other parts for review; an approved one takes one edit a day."""
        with self._database.transaction():
            row = self._row(waba_id, template_id)
            if self._shown(template_id)["status"] == "PENDING":
                raise GraphError(100, "Invalid parameter", details="It is being reviewed.")
            since = self._clock() - DAY_S
            edits = [one for one in json.loads(row["edited_at"]) if one > since]
            if row["verdict"] == review.APPROVED and len(edits) >= MOST_EDITS_A_DAY:
                raise GraphError(
                    100,
                    "Invalid parameter",
                    details="An approved template can be edited once in 24 hours.",
                    subcode=EDITED_TOO_OFTEN,
                )
            self._database.run(
                "UPDATE templates SET components = ?, verdict = ?, reviewed_at = ?, edited_at = ?"
                " WHERE id = ?",
                json.dumps(components),
                review.verdict(components),
                self._clock() + review_s,
                json.dumps([*edits, self._clock()]),
                template_id,
            )
        return self._shown(template_id)

    def delete(self, waba_id: str, name: str, template_id: str | None) -> int:
        """Delete a name in every language, or one of them by its id; returns how many."""
        found = [
            one["id"]
            for one in self.list_all(waba_id)
            if one["name"] == name and template_id in {None, one["id"]}
        ]
        for one in found:
            self._database.run("DELETE FROM templates WHERE id = ?", one)
        return len(found)

    def list_all(self, waba_id: str) -> list[dict[str, Any]]:
        """Return an account's templates as Graph shows them, oldest first."""
        rows = self._database.rows(
            "SELECT * FROM templates WHERE waba_id = ? ORDER BY rowid", waba_id
        )
        return [self._json(row) for row in rows]

    def _shown(self, template_id: str) -> dict[str, Any]:
        row = self._database.row("SELECT * FROM templates WHERE id = ?", template_id)
        assert row  # noqa: S101  # just written
        return self._json(row)

    def _row(self, waba_id: str, template_id: str) -> sqlite3.Row:
        row = self._database.row(
            "SELECT * FROM templates WHERE waba_id = ? AND id = ?", waba_id, template_id
        )
        if row is None:
            raise GraphError(100, "Invalid parameter", details="There is no such template.")
        return row

    def _json(self, row: sqlite3.Row) -> dict[str, Any]:
        is_over, is_good = self._clock() >= row["reviewed_at"], row["verdict"] == review.APPROVED
        status = ("APPROVED" if is_good else "REJECTED") if is_over else "PENDING"
        return {
            "id": row["id"],
            "name": row["name"],
            "language": row["language"],
            "category": row["category"],
            "parameter_format": row["parameter_format"],
            "components": json.loads(row["components"]),
            "status": status,
            "rejected_reason": row["verdict"] if status == "REJECTED" else "NONE",
            "quality_score": {"score": "UNKNOWN"},
        }

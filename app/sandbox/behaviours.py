"""How badly the network and Meta behave: for the whole sandbox, one workspace or one number.

The narrower scope wins; a value set for a wider scope later replaces the narrower ones, so the
last word counts. With nothing set everything works, at once and in order.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from app.sandbox.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """The values in force for one number; what they mean is told in `control.py`."""

    batch: int = 1
    delay_ms: int = 0
    reorder: bool = False
    duplicate: float = 0.0
    drop: float = 0.0
    limits: bool = False
    fail_with: str | None = None
    count: int | None = None

    @property
    def is_grouped(self) -> bool:
        """Whether updates have to wait for others to be combined or shuffled with."""
        return self.batch > 1 or self.reorder


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whom a setting is for: nothing named means everybody."""

    workspace: str | None = None
    meta_phone_number_id: str | None = None

    @property
    def key(self) -> str:
        if self.meta_phone_number_id:
            return f"number:{self.meta_phone_number_id}"
        return f"workspace:{self.workspace}" if self.workspace else ""

    @property
    def layers(self) -> tuple[str, ...]:
        """Every scope that applies here, the widest first."""
        layers = dict.fromkeys(("", Scope(workspace=self.workspace).key, self.key))
        return tuple(layers)


class Behaviours:
    """The table of behaviours, one row per scope with only what was set there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, scope: Scope) -> Behaviour:
        merged: dict[str, Any] = {}
        for key in scope.layers:
            merged |= self._load(key)
        known = {field.name for field in fields(Behaviour)}
        return Behaviour(**{name: value for name, value in merged.items() if name in known})

    def change(self, scope: Scope, changes: Mapping[str, Any]) -> Behaviour:
        """Set these values here and drop them from the narrower scopes."""
        with self._database.transaction():
            for row in self._narrower(scope):
                kept = {
                    name: value
                    for name, value in json.loads(row["settings"]).items()
                    if name not in changes
                }
                self._save(row["scope"], row["workspace"], kept)
            self._save(scope.key, scope.workspace, {**self._load(scope.key), **changes})
            return self.find(scope)

    def take_failure(self, scope: Scope) -> str | None:
        """Return the failure this send has to meet, and count it."""
        with self._database.transaction():
            for key in reversed(scope.layers):
                values = self._load(key)
                if "fail_with" not in values:
                    continue
                count = values.get("count")
                if values["fail_with"] and count is not None:
                    left = {"count": count - 1} if count > 1 else {"count": None, "fail_with": None}
                    self._save(key, scope.workspace if key else None, {**values, **left})
                failure: str | None = values["fail_with"]
                return failure
        return None

    def _narrower(self, scope: Scope) -> list[Any]:
        if scope.meta_phone_number_id:
            return []
        if scope.workspace:
            return self._database.rows(
                "SELECT * FROM behaviours WHERE workspace = ? AND scope <> ?",
                scope.workspace,
                scope.key,
            )
        return self._database.rows("SELECT * FROM behaviours WHERE scope <> ''")

    def _load(self, key: str) -> dict[str, Any]:
        row = self._database.row("SELECT settings FROM behaviours WHERE scope = ?", key)
        return dict(json.loads(row["settings"])) if row else {}

    def _save(self, key: str, workspace: str | None, values: dict[str, Any]) -> None:
        self._database.run(
            "INSERT INTO behaviours VALUES (?, ?, ?)"
            " ON CONFLICT (scope) DO UPDATE SET settings = excluded.settings",
            key,
            workspace,
            json.dumps(values),
        )

"""The state of the sandbox: accounts and numbers here, the rest in one part per noun.

`Store(path)` may be opened by several processes at once: the command line creates numbers while
the web process serves them.
"""

import secrets
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.sandbox import identifiers
from app.sandbox.behaviours import Behaviours
from app.sandbox.customers import Customers
from app.sandbox.database import Database
from app.sandbox.media import Media
from app.sandbox.messages import Messages
from app.sandbox.registrations import Registrations
from app.sandbox.templates import Templates
from app.sandbox.updates import Update, Updates

FILE_NAME = "sandbox.sqlite3"
SELECT_NUMBER = "SELECT n.*, a.* FROM numbers n JOIN accounts a USING (waba_id)"


class PhoneTaken(Exception):
    """Another sandbox number has this phone number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxNumber:
    """A business number and everything a program needs to use it."""

    phone: str
    display_name: str
    meta_phone_number_id: str
    waba_id: str
    access_token: str
    app_secret: str
    verify_token: str
    workspace: str
    app_id: str
    callback: str | None  # see `callbacks`
    is_subscribed: bool
    is_verified: bool
    is_registered: bool
    is_token_expired: bool
    quality: str


class Store:
    """One SQLite file; every method is one short transaction."""

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        self.database = Database(path)
        self.clock = clock
        self.customers = Customers(self.database)
        self.messages = Messages(self.database, clock)
        self.updates = Updates(self.database, clock)
        self.behaviours = Behaviours(self.database)
        self.registrations = Registrations(self.database, clock)
        self.templates = Templates(self.database, clock)
        self.media = Media(self.database, clock)

    def close(self) -> None:
        self.database.close()

    def create_number(
        self, *, workspace: str, display_name: str, phone: str | None = None
    ) -> SandboxNumber:
        """Create an account with one number; raises `PhoneTaken` for a phone that exists."""
        while True:
            chosen = phone or identifiers.new_business_phone()
            try:
                return self._insert(workspace, display_name, chosen)
            except sqlite3.IntegrityError:
                if phone:
                    raise PhoneTaken(phone) from None

    def set_callback(self, waba_id: str, callback: str | None) -> None:
        """Say where webhooks of this account go; updates without an address wait for one.

        A path is one of the product's own (`callbacks`).
        """
        self.database.run(
            "UPDATE accounts SET callback_url = ?, is_subscribed = 1 WHERE waba_id = ?",
            callback,
            waba_id,
        )

    def unsubscribe(self, waba_id: str) -> None:
        """Stop making webhooks for this account."""
        self.database.run(
            "UPDATE accounts SET callback_url = NULL, is_subscribed = 0 WHERE waba_id = ?", waba_id
        )

    def accept(self, updates: Sequence[Update]) -> None:
        """Note that the receiver has taken these; a customer's message among them has arrived."""
        with self.database.transaction():
            for update in updates:
                for message in update.value.get("messages", ()):
                    self.messages.accept(message["id"])
                self.customers.touch(update.workspace)
            self.updates.delete(updates)

    def find_number(self, meta_phone_number_id: str) -> SandboxNumber | None:
        row = self.database.row(
            f"{SELECT_NUMBER} WHERE meta_phone_number_id = ?", meta_phone_number_id
        )
        return _number(row) if row else None

    def list_numbers(self, *, waba_id: str | None = None) -> list[SandboxNumber]:
        rows = self.database.rows(f"{SELECT_NUMBER} WHERE waba_id = ? ORDER BY n.rowid", waba_id)
        return [_number(row) for row in rows]

    def list_workspace_numbers(self, workspace: str) -> list[SandboxNumber]:
        rows = self.database.rows(
            f"{SELECT_NUMBER} WHERE workspace = ? ORDER BY n.rowid", workspace
        )
        return [_number(row) for row in rows]

    def find_waba_by_token(self, access_token: str) -> tuple[str, bool] | None:
        """Return the account that a token opens, and whether the token has ended."""
        row = self.database.row("SELECT * FROM accounts WHERE access_token = ?", access_token)
        return (str(row["waba_id"]), bool(row["is_token_expired"])) if row else None

    def set_token_expired(self, waba_id: str, *, is_expired: bool) -> None:
        """Let an account's token end, or work again."""
        self.database.run(
            "UPDATE accounts SET is_token_expired = ? WHERE waba_id = ?", is_expired, waba_id
        )

    def set_quality(self, meta_phone_number_id: str, quality: str) -> None:
        """Change how customers rate a number."""
        self.database.run(
            "UPDATE numbers SET quality = ? WHERE meta_phone_number_id = ?",
            quality,
            meta_phone_number_id,
        )

    def _insert(self, workspace: str, display_name: str, phone: str) -> SandboxNumber:
        waba_id, number_id = identifiers.new_meta_id(), identifiers.new_meta_id()
        with self.database.transaction():
            self.database.run(
                "INSERT INTO accounts (waba_id, workspace, access_token, app_id, app_secret,"
                " verify_token) VALUES (?, ?, ?, ?, ?, ?)",
                waba_id,
                workspace,
                identifiers.new_access_token(),
                identifiers.new_meta_id(),
                secrets.token_hex(16),
                secrets.token_hex(16),
            )
            self.database.run(
                "INSERT INTO numbers (meta_phone_number_id, waba_id, phone, display_name)"
                " VALUES (?, ?, ?, ?)",
                number_id,
                waba_id,
                phone,
                display_name,
            )
            self.customers.touch(workspace)
            number = self.find_number(number_id)
        assert number  # noqa: S101  # inserted above
        return number


def _number(row: sqlite3.Row) -> SandboxNumber:
    return SandboxNumber(
        phone=row["phone"],
        display_name=row["display_name"],
        meta_phone_number_id=row["meta_phone_number_id"],
        waba_id=row["waba_id"],
        access_token=row["access_token"],
        app_secret=row["app_secret"],
        verify_token=row["verify_token"],
        workspace=row["workspace"],
        app_id=row["app_id"],
        callback=row["callback_url"],
        is_subscribed=bool(row["is_subscribed"]),
        is_verified=bool(row["is_verified"]),
        is_registered=bool(row["is_registered"]),
        is_token_expired=bool(row["is_token_expired"]),
        quality=row["quality"],
    )

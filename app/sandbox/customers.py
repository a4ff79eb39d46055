"""The people who write to the businesses: each belongs to one workspace of the product.

The same phone number in two workspaces is two customers, who know nothing of each other.
"""

import sqlite3
from dataclasses import dataclass

from app.sandbox import identifiers
from app.sandbox.database import Database

MAX_TRIES = 50
NAMES = (
    "Ana Morales",
    "Ben Okafor",
    "Chiara Russo",
    "Dev Patel",
    "Elif Kaya",
    "Finn Larsen",
    "Grace Mbeki",
    "Hana Sato",
    "Idris Haddad",
    "Julia Novak",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A person with a phone."""

    id: int
    workspace: str
    name: str
    wa_id: str
    user_id: str
    is_online: bool
    shows_receipts: bool
    wants_marketing: bool
    hides_phone: bool  # businesses know them by their user id only


class Customers:
    """The table of customers, and the version that tells the phone page to look again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, workspace: str, name: str, wa_id: str) -> Customer | None:
        """Add a customer; None when the workspace has one with this number."""
        with self._database.transaction():
            if self._find(workspace, "wa_id", wa_id):
                return None
            customer_id = self._database.run(
                "INSERT INTO customers (workspace, name, wa_id, user_id) VALUES (?, ?, ?, ?)",
                workspace,
                name,
                wa_id,
                identifiers.new_user_id(),
            )
            self.touch(workspace)
            return self.find(workspace, customer_id)

    def find_or_create(self, workspace: str, wa_id: str) -> Customer:
        """Return the customer with this number; a new one is named by the number."""
        with self._database.transaction():
            known = self._find(workspace, "wa_id", wa_id)
            customer = known or self.create(workspace, identifiers.readable_phone(wa_id), wa_id)
        assert customer  # noqa: S101  # the transaction keeps others from creating it in between
        return customer

    def find(self, workspace: str, customer_id: int) -> Customer | None:
        return self._find(workspace, "id", customer_id)

    def find_by_user_id(self, workspace: str, user_id: str) -> Customer | None:
        return self._find(workspace, "user_id", user_id)

    def list_all(self, workspace: str) -> list[Customer]:
        rows = self._database.rows(
            "SELECT * FROM customers WHERE workspace = ? ORDER BY id", workspace
        )
        return [_customer(row) for row in rows]

    def set_switches(self, customer: Customer) -> None:
        """Keep the switches that a customer has now."""
        with self._database.transaction():
            self._database.run(
                "UPDATE customers SET is_online = ?, shows_receipts = ?, wants_marketing = ?,"
                " hides_phone = ? WHERE id = ?",
                customer.is_online,
                customer.shows_receipts,
                customer.wants_marketing,
                customer.hides_phone,
                customer.id,
            )
            self.touch(customer.workspace)

    def suggest(self, workspace: str) -> tuple[str, str]:
        """Return a name and a fictional phone number that the workspace does not have yet."""
        existing = self.list_all(workspace)
        names = {customer.name for customer in existing}
        phones = {"+" + customer.wa_id for customer in existing}
        name = next((name for name in NAMES if name not in names), NAMES[len(names) % len(NAMES)])
        phone = identifiers.new_customer_phone()
        for _ in range(MAX_TRIES):
            if phone not in phones:
                break
            phone = identifiers.new_customer_phone()
        return name, phone

    def touch(self, workspace: str) -> None:
        """Note that something changed which the phone page of this workspace shows."""
        self._database.run(
            "INSERT INTO versions VALUES (?, 1)"
            " ON CONFLICT (workspace) DO UPDATE SET version = version + 1",
            workspace,
        )

    def version(self, workspace: str) -> int:
        row = self._database.row("SELECT version FROM versions WHERE workspace = ?", workspace)
        return int(row["version"]) if row else 0

    def _find(self, workspace: str, column: str, value: str | int) -> Customer | None:
        row = self._database.row(
            f"SELECT * FROM customers WHERE workspace = ? AND {column} = ?",  # noqa: S608  # constants
            workspace,
            value,
        )
        return _customer(row) if row else None


def _customer(row: sqlite3.Row) -> Customer:
    return Customer(
        id=row["id"],
        workspace=row["workspace"],
        name=row["name"],
        wa_id=row["wa_id"],
        user_id=row["user_id"],
        is_online=bool(row["is_online"]),
        shows_receipts=bool(row["shows_receipts"]),
        wants_marketing=bool(row["wants_marketing"]),
        hides_phone=bool(row["hides_phone"]),
    )

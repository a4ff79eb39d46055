"""How a number comes to be: added, proven by a code, registered with a PIN. Limits are Meta's.

A code lives ten minutes; who asks too often has to wait; a number registers ten times in 72 hours.
"""

import json
import secrets
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from app.sandbox import identifiers
from app.sandbox.database import Database
from app.sandbox.errors import GraphError

MINUTE_S, HOUR_S = 60.0, 3600.0
CODE_S = 10 * MINUTE_S
MOST_CODES, CODES_S = 5, HOUR_S
MOST_REGISTRATIONS, REGISTRATIONS_S = 10, 72 * HOUR_S
TAKEN = 2388012  # the subcode with which Meta says that a number is registered elsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class SentCode:
    """A code as the person who owns the number reads or hears it."""

    phone: str
    display_name: str
    code: str
    method: str
    expires_at: float


class Registrations:
    """Numbers on their way to being used."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def add(self, waba_id: str, phone: str, display_name: str) -> str:
        """Add a number to an account and return its id; raises Meta's error for one that exists."""
        number_id = identifiers.new_meta_id()
        try:
            self._database.run(
                "INSERT INTO numbers (meta_phone_number_id, waba_id, phone, display_name,"
                " is_verified, is_registered) VALUES (?, ?, ?, ?, 0, 0)",
                number_id,
                waba_id,
                phone,
                display_name,
            )
        except sqlite3.IntegrityError:
            raise GraphError(
                100,
                "(#100) Invalid parameter",
                details="This phone number is registered to another WhatsApp Business account.",
                subcode=TAKEN,
            ) from None
        return number_id

    def ask_for_code(self, number_id: str, method: str) -> None:
        """Send a code by SMS or by voice: here it is shown instead (`sent_codes`)."""
        with self._database.transaction():
            row = self._row(number_id)
            if row["is_verified"]:
                raise GraphError(136024, details="The phone number is verified already.")
            asked = self._recent(row["codes_asked"], CODES_S)
            if len(asked) >= MOST_CODES:
                raise GraphError(
                    136024, details="You asked too often. Please wait before asking for a code."
                )
            self._database.run(
                "UPDATE numbers SET code = ?, code_method = ?, code_until = ?, codes_asked = ?"
                " WHERE meta_phone_number_id = ?",
                f"{secrets.randbelow(10**6):06}",
                method,
                self._clock() + CODE_S,
                json.dumps([*asked, self._clock()]),
                number_id,
            )

    def verify(self, number_id: str, code: str) -> None:
        """Take a code; raises Meta's error for one that is wrong or too old."""
        with self._database.transaction():
            row = self._row(number_id)
            if row["code"] is None or row["code"] != code or row["code_until"] < self._clock():
                raise GraphError(136025, details="The code is incorrect or has expired.")
            self._database.run(
                "UPDATE numbers SET is_verified = 1, code = NULL WHERE meta_phone_number_id = ?",
                number_id,
            )

    def register(self, number_id: str, pin: str) -> None:
        """Register with a PIN; a number that had one takes no other."""
        with self._database.transaction():
            row = self._row(number_id)
            tries = self._recent(row["registrations"], REGISTRATIONS_S)
            if len(tries) >= MOST_REGISTRATIONS:
                raise GraphError(133016)
            self._database.run(
                "UPDATE numbers SET registrations = ? WHERE meta_phone_number_id = ?",
                json.dumps([*tries, self._clock()]),
                number_id,
            )
        # The try counts whatever comes of it, so it is committed before.
        if not row["is_verified"]:
            raise GraphError(133006)
        if row["pin"] not in {None, pin}:
            raise GraphError(133005)
        self._database.run(
            "UPDATE numbers SET is_registered = 1, pin = ? WHERE meta_phone_number_id = ?",
            pin,
            number_id,
        )

    def deregister(self, number_id: str) -> None:
        self._database.run(
            "UPDATE numbers SET is_registered = 0 WHERE meta_phone_number_id = ?", number_id
        )

    def sent_codes(self, workspace: str) -> list[SentCode]:
        """Return the codes that a workspace's numbers were sent and that still count."""
        rows = self._database.rows(
            "SELECT n.* FROM numbers n JOIN accounts a USING (waba_id)"
            " WHERE a.workspace = ? AND n.code IS NOT NULL AND n.code_until >= ?"
            " ORDER BY n.code_until DESC",
            workspace,
            self._clock(),
        )
        return [
            SentCode(
                phone=row["phone"],
                display_name=row["display_name"],
                code=row["code"],
                method=row["code_method"],
                expires_at=row["code_until"],
            )
            for row in rows
        ]

    def _row(self, number_id: str) -> sqlite3.Row:
        row = self._database.row("SELECT * FROM numbers WHERE meta_phone_number_id = ?", number_id)
        assert row  # noqa: S101  # the route has found it
        return row

    def _recent(self, times: str, within_s: float) -> list[float]:
        since = self._clock() - within_s
        return [one for one in json.loads(times) if one > since]

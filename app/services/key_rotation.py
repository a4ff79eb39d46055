"""A new key in front of SECRET_KEYS: everything is encrypted anew, then the old one can go.

System-only: the command line, and whoever starts a process.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app import db
from app.config import settings
from app.crypto import is_newest, key_id_of, key_ids
from app.db import Connection
from app.problems import OperatorProblem
from app.services.secrets import Bound, open_secret, seal

PORTION = 200
# Every column with a sealed value, and whether its table belongs to workspaces.
SEALED: Mapping[str, tuple[tuple[str, ...], bool]] = {
    "whatsapp_accounts": (("access_token", "app_secret", "verify_token"), True),
    "phone_numbers": (("pin",), True),
    "users": (("totp_secret",), False),
    "mails": (("body",), False),
}
LASTING = ("whatsapp_accounts", "phone_numbers", "users")  # letters go by themselves


class KeyMissing(OperatorProblem):
    """Values in the database were encrypted with a key that is not there any more."""

    code = "key_missing"

    def __init__(self) -> None:
        super().__init__(
            "SECRET_KEYS lacks a key with which values in the database were encrypted."
            " Put it back, behind the new one, until `python -m app rotate-keys` is done."
        )


def rotate() -> int:
    """Encrypt every value with the newest key; returns how many were not. Can be run again.

    Beside traffic: a portion of rows at a time is locked, and each value opens all the while.

    Raises:
        KeyMissing: one of the keys in use is not configured; what was done stays.
    """
    require_keys()
    changed = 0
    with db.connect() as connection:
        for table, (columns, is_of_workspaces) in SEALED.items():
            last = UUID(int=0)
            while True:
                with connection.transaction():
                    rows = _next(connection, table, columns, last, is_of_workspaces)
                    for row_id, workspace_id, *values in rows:
                        bound = Bound(table, workspace_id, row_id)
                        sealed = _sealed_anew(bound, dict(zip(columns, values, strict=True)))
                        changed += len(sealed)
                        _write(connection, table, row_id, sealed)
                if not rows:
                    break
                last = rows[-1][0]
    return changed


def require_keys() -> None:
    """Raise KeyMissing where a value could not be opened with SECRET_KEYS."""
    known = key_ids(settings().keys)
    with db.connect() as connection:
        for table in LASTING:
            for column in SEALED[table][0]:
                rows = connection.execute(
                    f"SELECT DISTINCT substring({column} FROM 1 FOR 5) FROM {table}"  # noqa: S608  # our own words
                    f" WHERE {column} IS NOT NULL".encode()
                ).fetchall()
                if any(key_id_of(bytes(head)) not in known for (head,) in rows):
                    raise KeyMissing


def _next(
    connection: Connection, table: str, columns: tuple[str, ...], last: UUID, is_of_workspaces: Any
) -> list[Any]:
    workspace = "workspace_id" if is_of_workspaces else "NULL::uuid"
    query = (
        f"SELECT id, {workspace}, {', '.join(columns)} FROM {table}"  # noqa: S608  # our own words
        " WHERE id > %s ORDER BY id LIMIT %s FOR NO KEY UPDATE"
    )
    return connection.execute(query.encode(), (last, PORTION)).fetchall()


def _sealed_anew(bound: Bound, values: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the values that another key had made, or that have an older form."""
    sealed: dict[str, bytes] = {}
    for column, value in values.items():
        if value and not is_newest(settings().keys, bytes(value)):
            opened = open_secret(bytes(value), bound, column)
            assert opened is not None  # noqa: S101  # there is a value
            sealed[column] = seal(opened, bound, column)
    return sealed


def _write(connection: Connection, table: str, row_id: UUID, sealed: Mapping[str, bytes]) -> None:
    if sealed:
        places = ", ".join(f"{column} = %s" for column in sealed)
        connection.execute(
            f"UPDATE {table} SET {places} WHERE id = %s".encode(),  # noqa: S608  # our own words
            (*sealed.values(), row_id),
        )

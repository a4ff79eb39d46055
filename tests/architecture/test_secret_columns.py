"""Secrets are bytes in the database: encrypted, or hashes; never text (docs/architecture.md)."""

import re

from sqlalchemy import LargeBinary
from sqlmodel import SQLModel

from app import models  # noqa: F401  # fills the metadata
from tests.architecture.source import report

SECRET = re.compile(r"token|secret|password|credential|api_key")
# argon2's own text holds salt and parameters beside the hash.
# A token's kind (Bearer) is no token.
TEXT_OF_ITS_OWN = {"users.password_hash", "oauth_accounts.token_type"}


def test_columns_of_secrets_hold_bytes() -> None:
    secrets = {
        f"{table.name}.{column.name}": column
        for table in SQLModel.metadata.tables.values()
        for column in table.columns
        if SECRET.search(column.name) and not column.name.endswith("_at")  # a time is no secret
    }

    readable = [
        name
        for name, column in secrets.items()
        if not isinstance(column.type, LargeBinary) and name not in TEXT_OF_ITS_OWN
    ]

    assert {"whatsapp_accounts.access_token", "sessions.token_hash"} <= set(secrets)
    assert not readable, report("Seal it (app.services.secrets) or keep its hash.", readable)

"""Provider secrets at rest: encrypted, and bound to the row and column they stand in."""

from dataclasses import dataclass
from uuid import UUID

from app.config import settings
from app.crypto import decrypt, encrypt


@dataclass(frozen=True, slots=True)
class Bound:
    """The row that a secret belongs to: moved elsewhere it does not open."""

    table: str
    workspace_id: UUID | None
    row_id: UUID

    @property
    def tenant(self) -> str:
        """Whose data key it is: the workspace's, or the installation's."""
        return str(self.workspace_id or "")

    def at(self, column: str) -> str:
        """Return the name of one place in that row."""
        return f"{self.table}|{column}|{self.workspace_id}|{self.row_id}"


def seal(secret: str, bound: Bound, column: str) -> bytes:
    """Encrypt a secret for its place."""
    return encrypt(settings().keys, secret, bound_to=bound.at(column), tenant=bound.tenant)


def open_secret(value: bytes | None, bound: Bound, column: str) -> str | None:
    """Decrypt a secret from its place; None where there is none.

    Raises:
        DecryptionFailed: SECRET_KEYS lost the key, or the value was moved.
    """
    if value is None:
        return None
    return decrypt(settings().keys, bytes(value), bound_to=bound.at(column), tenant=bound.tenant)

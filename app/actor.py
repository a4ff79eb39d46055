"""Who asks, and what they may do.

An `Actor` is built once per edge from a live session or key and an active membership. It is the
only source of a workspace id: services never take one from a path or a form.
"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from app.errors import PermissionDenied


class Role(StrEnum):
    """What a member is in a workspace; each may do all that the ones below it may."""

    OWNER = "OWNER"
    ADMIN = "ADMIN"
    AGENT = "AGENT"
    VIEWER = "VIEWER"


class Permission(StrEnum):
    """One thing that a role allows, as noun:verb."""

    CONVERSATION_READ = "conversation:read"
    MESSAGE_SEND = "message:send"
    NUMBER_READ = "number:read"
    NUMBER_CONNECT = "number:connect"


_VIEWER = frozenset({Permission.CONVERSATION_READ, Permission.NUMBER_READ})
_AGENT = _VIEWER | {Permission.MESSAGE_SEND}
_ADMIN = _AGENT | {Permission.NUMBER_CONNECT}
_OWNER = _ADMIN

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: _VIEWER,
    Role.AGENT: _AGENT,
    Role.ADMIN: _ADMIN,
    Role.OWNER: _OWNER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person in a workspace; `user_id` is None where the system acts (command line, jobs)."""

    workspace_id: UUID
    role: Role
    user_id: UUID | None = None
    session_id: UUID | None = None

    @classmethod
    def system(cls, workspace_id: UUID) -> "Actor":
        """Return the actor of a trusted edge that works for one workspace."""
        return cls(workspace_id=workspace_id, role=Role.OWNER)

    def may(self, permission: Permission) -> bool:
        """Tell whether the role allows it."""
        return permission in PERMISSIONS[self.role]

    def require(self, permission: Permission) -> None:
        """Raise PermissionDenied unless the role allows it."""
        if not self.may(permission):
            raise PermissionDenied

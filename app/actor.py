"""Who asks, and what they may do.

An `Actor` is built once per edge from a live session or key and an active membership. It is the
only source of a workspace id: services never take one from a path or a form.
"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from app.errors import NotAuthenticated, PermissionDenied


class Role(StrEnum):
    """What a member is in a workspace; each may do all that the ones below it may."""

    OWNER = "OWNER"
    ADMIN = "ADMIN"
    AGENT = "AGENT"
    VIEWER = "VIEWER"

    @property
    def rank(self) -> int:
        """Its place from the top: an owner's is 0."""
        return list(Role).index(self)


class Permission(StrEnum):
    """One thing that a role allows, as noun:verb. Also the scopes of API keys."""

    CONVERSATION_READ = "conversation:read"
    MESSAGE_SEND = "message:send"
    NUMBER_READ = "number:read"
    NUMBER_CONNECT = "number:connect"
    TEMPLATE_READ = "template:read"
    TEMPLATE_MANAGE = "template:manage"
    MEMBER_READ = "member:read"
    MEMBER_MANAGE = "member:manage"
    WORKSPACE_UPDATE = "workspace:update"
    WORKSPACE_TRANSFER = "workspace:transfer"
    KEY_MANAGE = "key:manage"
    AUDIT_READ = "audit:read"


# Who may do what, as people read it: the lowest role that may. Those above it may, too.
LOWEST_ROLE: dict[Permission, Role] = {
    Permission.CONVERSATION_READ: Role.VIEWER,
    Permission.NUMBER_READ: Role.VIEWER,
    Permission.TEMPLATE_READ: Role.VIEWER,
    Permission.MEMBER_READ: Role.VIEWER,
    Permission.MESSAGE_SEND: Role.AGENT,
    Permission.NUMBER_CONNECT: Role.ADMIN,
    Permission.TEMPLATE_MANAGE: Role.ADMIN,
    Permission.MEMBER_MANAGE: Role.ADMIN,
    Permission.WORKSPACE_UPDATE: Role.ADMIN,
    Permission.KEY_MANAGE: Role.ADMIN,
    Permission.AUDIT_READ: Role.ADMIN,
    Permission.WORKSPACE_TRANSFER: Role.OWNER,
}
PERMISSIONS: dict[Role, frozenset[Permission]] = {
    role: frozenset(one for one, lowest in LOWEST_ROLE.items() if role.rank <= lowest.rank)
    for role in Role
}
# What a program may be allowed to do; running the workspace stays with people.
SCOPES = (
    Permission.CONVERSATION_READ,
    Permission.MESSAGE_SEND,
    Permission.NUMBER_READ,
    Permission.NUMBER_CONNECT,
    Permission.TEMPLATE_READ,
    Permission.TEMPLATE_MANAGE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person or a program in a workspace.

    `user_id` is None where a program or the system acts (API key, command line, jobs); a program
    may do what its `scopes` name and nothing else.
    """

    workspace_id: UUID
    role: Role
    user_id: UUID | None = None
    session_id: UUID | None = None
    api_key_id: UUID | None = None
    scopes: frozenset[Permission] | None = None

    @classmethod
    def system(cls, workspace_id: UUID) -> "Actor":
        """Return the actor of a trusted edge that works for one workspace."""
        return cls(workspace_id=workspace_id, role=Role.OWNER)

    def may(self, permission: Permission) -> bool:
        """Tell whether the role allows it, and the scopes where it is a program."""
        return permission in PERMISSIONS[self.role] and (
            self.scopes is None or permission in self.scopes
        )

    def require(self, permission: Permission) -> None:
        """Raise PermissionDenied unless the role allows it."""
        if not self.may(permission):
            raise PermissionDenied

    def require_person(self) -> UUID:
        """Return who it is, for what concerns oneself alone and needs no role.

        Raises:
            NotAuthenticated: a program or the system, which have no account of their own.
        """
        if self.user_id is None:
            raise NotAuthenticated
        return self.user_id

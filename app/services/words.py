"""Names of closed sets, as people read them: for mails and screens alike."""

from app.actor import Permission, Role
from app.i18n import gettext as _
from app.i18n import mark

ROLES = {
    Role.OWNER: mark("Owner"),
    Role.ADMIN: mark("Admin"),
    Role.AGENT: mark("Agent"),
    Role.VIEWER: mark("Viewer"),
}


def role_name(role: Role) -> str:
    """Return the word for a role."""
    return _(ROLES[role])


PERMISSIONS = {
    Permission.CONVERSATION_READ: mark("Read conversations and messages"),
    Permission.NUMBER_READ: mark("See phone numbers"),
    Permission.TEMPLATE_READ: mark("See templates"),
    Permission.TEMPLATE_MANAGE: mark("Write, submit and delete templates"),
    Permission.MEMBER_READ: mark("See the team"),
    Permission.MESSAGE_SEND: mark("Answer customers"),
    Permission.NUMBER_CONNECT: mark("Connect and disconnect phone numbers"),
    Permission.MEMBER_MANAGE: mark("Invite people, change roles, remove people"),
    Permission.WORKSPACE_UPDATE: mark("Change the workspace"),
    Permission.KEY_MANAGE: mark("Manage API keys"),
    Permission.AUDIT_READ: mark("Read the activity log"),
    Permission.WORKSPACE_TRANSFER: mark("Hand the workspace over"),
}


def permission_name(permission: Permission) -> str:
    """Return what a permission allows."""
    return _(PERMISSIONS[permission])

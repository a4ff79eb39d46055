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
    Permission.MEMBER_READ: mark("See the team"),
    Permission.MESSAGE_SEND: mark("Answer customers"),
    Permission.NUMBER_CONNECT: mark("Connect and disconnect phone numbers"),
    Permission.MEMBER_MANAGE: mark("Invite people, change roles, remove people"),
    Permission.WORKSPACE_UPDATE: mark("Change the workspace"),
    Permission.KEY_MANAGE: mark("Manage API keys"),
    Permission.AUDIT_READ: mark("Read the activity log"),
    Permission.WORKSPACE_TRANSFER: mark("Hand the workspace over"),
}
# What the diary writes down, and the nouns by which it is filtered.
ACTIONS = {
    "session": mark("Sign-ins"),
    "session.created": mark("Signed in"),
    "session.refused": mark("Could not sign in"),
    "session.revoked": mark("Ended a sign-in"),
    "session.others_revoked": mark("Ended all other sign-ins"),
    "user.signed_up": mark("Signed up"),
    "user.address_changed": mark("Corrected their e-mail address"),
    "user.created": mark("Was added by the operator"),
    "member": mark("Members"),
    "member.joined": mark("Joined the workspace"),
    "member.left": mark("Left the workspace"),
    "member.removed": mark("Removed a member"),
    "member.role_changed": mark("Changed a role"),
    "invitation": mark("Invitations"),
    "invitation.created": mark("Invited somebody"),
    "invitation.resent": mark("Sent an invitation again"),
    "invitation.withdrawn": mark("Withdrew an invitation"),
    "api_key": mark("API keys"),
    "api_key.created": mark("Created an API key"),
    "api_key.rotated": mark("Rotated an API key"),
    "api_key.revoked": mark("Revoked an API key"),
    "workspace": mark("Workspace"),
    "workspace.created": mark("Created the workspace"),
    "workspace.updated": mark("Changed the workspace"),
    "workspace.logo_changed": mark("Changed the logo"),
    "workspace.transferred": mark("Handed the workspace over"),
    "password": mark("Passwords"),
    "password.changed": mark("Changed the password"),
    "password.reset": mark("Reset the password"),
    "second_factor": mark("Two-step sign-in"),
    "second_factor.switched_on": mark("Switched two-step sign-in on"),
    "second_factor.switched_off": mark("Switched two-step sign-in off"),
    "recovery_codes.renewed": mark("Made new recovery codes"),
    "oauth.linked": mark("Connected a provider"),
    "oauth.unlinked": mark("Disconnected a provider"),
    "phone_number.connected": mark("Connected a phone number"),
    "phone_number.disconnected": mark("Disconnected a phone number"),
    "audit.exported": mark("Downloaded the activity log"),
}


def permission_name(permission: Permission) -> str:
    """Return what a permission allows."""
    return _(PERMISSIONS[permission])


def action_name(action: str) -> str:
    """Return what the diary says somebody did; an action without words says its own name."""
    return _(ACTIONS[action]) if action in ACTIONS else action

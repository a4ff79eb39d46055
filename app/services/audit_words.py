"""What the diary says, as people read it."""

from collections.abc import Mapping
from typing import Any

from app.actor import Role
from app.i18n import gettext as _
from app.i18n import mark
from app.services.words import role_name

# Each kind of entry under its noun; the nouns are what the diary is filtered by.
NOUNS = {
    "session": mark("Sign-ins"),
    "user": mark("Accounts"),
    "password": mark("Passwords"),
    "second_factor": mark("Two-step sign-in"),
    "recovery_codes": mark("Recovery codes"),
    "oauth": mark("Sign-in providers"),
    "member": mark("Members"),
    "invitation": mark("Invitations"),
    "workspace": mark("Workspace"),
    "phone_number": mark("Phone numbers"),
    "template": mark("Templates"),
    "api_key": mark("API keys"),
    "audit": mark("Activity log"),
}
ACTIONS = {
    "session.created": mark("Signed in"),
    "session.refused": mark("Could not sign in"),
    "session.revoked": mark("Ended a sign-in"),
    "session.others_revoked": mark("Ended all other sign-ins"),
    "user.signed_up": mark("Signed up"),
    "user.address_changed": mark("Corrected their e-mail address"),
    "user.created": mark("Was added by the operator"),
    "password.changed": mark("Changed the password"),
    "password.reset": mark("Reset the password"),
    "second_factor.switched_on": mark("Switched two-step sign-in on"),
    "second_factor.switched_off": mark("Switched two-step sign-in off"),
    "recovery_codes.renewed": mark("Made new recovery codes"),
    "oauth.linked": mark("Connected a provider"),
    "oauth.unlinked": mark("Disconnected a provider"),
    "member.joined": mark("Joined the workspace"),
    "member.left": mark("Left the workspace"),
    "member.removed": mark("Removed a member"),
    "member.role_changed": mark("Changed a role"),
    "invitation.created": mark("Invited somebody"),
    "invitation.resent": mark("Sent an invitation again"),
    "invitation.withdrawn": mark("Withdrew an invitation"),
    "workspace.created": mark("Created the workspace"),
    "workspace.updated": mark("Changed the workspace"),
    "workspace.logo_changed": mark("Changed the logo"),
    "workspace.transferred": mark("Handed the workspace over"),
    "phone_number.added": mark("Added a phone number"),
    "phone_number.connected": mark("Connected a phone number"),
    "phone_number.token_replaced": mark("Replaced an access token"),
    "phone_number.disconnected": mark("Disconnected a phone number"),
    "template.submitted": mark("Submitted a template"),
    "template.deleted": mark("Deleted a template"),
    "api_key.created": mark("Created an API key"),
    "api_key.rotated": mark("Rotated an API key"),
    "api_key.revoked": mark("Revoked an API key"),
    "audit.exported": mark("Downloaded the activity log"),
}
WHY = {
    "password": mark("wrong password"),
    "code": mark("wrong code"),
    "status": mark("this account is not active"),
}


def noun_name(noun: str) -> str:
    """Return what a group of entries is called."""
    return _(NOUNS[noun])


def action_name(action: str) -> str:
    """Return what the diary says somebody did; an action without words says its own name."""
    return _(ACTIONS[action]) if action in ACTIONS else action


def details_line(details: Mapping[str, Any]) -> str:
    """Return an entry's details in one line: names, addresses, the reason, `Agent → Admin`."""
    rest = dict(details)
    before, after = rest.pop("before", None), rest.pop("after", None)
    parts = [_value(name, value) for name, value in rest.items()]
    if isinstance(before, dict) and isinstance(after, dict):
        parts += [
            f"{_value(name, before.get(name))} → {_value(name, value)}"
            for name, value in after.items()
            if value != before.get(name)
        ]
    elif before is not None or after is not None:
        parts.append(f"{_value('role', before)} → {_value('role', after)}")
    return " · ".join(part for part in parts if part)


def _value(name: str, value: Any) -> str:
    if name == "role" and value in {role.value for role in Role}:
        return role_name(Role(value))
    if name == "why" and value in WHY:
        return _(WHY[value])
    return "" if value is None else str(value)

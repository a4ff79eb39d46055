"""Every mail of the product, in words. Links come from BASE_URL, never from a request."""

from dataclasses import dataclass, field
from urllib.parse import quote

from app.config import settings
from app.i18n import gettext as _


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What one mail says: paragraphs, one thing to do, and why it came."""

    kind: str
    subject: str
    paragraphs: tuple[str, ...]
    button: tuple[str, str] | None = None
    reason: str = field(default="")


def verify_email(token: str) -> Letter:
    """Ask somebody who signed up whether the address is theirs."""
    return Letter(
        kind="verify_email",
        subject=_("Confirm your e-mail address"),
        paragraphs=(
            _("Welcome to {app}.").format(app=settings().app_name),
            _(
                "Confirm that this is your address. Then you can connect your own WhatsApp number"
                " and invite your team. The link works for three days."
            ),
        ),
        button=(_("Confirm my address"), _link("/verify-email", token)),
        reason=_(
            "You get this because somebody signed up with this address. Was it not you? Then do"
            " nothing."
        ),
    )


def notice(workspace: str, sentence: str, remedy: str) -> Letter:
    """Tell an owner what Meta says of the workspace's account."""
    return Letter(
        kind="notice",
        subject=_("{workspace}: news from Meta about your number").format(workspace=workspace),
        paragraphs=(sentence, remedy),
        button=(_("Open the phone numbers"), f"{settings().public_url}/phone-numbers"),
        reason=_("You get this because you own the workspace {workspace}.").format(
            workspace=workspace
        ),
    )


def account_exists() -> Letter:
    """Tell somebody who signs up with a known address, without telling anybody else."""
    return Letter(
        kind="account_exists",
        subject=_("You have an account already"),
        paragraphs=(
            _("Somebody, probably you, wanted to sign up with this address."),
            _("There is an account already. Sign in, or choose a new password if you forgot it."),
        ),
        button=(_("Sign in"), f"{settings().public_url}/sign-in"),
        reason=_("Was it not you? Then do nothing: nobody got in."),
    )


def reset_password(token: str) -> Letter:
    """Let somebody choose a new password."""
    return Letter(
        kind="reset_password",
        subject=_("Choose a new password"),
        paragraphs=(
            _("Choose a new password with this link. It works once, for 30 minutes."),
            _("You will be signed out everywhere."),
        ),
        button=(_("Choose a password"), _link("/reset-password", token)),
        reason=_("You get this because somebody asked for it. Was it not you? Then do nothing."),
    )


def password_changed() -> Letter:
    """Tell somebody that their password is another one."""
    return Letter(
        kind="password_changed",
        subject=_("Your password was changed"),
        paragraphs=(
            _("Your password was changed, and all other sign-ins have ended."),
            _("Was it not you? Choose a new password at once."),
        ),
        button=(_("Choose a password"), f"{settings().public_url}/reset-password"),
    )


def second_factor_changed(*, is_on: bool) -> Letter:
    """Tell somebody that signing in asks for a code, or does no longer."""
    text = (
        _("Signing in to your account asks for a code from your phone from now on.")
        if is_on
        else _("Signing in to your account does not ask for a code any longer.")
    )
    return Letter(
        kind="second_factor_changed",
        subject=_("Two-step sign-in was switched on")
        if is_on
        else _("Two-step sign-in was switched off"),
        paragraphs=(text, _("Was it not you? Choose a new password at once.")),
        button=(_("Look at my account"), f"{settings().public_url}/settings/security"),
    )


def invitation(token: str, *, inviter: str, workspace: str, role: str) -> Letter:
    """Ask somebody into a workspace."""
    return Letter(
        kind="invitation",
        subject=_("{inviter} invites you to {workspace}").format(
            inviter=inviter, workspace=workspace
        ),
        paragraphs=(
            _("{inviter} invites you to answer WhatsApp messages of {workspace} together.").format(
                inviter=inviter, workspace=workspace
            ),
            _("You would join as {role}. The link works for seven days.").format(role=role),
        ),
        button=(
            _("See the invitation"),
            f"{settings().public_url}/invitations/{quote(token, safe='')}",
        ),
        reason=_("You get this because {inviter} typed in your address.").format(inviter=inviter),
    )


def _link(path: str, token: str) -> str:
    return f"{settings().public_url}{path}?token={quote(token, safe='')}"

"""The second factor: codes of an authenticator app (TOTP, RFC 6238) and ten recovery codes.

A code counts once, within one step of 30 seconds to either side. The secret is encrypted and bound
to the person's row; recovery codes are hashes.
"""

import base64
import secrets as random
from dataclasses import dataclass
from uuid import UUID

import pyotp
import segno
from sqlmodel import Session, col, delete, func, select

from app.actor import Actor
from app.clock import utc_now
from app.config import settings
from app.crypto import hash_token
from app.errors import Conflict, NotAuthenticated, ValidationFailed
from app.i18n import gettext as _
from app.i18n import mark
from app.models import RecoveryCode, User
from app.services import audit, secrets, sessions
from app.services.mails import letters, post
from app.services.secrets import Bound

COLUMN = "totp_secret"
STEP_S = 30
TOTP_DIGITS = 6
CODES, CODE_BYTES, GROUP = 10, 10, 4
MAX_TYPED = 60


class WrongCode(NotAuthenticated):
    """A code that is wrong, used or too old: never told apart."""

    code = "wrong_code"
    sentence = mark("This code is not right. Wait for the next one and try again.")


class SecondFactorOn(Conflict):
    """There is a second factor already."""

    code = "second_factor_on"
    sentence = mark("Two-step sign-in is on already. Switch it off first to change the device.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupView:
    """What an authenticator app needs to begin; shown until a code has confirmed it."""

    secret: str
    uri: str
    qr_svg: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorView:
    """Whether signing in asks for a code, and how many recovery codes are left."""

    is_on: bool
    recovery_codes_left: int


def describe(session: Session, actor: Actor) -> SecondFactorView:
    """Return the state of one's own second factor."""
    user = session.get_one(User, actor.require_person())
    left = session.exec(
        select(func.count())
        .select_from(RecoveryCode)
        .where(col(RecoveryCode.user_id) == user.id, col(RecoveryCode.used_at).is_(None))
    ).one()
    return SecondFactorView(is_on=is_on(user), recovery_codes_left=left)


def begin(session: Session, actor: Actor) -> SetupView:
    """Make a secret for one's own authenticator; it counts once `confirm` has seen a code of it.

    Raises:
        SecondFactorOn: it would replace a device that works.
        ProofNeeded: the password was not shown lately.
    """
    sessions.require_proof(session, actor)
    user = session.get_one(User, actor.require_person())
    if is_on(user):
        raise SecondFactorOn
    secret = pyotp.random_base32()
    user.totp_secret = secrets.seal(secret, _bound(user.id), COLUMN)
    session.add(user)
    uri = pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name=settings().app_name)
    qr = segno.make(uri, error="m")
    return SetupView(
        secret=secret,
        uri=uri,
        qr_svg=qr.svg_data_uri(scale=5, border=2, dark="#121A17", light="#FFFFFF"),
    )


def confirm(session: Session, actor: Actor, code: str) -> list[str]:
    """Switch one's own second factor on with a first code; returns the recovery codes, once.

    Ends one's other sign-ins: nobody had to show a code for them.

    Raises:
        ValidationFailed: the code is not one of the new device.
    """
    user = session.get_one(User, actor.require_person())
    if is_on(user):
        raise SecondFactorOn
    if user.totp_secret is None or not _take_totp(user, _typed(code)):
        raise ValidationFailed({"code": _("This code is not right. Type the one that shows now.")})
    user.totp_confirmed_at = utc_now()
    session.add(user)
    _announce(session, actor, user, "second_factor.switched_on", is_on=True)
    return _new_codes(session, user.id)


def renew_codes(session: Session, actor: Actor) -> list[str]:
    """Replace one's own recovery codes; returns the new ones, once."""
    sessions.require_proof(session, actor)
    user = session.get_one(User, actor.require_person())
    if not is_on(user):
        raise Conflict
    _record(session, actor, "recovery_codes.renewed")
    return _new_codes(session, user.id)


def switch_off(session: Session, actor: Actor) -> None:
    """Sign in without a code from now on; ends one's other sign-ins."""
    sessions.require_proof(session, actor)
    user = session.get_one(User, actor.require_person())
    forget(session, user)
    _announce(session, actor, user, "second_factor.switched_off", is_on=False)


def forget(session: Session, user: User) -> None:
    """Remove a person's second factor. System-only."""
    user.totp_secret = user.totp_confirmed_at = user.totp_last_step = None
    session.add(user)
    session.exec(delete(RecoveryCode).where(col(RecoveryCode.user_id) == user.id))


def is_on(user: User) -> bool:
    """Tell whether signing in asks this person for a code."""
    return user.totp_confirmed_at is not None


def take(session: Session, user_id: UUID, code: str) -> bool:
    """Spend a code of either kind; False when it is none. System-only: signing in.

    The person's row is locked, so that two requests cannot use one code.
    """
    user = session.exec(select(User).where(col(User.id) == user_id).with_for_update()).one()
    session.refresh(user)
    typed = _typed(code)
    if len(typed) == TOTP_DIGITS and typed.isdigit():
        is_right = _take_totp(user, typed)
        session.add(user)
        return is_right
    found = session.exec(
        select(RecoveryCode).where(
            col(RecoveryCode.user_id) == user_id,
            col(RecoveryCode.code_hash) == hash_token(typed.upper()),
            col(RecoveryCode.used_at).is_(None),
        )
    ).first()
    if found is None:
        return False
    found.used_at = utc_now()
    session.add(found)
    return True


def _take_totp(user: User, code: str) -> bool:
    secret = secrets.open_secret(user.totp_secret, _bound(user.id), COLUMN)
    if secret is None:
        return False
    totp, present = pyotp.TOTP(secret), int(utc_now().timestamp()) // STEP_S
    for step in (present - 1, present, present + 1):
        is_new = user.totp_last_step is None or step > user.totp_last_step
        if is_new and pyotp.utils.strings_equal(totp.generate_otp(step), code):
            user.totp_last_step = step
            return True
    return False


def _new_codes(session: Session, user_id: UUID) -> list[str]:
    session.exec(delete(RecoveryCode).where(col(RecoveryCode.user_id) == user_id))
    codes = [_new_code() for _number in range(CODES)]
    for code in codes:
        session.add(RecoveryCode(user_id=user_id, code_hash=hash_token(code.replace("-", ""))))
    return codes


def _new_code() -> str:
    text = base64.b32encode(random.token_bytes(CODE_BYTES)).decode()
    return "-".join(text[at : at + GROUP] for at in range(0, len(text), GROUP))


def _typed(code: str) -> str:
    return "".join(code[:MAX_TYPED].split()).replace("-", "")


def _bound(user_id: UUID) -> Bound:
    return Bound("users", None, user_id)


def _record(session: Session, actor: Actor, action: str) -> None:
    audit.record(session, actor.workspace_id, action, user_id=actor.user_id)


def _announce(session: Session, actor: Actor, user: User, action: str, *, is_on: bool) -> None:
    sessions.revoke_all(session, user.id, reason="second factor changed", but=actor.session_id)
    _record(session, actor, action)
    post.post(session, user.email, letters.second_factor_changed(is_on=is_on))

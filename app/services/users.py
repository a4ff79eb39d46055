"""People. A sign-up makes a person, a workspace and its trial in one transaction."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from app.clock import utc_now
from app.errors import Conflict, RateLimited, ValidationFailed
from app.i18n import gettext as _
from app.i18n import mark
from app.ids import new_id
from app.models import User
from app.models.enums import TokenPurpose, UserRole, UserStatus
from app.services import (
    audit,
    plans,
    rate_limits,
    sessions,
    tokens,
    workspaces,
)
from app.services.mails import letters, post
from app.services.passwords import NewPassword
from app.services.rate_limits import Limit, account_key
from app.services.text import is_name, is_storable, normal_address


class EmailTaken(Conflict):
    """The address has an account."""

    code = "email_taken"
    sentence = mark("There is an account with this e-mail address already. Sign in instead.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedUp:
    """A new person and the workspace that was made for them."""

    user_id: UUID
    workspace_id: UUID


def sign_up(
    session: Session, *, name: str, email: str, password: NewPassword, workspace: str
) -> SignedUp:
    """Create a person with a workspace on trial; binds the session to that workspace.

    System-only: whoever signs up is nobody yet.

    Raises:
        ValidationFailed: with a sentence for each field.
        EmailTaken: somebody has this address.
    """
    address = _check(name=name, email=email, password=password, workspace=workspace)
    created = _create(session, name, address, password.hash, workspace)
    plans.start_trial(session, created.workspace_id)
    audit.record(session, created.workspace_id, "user.signed_up", user_id=created.user_id)
    ask_to_verify(session, session.get_one(User, created.user_id), address)
    return created


def create_by_operator(
    session: Session,
    *,
    name: str,
    email: str,
    password: NewPassword,
    workspace: str,
    is_admin: bool = False,
) -> SignedUp:
    """Create a person whose address counts as verified, with an active subscription.

    System-only: the command line and the demo.

    Raises:
        ValidationFailed, EmailTaken: as for `sign_up`.
    """
    address = _check(name=name, email=email, password=password, workspace=workspace)
    created = _create(session, name, address, password.hash, workspace)
    user = session.get_one(User, created.user_id)
    user.email_verified_at = utc_now()
    user.role = UserRole.ADMIN if is_admin else UserRole.USER
    plans.activate_largest(session, created.workspace_id)
    audit.record(session, created.workspace_id, "user.created", user_id=created.user_id)
    return created


def sign_up_by_provider(session: Session, *, name: str, email: str, workspace: str) -> SignedUp:
    """Create a person whom a provider vouches for, without a password, with a workspace on trial.

    System-only: the provider's word was checked.

    Raises:
        EmailTaken: somebody has this address.
    """
    user_id = _add(session, name, normal_address(email) or email, None)
    session.get_one(User, user_id).email_verified_at = utc_now()
    workspace_id = workspaces.found(session, user_id, workspace)
    plans.start_trial(session, workspace_id)
    audit.record(session, workspace_id, "user.signed_up", user_id=user_id)
    return SignedUp(user_id=user_id, workspace_id=workspace_id)


def create_invited(session: Session, *, name: str, email: str, password: NewPassword) -> UUID:
    """Create a person without a workspace of their own; the mailed link has proven the address.

    System-only: accepting an invitation.

    Raises:
        ValidationFailed, EmailTaken: as for `sign_up`.
    """
    fields = _problems(name=name, password=password)
    if fields:
        raise ValidationFailed(fields)
    return _add(session, name, email, password.hash)


def ask_to_verify(session: Session, user: User, address: str) -> None:
    """Mail a link that proves an address, the person's present one or that in its place.

    Older links of the person are void. Whoever has the address already is told so instead, and
    nobody gets the link. System-only.
    """
    token = tokens.issue(
        session, TokenPurpose.VERIFY_EMAIL, user_id=user.id, email=address, present=user.email
    )
    owner = find_by_email(session, address)
    if owner is None or owner.id == user.id:
        post.post(session, address, letters.verify_email(token))
    else:
        post.post(session, owner.email, letters.account_exists())


def tell_owner(session: Session, email: str) -> None:
    """Mail the owner of a known address that somebody signed up with it, a few times an hour.

    System-only: a door, once the sign-up was refused; a transaction of its own.
    """
    user = find_by_email(session, email)
    if user is None:
        return
    try:
        rate_limits.require((Limit.VERIFY_ACCOUNT, account_key(user.email)))
    except RateLimited:  # whoever asks gets no other answer for it
        return
    post.post(session, user.email, letters.account_exists())


def set_password_by_operator(
    session: Session, user_id: UUID, *, password: NewPassword
) -> UUID | None:
    """Give a person another password; returns their first workspace.

    System-only: the demo.
    """
    user = session.get_one(User, user_id)
    user.password_hash = password.hash
    return workspaces.last_of(session, user_id)


def set_status(session: Session, user_id: UUID, status: UserStatus) -> None:
    """Suspend a person, deactivate them, or let them in again; who may not be in is out at once.

    System-only: the caller has checked that it is a platform admin, or the person.
    """
    user = session.get_one(User, user_id)
    user.status = status
    session.add(user)
    session.flush()
    if status is not UserStatus.ACTIVE:
        sessions.revoke_all(session, user_id, reason=status.value.lower())


def find_by_email(session: Session, email: str) -> User | None:
    """Return the person with this address, whatever its case."""
    if not is_storable(email):
        return None
    return session.exec(select(User).where(func.lower(User.email) == email.strip().lower())).first()


def lock(session: Session, user_id: UUID) -> User:
    """Return a person as they are by now, and let nobody else change them until the end.

    System-only. Their tokens are locked after them, never before.
    """
    query = select(User).where(User.id == user_id).with_for_update(key_share=True)
    return session.exec(query.execution_options(populate_existing=True)).one()


def _create(
    session: Session, name: str, email: str, password_hash: str, workspace: str
) -> SignedUp:
    user_id = _add(session, name, email, password_hash)
    return SignedUp(user_id=user_id, workspace_id=workspaces.found(session, user_id, workspace))


def _add(session: Session, name: str, email: str, password_hash: str | None) -> UUID:
    user = User(
        id=new_id(),
        name=name.strip(),
        email=email,
        password_hash=password_hash,
    )
    session.add(user)
    try:
        session.flush()
    except IntegrityError as error:
        raise EmailTaken from error
    return user.id


def _check(*, name: str, email: str, password: NewPassword, workspace: str) -> str:
    """Return the address in its normal form, or raise with everything that is wrong."""
    fields = _problems(name=name, password=password)
    if not is_name(workspace):
        fields["workspace"] = _("Give the workspace a name, in at most 120 characters.")
    address = normal_address(email)
    if not address:
        fields["email"] = _("This does not look like an e-mail address.")
    if fields:
        raise ValidationFailed(fields)
    return address


def _problems(*, name: str, password: NewPassword) -> dict[str, str]:
    fields: dict[str, str] = {}
    if not is_name(name):
        fields["name"] = _("Tell us your name, in at most 120 characters.")
    if password.problem:
        fields["password"] = password.problem
    return fields

"""Signing up and in. A sign-up makes a person, a workspace and its trial in one transaction."""

from dataclasses import dataclass
from uuid import UUID

import email_validator
from email_validator import EmailNotValidError, validate_email
from sqlalchemy import func, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from app.actor import Role
from app.clock import utc_now
from app.db import bind_workspace
from app.errors import Conflict, NotAuthenticated, ValidationFailed
from app.i18n import gettext as _
from app.i18n import mark
from app.ids import new_id
from app.models import Membership, User, Workspace
from app.models.enums import UserRole, UserStatus
from app.services import audit, passwords, plans, sessions
from app.services.text import is_storable

MAX_NAME = 120
# Self-hosted installations have addresses like ana@shop.local; a mail that arrives is the proof.
email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()


class EmailTaken(Conflict):
    """The address has an account."""

    code = "email_taken"
    sentence = mark("There is an account with this e-mail address already. Sign in instead.")


class WrongCredentials(NotAuthenticated):
    """Wrong password, unknown address, or a person who may not sign in: never told apart."""

    code = "wrong_credentials"
    sentence = mark("The e-mail address or the password is not right.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedUp:
    """A new person and the workspace that was made for them."""

    user_id: UUID
    workspace_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Where a request came from, for the list of sign-ins and the audit."""

    ip: str | None = None
    user_agent: str | None = None


def sign_up(
    session: Session, *, name: str, email: str, password: str, workspace_name: str
) -> SignedUp:
    """Create a person with a workspace on trial; binds the session to that workspace.

    System-only: whoever signs up is nobody yet.

    Raises:
        ValidationFailed: with a sentence for each field.
        EmailTaken: somebody has this address.
    """
    address = _check(name=name, email=email, password=password, workspace_name=workspace_name)
    created = _create(session, name, address, password, workspace_name)
    plans.start_trial(session, created.workspace_id)
    audit.record(session, created.workspace_id, "user.signed_up", user_id=created.user_id)
    return created


def create_by_operator(
    session: Session,
    *,
    name: str,
    email: str,
    password: str,
    workspace_name: str,
    is_admin: bool = False,
) -> SignedUp:
    """Create a person whose address counts as verified, with an active subscription.

    System-only: the command line and the demo.

    Raises:
        ValidationFailed, EmailTaken: as for `sign_up`.
    """
    address = _check(name=name, email=email, password=password, workspace_name=workspace_name)
    created = _create(session, name, address, password, workspace_name)
    user = session.get_one(User, created.user_id)
    user.email_verified_at = utc_now()
    user.role = UserRole.ADMIN if is_admin else UserRole.USER
    plans.activate_largest(session, created.workspace_id)
    audit.record(session, created.workspace_id, "user.created", user_id=created.user_id)
    return created


def set_password_by_operator(session: Session, user_id: UUID, *, password: str) -> UUID | None:
    """Give a person another password; returns their first workspace.

    System-only: the demo.
    """
    user = session.get_one(User, user_id)
    user.password_hash = passwords.hash_password(password)
    return _first_workspace(session, user_id)


def sign_in(session: Session, *, email: str, password: str, client: Client) -> str:
    """Check the password and return the token of a new sign-in, for the cookie.

    System-only: whoever signs in is nobody yet.

    Raises:
        WrongCredentials: for every reason alike, after the same time.
    """
    user = find_by_email(session, email)
    is_right = passwords.verify(user.password_hash if user else None, password)
    if user is None or not is_right or user.status is not UserStatus.ACTIVE:
        raise WrongCredentials
    if user.password_hash and passwords.needs_rehash(user.password_hash):
        user.password_hash = passwords.hash_password(password)
    return start_session(session, user.id, client=client)


def start_session(session: Session, user_id: UUID, *, client: Client) -> str:
    """Sign a person in who has proven who they are; returns the cookie's token. System-only."""
    workspace_id = _first_workspace(session, user_id)
    token, session_id = sessions.create(
        session, user_id, workspace_id, ip=client.ip, user_agent=client.user_agent
    )
    if workspace_id is not None:
        bind_workspace(session, workspace_id)
        audit.record(
            session,
            workspace_id,
            "session.created",
            user_id=user_id,
            subject=("session", session_id),
            ip=client.ip,
        )
    return token


def find_by_email(session: Session, email: str) -> User | None:
    """Return the person with this address, whatever its case."""
    if not is_storable(email):
        return None
    return session.exec(select(User).where(func.lower(User.email) == email.strip().lower())).first()


def _first_workspace(session: Session, user_id: UUID) -> UUID | None:
    row = (
        session.connection()
        .execute(text("SELECT workspace_id FROM workspaces_of_user(:id) LIMIT 1"), {"id": user_id})
        .first()
    )
    return row[0] if row else None


def _create(
    session: Session, name: str, email: str, password: str, workspace_name: str
) -> SignedUp:
    user = User(
        id=new_id(),
        name=name.strip(),
        email=email,
        password_hash=passwords.hash_password(password),
    )
    session.add(user)
    try:
        session.flush()
    except IntegrityError as error:
        raise EmailTaken from error
    workspace = Workspace(id=new_id(), name=workspace_name.strip())
    bind_workspace(session, workspace.id)
    session.add(workspace)
    session.flush()
    session.add(Membership(workspace_id=workspace.id, user_id=user.id, role=Role.OWNER))
    return SignedUp(user_id=user.id, workspace_id=workspace.id)


def _is_name(text: str) -> bool:
    return 1 <= len(text.strip()) <= MAX_NAME and is_storable(text)


def _check(*, name: str, email: str, password: str, workspace_name: str) -> str:
    """Return the address in its normal form, or raise with everything that is wrong."""
    fields: dict[str, str] = {}
    if not _is_name(name):
        fields["name"] = _("Tell us your name, in at most 120 characters.")
    if not _is_name(workspace_name):
        fields["workspace_name"] = _("Give the workspace a name, in at most 120 characters.")
    if problem := passwords.problem(password):
        fields["password"] = problem
    address = _address(email)
    if not address:
        fields["email"] = _("This does not look like an e-mail address.")
    if fields:
        raise ValidationFailed(fields)
    return address


def _address(email: str) -> str:
    """Return an e-mail address in its normal form, or nothing where it is none."""
    if not is_storable(email):
        return ""
    try:
        return validate_email(
            email.strip(), check_deliverability=False, globally_deliverable=False
        ).normalized
    except EmailNotValidError:
        return ""

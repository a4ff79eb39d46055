"""Whose account an identity is: the key is (issuer, subject), an e-mail only ever a first hint.

A new identity is linked by its e-mail only where the provider calls it verified and we had verified
the account's; otherwise the account's password decides. No answer tells whether an account exists.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, select

from app.actor import Actor
from app.clock import utc_now
from app.crypto import hash_token, new_token, same
from app.db import bind_workspace
from app.errors import AppError, Conflict, NotAuthenticated, NotFound
from app.i18n import gettext as _
from app.i18n import mark
from app.models import OAuthAccount, User, VerificationToken
from app.models.enums import TokenPurpose, UserStatus
from app.services import audit, second_factor, sessions, sign_ins, tokens, users, workspaces
from app.services.oauth.client import Identity
from app.services.oauth.providers import Provider, get_provider
from app.services.sign_ins import Client, WrongCredentials
from app.services.tokens import TokenSpent


class LinkedElsewhere(Conflict):
    """The identity belongs to another account here."""

    code = "linked_elsewhere"
    sentence = mark("This account of the provider is connected to another user here.")


class LastWayIn(Conflict):
    """Without it the person could not sign in any more."""

    code = "last_way_in"
    sentence = mark("Set a password first: this is your only way to sign in.")


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthAccountView:
    """A provider that one can sign in with."""

    id: UUID
    provider: str
    email: str | None


@dataclass(frozen=True, slots=True)
class Begun:
    """The one-time state to send along, and the secret that the browser must bring back."""

    provider: Provider
    state: str
    browser_secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Linking:
    """Who began to add a provider to their account, from which sign-in, in which workspace."""

    user_id: UUID
    session_id: UUID
    workspace_id: UUID


@dataclass(frozen=True, slots=True)
class CameBack:
    """What was begun, once the browser is back; linking where somebody was signed in."""

    provider: Provider
    target: str
    linking: Linking | None = None


@dataclass(frozen=True, slots=True)
class CodeNeeded:
    """The provider is right; the code of the account's second factor is still missing."""

    ticket: str
    target: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The cookie's token of a new sign-in, and where to go."""

    token: str
    target: str


@dataclass(frozen=True, slots=True)
class PasswordNeeded:
    """Nobody vouches for the e-mail: the password of an account must come with the ticket."""

    ticket: str
    email: str | None
    target: str


@dataclass(frozen=True, slots=True)
class Linked:
    """The identity was added to the account that is signed in."""

    target: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The person may not come in; it is committed, because a refusal is in the diary, too."""

    error: AppError


Outcome = SignedIn | CodeNeeded | PasswordNeeded | Linked | Refused


def begin(
    session: Session, provider_name: str, *, target: str, linking: Actor | None = None
) -> Begun:
    """Begin signing in, or linking to the account of `linking`.

    System-only: whoever signs in is nobody yet.

    Raises:
        NotFound: no such provider.
        ProofNeeded: linking, and the password was not shown lately.
    """
    provider = get_provider(provider_name)
    if linking is not None:  # a provider opens the account for good, a borrowed browser must not
        sessions.require_proof(session, linking)
    secret = new_token()
    state = tokens.issue(
        session,
        TokenPurpose.OAUTH,
        user_id=linking.user_id if linking else None,
        provider=provider.name,
        target=target,
        browser=hash_token(secret).hex(),
        workspace_id=str(linking.workspace_id) if linking else None,
        session_id=str(linking.session_id) if linking else None,
    )
    return Begun(provider, state, secret)


def come_back(session: Session, provider_name: str, *, state: str, browser_secret: str) -> CameBack:
    """Spend the state that a provider sent back; next comes its word about the person.

    System-only: a door.

    Raises:
        TokenSpent: the state is unknown, used, too old, or was begun by another browser.
    """
    provider = get_provider(provider_name)
    row = tokens.use(session, TokenPurpose.OAUTH, state)
    is_same_browser = same(row.data.get("browser", ""), hash_token(browser_secret).hex())
    if not is_same_browser or row.data.get("provider") != provider.name:
        raise TokenSpent
    return CameBack(provider, row.data["target"], _linking_of(row))


def decide(session: Session, came: CameBack, identity: Identity, client: Client) -> Outcome:
    """Sign the person in, link the identity, or say what is missing. System-only: a door.

    Raises:
        LinkedElsewhere: while linking, somebody else has it.
        NotAuthenticated: the sign-in that began the linking has ended meanwhile.
    """
    if (linking := came.linking) is not None:
        if linking.session_id not in sessions.live_among(session, {linking.session_id}):
            raise NotAuthenticated
        user = session.get_one(User, linking.user_id)
        _link(session, user, identity, linking.workspace_id)
        return Linked(came.target)
    provider = came.provider.name
    user_or_none = _owner_of(session, identity)
    if user_or_none is None:
        waiting = {name: getattr(identity, name) for name in Identity.__slots__}
        ticket = tokens.issue(
            session, TokenPurpose.LINK_OAUTH, identity=waiting, target=came.target
        )
        return PasswordNeeded(ticket, identity.email, came.target)
    if user_or_none.status is not UserStatus.ACTIVE:
        sign_ins.refuse(session, user_or_none.id, client, why="status", provider=provider)
        return Refused(WrongCredentials())
    if second_factor.is_on(user_or_none):
        ticket = sign_ins.ticket_for(session, user_or_none.id, provider=provider)
        return CodeNeeded(ticket, came.target)
    token = sign_ins.start(session, user_or_none.id, client=client, provider=provider)
    return SignedIn(token, came.target)


def link_waiting(session: Session, ticket: str, token: str) -> str:
    """Add the identity that waits to the account of a new sign-in; returns where to go.

    System-only: a door; the token is proof of the password.

    Raises:
        TokenSpent: it waited too long.
        LinkedElsewhere: somebody else has it meanwhile.
    """
    row = tokens.use(session, TokenPurpose.LINK_OAUTH, ticket)
    person = sessions.find_person(session, token)
    if person is None:
        raise NotAuthenticated
    _link(session, session.get_one(User, person[0]), Identity(**row.data["identity"]), None)
    target: str = row.data["target"]
    return target


def list_own(session: Session, actor: Actor) -> list[OAuthAccountView]:
    """Return the providers that one can sign in with."""
    rows = session.exec(
        select(OAuthAccount)
        .where(col(OAuthAccount.user_id) == actor.require_person())
        .order_by(col(OAuthAccount.provider))
    ).all()
    return [OAuthAccountView(id=row.id, provider=row.provider, email=row.email) for row in rows]


def unlink(session: Session, actor: Actor, account_id: UUID) -> None:
    """Stop signing in with a provider.

    Raises:
        NotFound: it is not one's own.
        LastWayIn: one has no password and no other provider.
    """
    user_id = actor.require_person()
    sessions.require_proof(session, actor)
    rows = session.exec(
        select(OAuthAccount).where(col(OAuthAccount.user_id) == user_id).with_for_update()
    ).all()
    found = [row for row in rows if row.id == account_id]
    if not found:
        raise NotFound
    if session.get_one(User, user_id).password_hash is None and len(rows) == 1:
        raise LastWayIn
    session.delete(found[0])
    _record(session, actor.workspace_id, user_id, "oauth.unlinked", found[0].provider)


def _linking_of(row: VerificationToken) -> Linking | None:
    if row.user_id is None:
        return None
    return Linking(
        user_id=row.user_id,
        session_id=UUID(row.data["session_id"]),
        workspace_id=UUID(row.data["workspace_id"]),
    )


def _owner_of(session: Session, identity: Identity) -> User | None:
    """Return whose account it is, by the identity or by an e-mail that both sides have verified."""
    user = _find(session, identity)
    if user is not None or not identity.is_email_verified or not identity.email:
        return user
    user = users.find_by_email(session, identity.email)
    if user is None:
        user = _sign_up(session, identity)
    elif user.email_verified_at is None:
        return None  # somebody may have signed up with an address that is not theirs
    _add(session, user, identity, None)
    return user


def _find(session: Session, identity: Identity) -> User | None:
    return session.exec(
        select(User)
        .join(OAuthAccount, col(OAuthAccount.user_id) == col(User.id))
        .where(
            col(OAuthAccount.issuer) == identity.issuer,
            col(OAuthAccount.provider_account_id) == identity.subject,
        )
    ).first()


def _sign_up(session: Session, identity: Identity) -> User:
    name = (identity.name or (identity.email or "").partition("@")[0])[:120]
    created = users.sign_up_by_provider(
        session,
        name=name,
        email=identity.email or "",
        workspace=_("{name}'s workspace").format(name=name)[:120],
    )
    return session.get_one(User, created.user_id)


def _link(session: Session, user: User, identity: Identity, workspace_id: UUID | None) -> None:
    owner = _find(session, identity)
    if owner is not None and owner.id != user.id:
        raise LinkedElsewhere
    if owner is None:
        _add(session, user, identity, workspace_id)


def _add(session: Session, user: User, identity: Identity, workspace_id: UUID | None) -> None:
    """Keep the identity; the diary of the workspace at hand, or of the first, tells of it."""
    session.add(
        OAuthAccount(
            user_id=user.id,
            provider=identity.provider,
            issuer=identity.issuer,
            provider_account_id=identity.subject,
            email=identity.email,
            scope=identity.scope,
            token_type="Bearer",  # noqa: S106  # the kind, not a token
        )
    )
    if identity.is_email_verified and (identity.email or "").lower() == user.email.lower():
        user.email_verified_at = user.email_verified_at or utc_now()
        session.add(user)
    session.flush()
    workspace_id = workspace_id or workspaces.last_of(session, user.id)
    if workspace_id is not None:
        bind_workspace(session, workspace_id)
        _record(session, workspace_id, user.id, "oauth.linked", identity.provider)
        session.flush()


def _record(
    session: Session, workspace_id: UUID, user_id: UUID, action: str, provider: str
) -> None:
    audit.record(session, workspace_id, action, user_id=user_id, provider=provider)

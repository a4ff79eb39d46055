"""What the diary says of people whom a provider vouches for."""

import time
from typing import Any

import pyotp
import pytest

from app import db
from app.actor import Actor
from app.errors import AppError
from app.models.enums import UserStatus
from app.oauth_settings import OAuthProvider
from app.services import second_factor, sessions, sign_ins, users
from app.services.oauth import accounts
from app.services.oauth.accounts import (
    CameBack,
    CodeNeeded,
    Linked,
    Linking,
    Refused,
    SignedIn,
)
from app.services.oauth.client import Identity
from app.services.sign_ins import Client
from tests.accounts import make_person
from tests.factories import Team
from tests.table_rows import execute, rows, value

ACME = OAuthProvider(name="acme", issuer="https://id.example", client_id="x", client_secret="x")
CLIENT = Client(ip="192.0.2.7")


def identity_of(actor: Actor, *, subject: str = "s1") -> Identity:
    """Return what the provider says of somebody whose address we have verified, too."""
    execute("UPDATE users SET email_verified_at = now() WHERE id = %s", actor.user_id)
    email = value("SELECT email FROM users WHERE id = %s", actor.user_id)
    return Identity(
        provider="acme", issuer=ACME.issuer, subject=subject, email=email, is_email_verified=True,
        name="Ana", scope="openid", expires_at=None,
    )  # fmt: skip


def come(identity: Identity, *, linking: Actor | None = None) -> accounts.Outcome:
    came = CameBack(ACME, "/dashboard", linking and linking_of(linking))
    with db.transaction() as session:
        return accounts.decide(session, came, identity, CLIENT)


def linking_of(actor: Actor) -> Linking:
    assert actor.session_id
    return Linking(
        user_id=actor.require_person(),
        session_id=actor.session_id,
        workspace_id=actor.workspace_id,
    )


def diary(team: Team) -> list[tuple[str, str | None, dict[str, Any]]]:
    return [
        (action, str(ip) if ip else None, details)
        for action, ip, details in rows(
            "SELECT action, host(ip::inet), details FROM audit_entries"
            " WHERE workspace_id = %s AND user_id IS NOT NULL AND action ~ '^(oauth|session)'"
            " ORDER BY created_at, id",
            team.id,
        )
    ]


def switch_second_factor_on(actor: Actor) -> str:
    """Return the secret; the code of this half minute is used up by it."""
    with db.transaction() as session:
        token = sign_ins.start(session, actor.require_person(), client=CLIENT)
    with db.transaction() as session:
        view = sessions.find(session, token)
    assert view is not None
    with db.transaction(actor.workspace_id) as session:
        secret = second_factor.begin(session, view.actor).secret
    with db.transaction(actor.workspace_id) as session:
        second_factor.confirm(session, view.actor, pyotp.TOTP(secret).now())
    return secret


def test_a_sign_in_and_the_link_that_came_with_it_are_written_down(acme: Team) -> None:
    identity = identity_of(acme.agent)

    assert isinstance(come(identity), SignedIn)
    assert isinstance(come(identity), SignedIn)

    assert diary(acme) == [
        ("oauth.linked", None, {"provider": "acme"}),
        ("session.created", "192.0.2.7", {"provider": "acme"}),
        ("session.created", "192.0.2.7", {"provider": "acme"}),
    ]


@pytest.mark.parametrize("status", [UserStatus.SUSPENDED, UserStatus.INACTIVE])
def test_who_may_not_come_in_is_refused_and_written_down(acme: Team, status: UserStatus) -> None:
    identity = identity_of(acme.agent)
    come(identity)
    with db.transaction() as session:
        users.set_status(session, acme.agent.require_person(), status)

    outcome = come(identity)

    assert isinstance(outcome, Refused)
    assert isinstance(outcome.error, AppError)
    assert diary(acme)[-1] == (
        "session.refused", "192.0.2.7", {"why": "status", "provider": "acme"},
    )  # fmt: skip


def test_linking_is_written_down_in_the_workspace_at_hand(acme: Team) -> None:
    ana = make_person(acme.id)

    assert isinstance(come(identity_of(ana), linking=ana), Linked)

    assert diary(acme) == [("oauth.linked", None, {"provider": "acme"})]


def test_a_sign_in_that_waited_for_its_code_names_the_provider(acme: Team) -> None:
    identity = identity_of(acme.agent)
    come(identity)
    totp = pyotp.TOTP(switch_second_factor_on(acme.agent))

    outcome = come(identity)
    assert isinstance(outcome, CodeNeeded)
    for code in ("000000", totp.at(int(time.time()) + 30)):
        with db.transaction() as session:
            sign_ins.finish(session, ticket=outcome.ticket, code=code, client=CLIENT)

    assert diary(acme)[-2:] == [
        ("session.refused", "192.0.2.7", {"why": "code", "provider": "acme"}),
        ("session.created", "192.0.2.7", {"provider": "acme"}),
    ]

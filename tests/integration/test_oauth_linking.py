"""Adding a provider to one's account: after a fresh proof, from a sign-in that still stands."""

from functools import partial

import pytest

from app.actor import Actor
from app.config import configure
from app.errors import NotAuthenticated
from app.oauth_settings import OAuthProvider
from app.services import sessions, sign_ins
from app.services.oauth import accounts
from app.services.oauth.accounts import CameBack, LastWayIn, Linked
from app.services.oauth.client import Identity
from app.services.sessions import PROOF, ProofNeeded
from app.services.sign_ins import Client
from tests.accounts import act, alone, make_person, outcome
from tests.factories import PASSWORD, Clock, Team
from tests.table_rows import count, execute, value

ACME = OAuthProvider(name="acme", issuer="https://id.example", client_id="x", client_secret="x")
IDENTITY = Identity(
    provider="acme", issuer=ACME.issuer, subject="s1", email="else@example.com",
    is_email_verified=True, name="Ana", scope="openid", expires_at=None,
)  # fmt: skip


@pytest.fixture
def ana(acme: Team, rival: Team, frozen_clock: Clock) -> Actor:
    configure(oauth={"acme": ACME})
    return make_person(acme.id)


def go(actor: Actor) -> CameBack:
    """Go to the provider and come back with its state."""
    begun = alone(accounts.begin, "acme", target="/settings/security", linking=actor)
    came: CameBack = alone(
        accounts.come_back, "acme", state=begun.state, browser_secret=begun.browser_secret
    )
    return came


def decide(came: CameBack) -> object:
    return alone(accounts.decide, came, IDENTITY, Client())


def test_linking_asks_for_the_password_after_a_while(ana: Actor, frozen_clock: Clock):
    frozen_clock.move(PROOF * 2)
    assert outcome(partial(go, ana)) is ProofNeeded
    assert count("verification_tokens") == 0

    sign_ins.prove(ana, PASSWORD)

    assert decide(go(ana)) == Linked("/settings/security")
    assert value("SELECT user_id FROM oauth_accounts") == ana.user_id


def test_linking_ends_with_the_sign_in_that_began_it(ana: Actor):
    came = go(ana)
    assert ana.session_id
    alone(sessions.revoke, ana.session_id, reason="revoked")

    assert outcome(partial(decide, came)) is NotAuthenticated

    assert count("oauth_accounts") == 0


def test_unlinking_asks_for_the_password_after_a_while(ana: Actor, frozen_clock: Clock):
    decide(go(ana))
    linked = act(accounts.list_own, ana)[0].id
    frozen_clock.move(PROOF * 2)
    assert outcome(partial(act, accounts.unlink, ana, linked)) is ProofNeeded
    assert count("oauth_accounts") == 1

    sign_ins.prove(ana, PASSWORD)
    act(accounts.unlink, ana, linked)

    assert count("oauth_accounts") == 0


def test_only_way_in_is_not_taken_away(ana: Actor):
    decide(go(ana))
    execute("UPDATE users SET password_hash = NULL WHERE id = %s", ana.user_id)

    linked = act(accounts.list_own, ana)[0].id

    assert outcome(partial(act, accounts.unlink, ana, linked)) is LastWayIn

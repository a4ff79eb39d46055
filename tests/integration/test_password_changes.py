"""Forgotten and changed passwords, and addresses that are proven by a mailed link."""

from functools import partial

import pytest

from app.actor import Actor
from app.errors import RateLimited, ValidationFailed
from app.models.enums import TokenPurpose
from app.services import (
    own_sessions,
    password_changes,
    passwords,
    sessions,
    sign_ins,
    tokens,
    verification,
)
from app.services.rate_limits import AMOUNTS, Limit
from app.services.sessions import PROOF, ProofNeeded
from app.services.tokens import TokenSpent
from app.services.verification import AlreadyVerified
from tests.accounts import (
    THREADS,
    act,
    alone,
    email_of,
    letters_to,
    make_person,
    outcome,
    race,
    sign_in,
    turn_second_factor_on,
)
from tests.factories import PASSWORD, Clock, Team
from tests.table_rows import count, execute, value

NEW = "another long password"


@pytest.fixture
def ana(acme: Team, rival: Team) -> Actor:
    return make_person(acme.id)


def ask(actor: Actor) -> str:
    alone(password_changes.ask, email_of(actor))
    return letters_to(email_of(actor), "reset_password")[-1]


def reset(link: str, password: str = NEW) -> None:
    alone(password_changes.reset, link, passwords.choose(password), ip="192.0.2.7")


def has_password(actor: Actor, password: str) -> bool:
    stored = value("SELECT password_hash FROM users WHERE id = %s", actor.user_id)
    return passwords.verify(stored, password)


def live_of(actor: Actor) -> int:
    return count("sessions", "revoked_at IS NULL AND user_id = %s", actor.user_id)


def test_reset_ends_every_sign_in_of_this_person_only(ana: Actor, rival: Team):
    other = make_person(rival.id)
    sign_in(ana)

    reset(ask(ana))

    assert live_of(ana) == 0
    assert live_of(other) == 1
    assert has_password(ana, NEW)
    assert has_password(other, PASSWORD)


def test_own_links_are_limited_and_set_the_first_password(ana: Actor):
    execute("UPDATE users SET password_hash = NULL WHERE id = %s", ana.user_id)
    for _ in range(AMOUNTS[Limit.RESET_ACCOUNT][0]):
        act(password_changes.ask_own, ana)
    with pytest.raises(RateLimited):
        act(password_changes.ask_own, ana)

    reset(letters_to(email_of(ana), "reset_password")[-1])

    assert has_password(ana, NEW)


def test_first_proof_of_an_address_leaves_nothing_of_who_signed_up_with_it(acme: Team):
    stranger = make_person(acme.id, verified=False)
    turn_second_factor_on(stranger)
    execute(
        "INSERT INTO oauth_accounts (id, user_id, type, provider, issuer, provider_account_id)"
        " VALUES (gen_random_uuid(), %s, 'oidc', 'one', 'https://one.example', '1')",
        stranger.user_id,
    )

    reset(ask(stranger))

    assert value("SELECT totp_secret FROM users WHERE id = %s", stranger.user_id) is None
    assert not count("oauth_accounts")
    assert not count("recovery_codes")


def test_link_resets_once_even_at_once(ana: Actor):
    link = ask(ana)

    results = race(*[partial(reset, link, f"{NEW}{place}") for place in range(THREADS)])

    assert results.count(None) == 1
    assert results.count(TokenSpent) == THREADS - 1
    assert has_password(ana, f"{NEW}{results.index(None)}")


def test_newer_link_voids_the_older(ana: Actor):
    older, newer = ask(ana), ask(ana)

    assert not alone(password_changes.is_live, older)
    with pytest.raises(TokenSpent):
        reset(older)
    reset(newer)


def test_link_is_too_old_after_half_an_hour(ana: Actor, frozen_clock: Clock):
    link = ask(ana)
    frozen_clock.move(tokens.LIVES[TokenPurpose.RESET_PASSWORD])

    with pytest.raises(TokenSpent):
        reset(link)

    assert has_password(ana, PASSWORD)


def test_changed_password_voids_the_mailed_link(ana: Actor):
    link = ask(ana)

    password_changes.change(ana, current=PASSWORD, password=NEW)

    with pytest.raises(TokenSpent):
        reset(link, "a third long password")
    assert has_password(ana, NEW)


def test_link_is_void_once_the_address_changed_or_the_person_is_suspended(ana: Actor, acme: Team):
    moved, suspended = ana, make_person(acme.id)
    links = ask(moved), ask(suspended)
    execute("UPDATE users SET email = 'moved@example.com' WHERE id = %s", moved.user_id)
    execute("UPDATE users SET status = 'SUSPENDED' WHERE id = %s", suspended.user_id)

    for link in links:
        with pytest.raises(TokenSpent):
            reset(link)


def test_poor_password_does_not_spend_the_link(ana: Actor):
    link = ask(ana)

    for poor in ("short", "password1", "x" * 257, "with a \0 in it"):
        with pytest.raises(ValidationFailed):
            reset(link, poor)

    reset(link)


def test_link_for_one_purpose_is_none_for_another(ana: Actor):
    link = ask(ana)

    with pytest.raises(TokenSpent):
        alone(verification.verify, link)

    reset(link)


def test_asking_for_nobody_mails_nobody(ana: Actor):
    execute("UPDATE users SET status = 'SUSPENDED' WHERE id = %s", ana.user_id)

    for email in ("nobody@example.com", "", "\0", email_of(ana)):
        assert alone(password_changes.ask, email) is None

    assert not count("mails")
    assert not count("verification_tokens")


def test_changing_it_ends_ones_other_sign_ins(ana: Actor):
    sign_in(ana)

    password_changes.change(ana, current=PASSWORD, password=NEW)

    assert [view.is_current for view in act(own_sessions.list_own, ana)] == [True]
    assert live_of(ana) == 1


def test_changing_it_needs_the_present_one(ana: Actor):
    for current in ("", "wrong", PASSWORD.upper()):
        with pytest.raises(ValidationFailed) as refused:
            password_changes.change(ana, current=current, password=NEW)
        assert set(refused.value.fields) == {"current"}

    assert has_password(ana, PASSWORD)
    assert live_of(ana) == 1


def test_first_password_is_chosen_soon_after_signing_in(ana: Actor, frozen_clock: Clock):
    """Somebody whom a provider vouches for has no password to show."""
    execute("UPDATE users SET password_hash = NULL WHERE id = %s", ana.user_id)
    late = sign_in(ana)
    frozen_clock.move(PROOF * 2)
    choose = partial(password_changes.change, current="", password=NEW)

    with pytest.raises(ValidationFailed) as refused:
        sign_ins.prove(late, "")
    assert "Sign out, and in again" in refused.value.explanation
    assert outcome(partial(choose, late)) is ProofNeeded
    assert not value("SELECT password_hash FROM users WHERE id = %s", ana.user_id)

    choose(sign_in(ana))
    assert has_password(ana, NEW)


def test_tries_to_change_it_are_counted_with_the_sign_ins_of_this_person_only(
    ana: Actor, rival: Team
):
    other = make_person(rival.id)
    for _try in range(AMOUNTS[Limit.SIGN_IN_ACCOUNT][0]):
        with pytest.raises(ValidationFailed):
            password_changes.change(ana, current="wrong", password=NEW)

    with pytest.raises(RateLimited):
        password_changes.change(ana, current=PASSWORD, password=NEW)
    with pytest.raises(RateLimited):
        sign_ins.prove(ana, PASSWORD)
    password_changes.change(other, current=PASSWORD, password=NEW)

    assert has_password(ana, PASSWORD)
    assert has_password(other, NEW)


def test_address_is_proven_once_by_its_own_link(acme: Team, rival: Team):
    ana, other = (make_person(team.id, verified=False) for team in (acme, rival))
    act(verification.ask_again, ana)
    link = letters_to(email_of(ana), "verify_email")[-1]

    results = race(*[partial(alone, verification.verify, link)] * THREADS)

    assert results.count(ana.user_id) == 1
    assert results.count(TokenSpent) == THREADS - 1
    act(verification.require_verified, ana)
    assert outcome(partial(act, verification.require_verified, other)) is (
        verification.EmailNotVerified
    )
    assert outcome(partial(act, verification.ask_again, ana)) is AlreadyVerified


def test_link_does_not_prove_another_address(acme: Team):
    ana = make_person(acme.id, verified=False)
    act(verification.ask_again, ana)
    link = letters_to(email_of(ana), "verify_email")[-1]
    execute("UPDATE users SET email = 'moved@example.com' WHERE id = %s", ana.user_id)

    with pytest.raises(TokenSpent):
        alone(verification.verify, link)

    assert value("SELECT email_verified_at FROM users WHERE id = %s", ana.user_id) is None


def test_reset_closes_the_open_pages(ana: Actor):
    reset(ask(ana))

    assert alone(sessions.live_among, {ana.session_id}) == {}

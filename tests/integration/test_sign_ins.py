"""Signing in: every refusal is the same refusal; what is refused is in the diary, too."""

import time
from functools import partial

import pyotp
import pytest

from app.actor import Actor
from app.errors import ValidationFailed
from app.services import password_changes, passwords, second_factor, sessions, sign_ins
from app.services.sessions import PROOF, ProofNeeded
from app.services.sign_ins import Client, Outcome, SecondFactorRequired, WrongCredentials
from app.services.tokens import TokenSpent
from app.web import REFUSAL_S
from tests.accounts import (
    THREADS,
    act,
    alone,
    email_of,
    letters_to,
    make_person,
    outcome,
    person,
    race,
)
from tests.factories import PASSWORD, Clock, Team, make_membership, make_workspace
from tests.table_rows import count, execute, rows

NEW_PASSWORD = "another long password"
CLIENT = Client(ip="192.0.2.7", user_agent="Test")


@pytest.fixture
def ana(acme: Team, rival: Team) -> Actor:
    return make_person(acme.id)


def try_with(email: str, password: str = PASSWORD, code: str | None = None) -> Outcome:
    result: Outcome = sign_ins.sign_in(email=email, password=password, client=CLIENT, code=code)
    return result


def refusal(result: Outcome) -> tuple[object, ...]:
    """Everything that a stranger is told."""
    error = result.refusal
    assert error is not None
    assert result.token is None
    return type(error), error.code, error.status, str(error), vars(error)


@pytest.mark.parametrize("known", [True, False])
def test_every_try_costs_one_hash_whoever_it_names(
    ana: Actor, monkeypatch: pytest.MonkeyPatch, *, known: bool
):
    hashed: list[str] = []
    real = passwords._hasher

    class Counted:
        def verify(self, stored: str, password: str) -> bool:
            hashed.append(stored)
            return real.verify(stored, password)

    monkeypatch.setattr(passwords, "_hasher", Counted())

    refusal(try_with(email_of(ana) if known else "nobody@example.com", "wrong password"))

    assert len(hashed) == 1


def test_every_refusal_is_the_same(ana: Actor, rival: Team):
    suspended, empty = make_person(rival.id), make_person(rival.id)
    execute("UPDATE users SET status = 'SUSPENDED' WHERE id = %s", suspended.user_id)
    execute("UPDATE users SET password_hash = NULL WHERE id = %s", empty.user_id)

    answers = [
        refusal(try_with("nobody@example.com")),
        refusal(try_with("no address\0")),
        refusal(try_with(email_of(ana), "wrong")),
        refusal(try_with(email_of(ana), "")),
        refusal(try_with(email_of(ana), "x" * 10_000)),
        refusal(try_with(email_of(suspended))),
        refusal(try_with(email_of(empty))),
        refusal(try_with(email_of(empty), "")),
    ]

    assert answers == [answers[0]] * len(answers)
    assert answers[0][0] is WrongCredentials


def test_refusing_a_member_of_thirty_workspaces_is_hidden_by_the_pause(ana: Actor):
    """A line in each diary is written before the answer; the pause of the doors must be longer."""
    for _workspace in range(30):
        make_membership(make_workspace(), person(ana))
    tries = []

    for _try in range(3):
        began = time.monotonic()
        assert try_with(email_of(ana), "wrong").token is None
        tries.append(time.monotonic() - began)

    assert count("audit_entries", "action = 'session.refused'") == 3 * 31
    assert min(tries) < REFUSAL_S


def test_who_knows_the_password_gets_in_whatever_the_case_of_the_address(ana: Actor):
    token = try_with(email_of(ana).upper()).token_or_raise()

    view = alone(sessions.find, token)
    assert view.user_id == ana.user_id
    assert view.workspace_id == ana.workspace_id


def test_refusals_are_in_the_diary_of_the_persons_workspaces_only(ana: Actor, rival: Team):
    execute("TRUNCATE audit_entries")

    try_with(email_of(ana), "wrong")
    try_with("nobody@example.com", "wrong")

    assert rows("SELECT workspace_id, action, user_id, ip, details FROM audit_entries") == [
        (ana.workspace_id, "session.refused", ana.user_id, CLIENT.ip, {"why": "password"})
    ]


def test_deactivated_person_is_out_at_once(ana: Actor):
    token = try_with(email_of(ana)).token_or_raise()

    execute("UPDATE users SET status = 'INACTIVE' WHERE id = %s", ana.user_id)

    assert alone(sessions.find, token) is None
    assert alone(sessions.find_person, token) is None


def test_old_password_does_not_get_in_while_it_is_reset(ana: Actor):
    """Whoever compared it before the reset and signs in after it would outlive the reset."""
    email = email_of(ana)
    for turn in range(4):
        alone(password_changes.ask, email)
        link = letters_to(email, "reset_password")[-1]
        old, new = f"{PASSWORD}{turn}", f"{PASSWORD}{turn + 1}"
        execute(
            "UPDATE users SET password_hash = %s WHERE id = %s",
            passwords.hash_password(old),
            ana.user_id,
        )

        race(
            partial(alone, password_changes.reset, link, passwords.choose(new), ip=None),
            *[partial(try_with, email, old)] * 3,
        )

        assert count("sessions", "revoked_at IS NULL AND user_id = %s", ana.user_id) == 0


def test_ticket_for_the_code_is_worth_nothing_after_a_reset(ana: Actor, frozen_clock: Clock):
    setup = act(second_factor.begin, ana)
    act(second_factor.confirm, ana, pyotp.TOTP(setup.secret).at(frozen_clock.now))
    email, totp = email_of(ana), pyotp.TOTP(setup.secret)
    waiting = try_with(email).refusal
    assert isinstance(waiting, SecondFactorRequired)
    alone(password_changes.ask, email)
    link = letters_to(email, "reset_password")[-1]
    alone(password_changes.reset, link, passwords.choose(NEW_PASSWORD), ip=None)
    frozen_clock.move(PROOF)

    with pytest.raises(TokenSpent):
        alone(
            sign_ins.finish,
            ticket=waiting.ticket,
            code=totp.at(frozen_clock.now),
            client=CLIENT,
        )
    again = try_with(email, NEW_PASSWORD)
    assert isinstance(again.refusal, SecondFactorRequired), "a reset is no way round the code"


def test_one_ticket_and_code_open_one_sign_in(ana: Actor, frozen_clock: Clock):
    setup = act(second_factor.begin, ana)
    totp = pyotp.TOTP(setup.secret)
    act(second_factor.confirm, ana, totp.at(frozen_clock.now))
    frozen_clock.move(PROOF)
    waiting = try_with(email_of(ana)).refusal
    assert isinstance(waiting, SecondFactorRequired)
    finish = partial(
        alone,
        sign_ins.finish,
        ticket=waiting.ticket,
        code=totp.at(frozen_clock.now),
        client=CLIENT,
    )

    results = race(*[finish] * THREADS)

    assert sum(isinstance(one, Outcome) and one.token is not None for one in results) == 1
    assert results.count(TokenSpent) == THREADS - 1


def test_reset_and_the_code_at_the_same_moment_do_not_block_each_other(
    ana: Actor, frozen_clock: Clock
):
    setup = act(second_factor.begin, ana)
    totp, email = pyotp.TOTP(setup.secret), email_of(ana)
    act(second_factor.confirm, ana, totp.at(frozen_clock.now))
    for turn in range(4):
        frozen_clock.move(PROOF)
        alone(password_changes.ask, email)
        link = letters_to(email, "reset_password")[-1]
        ticket = alone(sign_ins.ticket_for, person(ana))
        code = totp.at(frozen_clock.now)
        chosen = passwords.choose(f"{NEW_PASSWORD}{turn}")

        was_reset, finished = race(
            partial(alone, password_changes.reset, link, chosen, ip=None),
            partial(alone, sign_ins.finish, ticket=ticket, code=code, client=CLIENT),
        )

        assert was_reset is None
        assert finished is TokenSpent or isinstance(finished, Outcome)
        assert count("sessions", "revoked_at IS NULL AND user_id = %s", ana.user_id) == 0


def test_what_is_dangerous_asks_for_the_password_after_a_while(ana: Actor, frozen_clock: Clock):
    ana = make_person(ana.workspace_id)
    frozen_clock.move(PROOF * 2)
    assert outcome(partial(act, sessions.require_proof, ana)) is ProofNeeded

    with pytest.raises(ValidationFailed):
        sign_ins.prove(ana, "wrong")
    assert outcome(partial(act, sessions.require_proof, ana)) is ProofNeeded

    sign_ins.prove(ana, PASSWORD)
    act(sessions.require_proof, ana)

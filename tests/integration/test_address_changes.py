"""An address that was mistyped at sign-up: another one takes its place once its link is opened."""

from functools import partial

import pytest

from app.actor import Actor
from app.errors import RateLimited, ValidationFailed
from app.services import password_changes, passwords, verification
from app.services.rate_limits import AMOUNTS, Limit
from app.services.tokens import TokenSpent
from app.services.verification import PAUSE, AlreadyVerified, AwaitedView
from tests.accounts import (
    THREADS,
    act,
    alone,
    email_of,
    letters_to,
    make_person,
    outcome,
    race,
    verify,
)
from tests.factories import PASSWORD, Clock, Team, unique
from tests.table_rows import count, row, rows, value

RIGHT = "ana@example.com"


@pytest.fixture
def ana(acme: Team, rival: Team) -> Actor:
    actor = make_person(acme.id, email="ana@exmaple.com", verified=False)
    act(verification.ask_again, actor)
    return actor


def correct(actor: Actor, email: str = RIGHT) -> None:
    act(verification.change_address, actor, email=email)


def link_to(email: str) -> str:
    return letters_to(email, "verify_email")[-1]


def told() -> list[tuple[str, str]]:
    return [(to, kind) for to, kind in rows("SELECT recipient, kind FROM mails ORDER BY id")]


def test_right_address_is_ones_own_once_its_link_is_opened(ana: Actor, acme: Team):
    correct(ana, f"  {RIGHT} ")
    assert email_of(ana) == "ana@exmaple.com"
    assert act(verification.awaited, ana) == AwaitedView(address=RIGHT)

    assert alone(verification.verify, link_to(RIGHT)) == ana.user_id

    assert email_of(ana) == RIGHT
    assert act(verification.awaited, ana) is None
    act(verification.require_verified, ana)
    assert row(
        "SELECT user_id, subject_id, details->>'before', details->>'after' FROM audit_entries"
        " WHERE workspace_id = %s AND action = 'user.address_changed'",
        acme.id,
    ) == (ana.user_id, ana.user_id, "ana@exmaple.com", RIGHT)


def test_links_to_the_wrong_address_die_with_it(ana: Actor):
    wrong = email_of(ana)
    alone(password_changes.ask, wrong)
    reset, link = letters_to(wrong, "reset_password")[-1], link_to(wrong)

    correct(ana)

    assert outcome(partial(alone, verification.verify, link)) is TokenSpent
    again = partial(alone, password_changes.reset, reset, passwords.choose(f"{PASSWORD}!"), ip=None)
    assert outcome(again) is TokenSpent
    assert value("SELECT email_verified_at FROM users WHERE id = %s", ana.user_id) is None


def test_each_correction_voids_the_one_before(ana: Actor):
    correct(ana, "first@example.com")
    correct(ana)

    first = partial(alone, verification.verify, link_to("first@example.com"))
    assert outcome(first) is TokenSpent
    assert alone(verification.verify, link_to(RIGHT)) == ana.user_id


def test_link_that_is_sent_again_goes_to_the_corrected_address(ana: Actor, frozen_clock: Clock):
    correct(ana)
    old = link_to(RIGHT)
    frozen_clock.move(PAUSE)

    act(verification.ask_again, ana)

    assert len(letters_to(RIGHT, "verify_email")) == 2
    assert outcome(partial(alone, verification.verify, old)) is TokenSpent
    assert alone(verification.verify, link_to(RIGHT)) == ana.user_id


def test_link_is_sent_again_after_half_a_minute(ana: Actor, frozen_clock: Clock):
    frozen_clock.move(PAUSE / 2)
    with pytest.raises(RateLimited) as refused:
        act(verification.ask_again, ana)
    assert refused.value.retry_after_s <= PAUSE.total_seconds() / 2 + 1

    correct(ana)  # a wrong address need not wait
    assert act(verification.awaited, ana) == AwaitedView(address=RIGHT)


def test_address_of_somebody_else_looks_like_any_other(ana: Actor, rival: Team):
    known = make_person(rival.id)
    answers, seen = [], []
    for email in (email_of(known).upper(), RIGHT):
        answers.append(correct(ana, email))
        seen.append(act(verification.awaited, ana).address.lower())

    assert answers == [None, None]
    assert seen == [email_of(known), RIGHT]
    assert told()[1:] == [(email_of(known), "account_exists"), (RIGHT, "verify_email")]
    assert email_of(ana) == "ana@exmaple.com"


def test_of_two_who_name_one_address_the_first_to_open_the_link_has_it(ana: Actor, rival: Team):
    other = make_person(rival.id, verified=False)
    correct(ana)
    correct(other)
    links = letters_to(RIGHT, "verify_email")

    results = race(*[partial(alone, verification.verify, link) for link in links])

    assert sorted(map(str, results)) == sorted(
        map(str, [TokenSpent, ana.user_id if ana.user_id in results else other.user_id])
    )
    assert count("users", "email = %s", RIGHT) == 1


def test_address_that_is_confirmed_stays(ana: Actor):
    correct(ana)
    link = link_to(RIGHT)
    verify(ana)

    assert outcome(partial(correct, ana)) is AlreadyVerified
    assert outcome(partial(alone, verification.verify, link)) is TokenSpent
    assert email_of(ana) == "ana@exmaple.com"


def test_what_is_no_address_is_refused(ana: Actor):
    for email in ("", "no address", "a@\0"):
        assert outcome(partial(correct, ana, email)) is ValidationFailed

    assert len(told()) == 1


def test_corrections_are_counted_by_person_and_by_address(ana: Actor, rival: Team):
    most = AMOUNTS[Limit.VERIFY_ACCOUNT][0]
    for _try in range(most - 1):  # one was asked for at the beginning
        correct(ana, f"a{unique()}@example.com")
    assert outcome(partial(correct, ana)) is RateLimited

    for _try in range(most):
        correct(make_person(rival.id, verified=False), "victim@example.com")
    one_more = make_person(rival.id, verified=False)
    assert outcome(partial(correct, one_more, "victim@example.com")) is RateLimited
    assert len(letters_to("victim@example.com", "verify_email")) == most


def test_many_corrections_at_once_leave_one_live_link(ana: Actor):
    results = race(*[partial(correct, ana, f"r{turn}@example.com") for turn in range(THREADS)])

    done = AMOUNTS[Limit.VERIFY_ACCOUNT][0] - 1
    assert results.count(None) == done
    assert results.count(RateLimited) == THREADS - done
    assert count("verification_tokens", "user_id = %s", ana.user_id) == 1

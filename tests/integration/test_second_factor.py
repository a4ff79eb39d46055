"""The second factor: a code of either kind opens once, and only its own person."""

import datetime as dt
from functools import partial

import pyotp
import pytest

from app.actor import Actor
from app.crypto import hash_token
from app.errors import Conflict, RateLimited, ValidationFailed
from app.services import second_factor, sessions, sign_ins
from app.services.second_factor import CODES, STEP_S, SecondFactorOn, WrongCode
from app.services.sessions import PROOF, ProofNeeded
from app.services.sign_ins import Client
from tests.accounts import THREADS, act, alone, email_of, make_person, outcome, race, sign_in
from tests.factories import PASSWORD, Clock, Team
from tests.table_rows import count, rows, value

STEP = dt.timedelta(seconds=STEP_S)


class Phone:
    """A person with an authenticator app that has been confirmed."""

    def __init__(self, actor: Actor, clock: Clock) -> None:
        self.actor, self.clock = actor, clock
        setup = act(second_factor.begin, actor)
        self.secret, self.totp = setup.secret, pyotp.TOTP(setup.secret)
        self.backup: list[str] = act(second_factor.confirm, actor, self.shows())
        clock.move(3 * STEP)

    def shows(self, *, steps: int = 0) -> str:
        return self.totp.at(self.clock.now + steps * STEP)

    def take(self, code: str) -> bool:
        return bool(alone(second_factor.take, self.actor.user_id, code))


@pytest.fixture
def phone(frozen_clock: Clock, acme: Team, rival: Team) -> Phone:
    return Phone(make_person(acme.id), frozen_clock)


def test_code_opens_once_within_its_window(phone: Phone):
    code = phone.shows()

    assert phone.take(code)
    for _step in range(3):
        assert not phone.take(code)
        phone.clock.move(STEP)


def test_older_code_does_not_open_after_a_newer_one(phone: Phone):
    assert phone.take(phone.shows(steps=1))
    assert not phone.take(phone.shows())
    assert not phone.take(phone.shows(steps=-1))


@pytest.mark.parametrize(
    ("steps", "is_right"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_clocks_may_differ_by_one_step(phone: Phone, steps: int, is_right: bool):  # noqa: FBT001
    assert phone.take(phone.shows(steps=steps)) == is_right


def test_of_many_who_use_one_code_at_once_one_gets_in(phone: Phone):
    results = race(*[partial(phone.take, phone.shows())] * THREADS)

    assert results.count(True) == 1


def test_backup_code_opens_once_even_at_once(phone: Phone):
    code = phone.backup[0]

    results = race(*[partial(phone.take, code)] * THREADS)

    assert results.count(True) == 1
    assert results.count(False) == THREADS - 1
    assert act(second_factor.describe, phone.actor).recovery_codes_left == CODES - 1


def test_backup_code_can_be_typed_as_people_do(phone: Phone):
    first, second = phone.backup[:2]

    assert phone.take(f"  {first.lower()} ")
    assert phone.take(second.replace("-", " "))


@pytest.mark.parametrize("code", ["", " ", "000", "0000000", "\0", "é", "٠١٢٣٤٥", "x" * 10_000])
def test_what_is_no_code_opens_nothing(phone: Phone, code: str):
    assert not phone.take(code)


def test_codes_of_somebody_else_open_nothing(phone: Phone, rival: Team):
    other = Phone(make_person(rival.id), phone.clock)

    assert not other.take(phone.shows())
    assert not other.take(phone.backup[0])
    assert phone.take(phone.backup[0])


def test_new_backup_codes_void_the_old_ones(phone: Phone):
    codes = act(second_factor.renew_codes, phone.actor)

    assert not set(codes) & set(phone.backup)
    assert not phone.take(phone.backup[0])
    assert phone.take(codes[0])


def test_nothing_of_it_is_readable_in_the_tables(phone: Phone):
    secret = bytes(value("SELECT totp_secret FROM users WHERE id = %s", phone.actor.user_id))

    assert phone.secret.encode() not in secret
    hashed = hash_token(phone.backup[0].replace("-", ""))
    assert count("recovery_codes", "code_hash = %s", hashed) == 1


def test_it_is_off_until_a_code_has_confirmed_it(frozen_clock: Clock, acme: Team, rival: Team):
    ana = make_person(acme.id)
    act(second_factor.begin, ana)

    with pytest.raises(ValidationFailed):
        act(second_factor.confirm, ana, "000000")

    assert not act(second_factor.describe, ana).is_on
    tried = sign_ins.sign_in(email=email_of(ana), password=PASSWORD, client=Client())
    assert tried.token


def test_device_that_works_is_not_replaced(phone: Phone):
    with pytest.raises(SecondFactorOn):
        act(second_factor.begin, phone.actor)
    with pytest.raises(SecondFactorOn):
        act(second_factor.confirm, phone.actor, phone.shows())

    assert phone.take(phone.shows())


def test_switching_it_asks_for_the_password(phone: Phone):
    phone.clock.move(PROOF)

    for fn in (second_factor.begin, second_factor.renew_codes, second_factor.switch_off):
        assert outcome(partial(act, fn, phone.actor)) is ProofNeeded
    assert act(second_factor.describe, phone.actor).is_on


def test_switched_off_no_code_opens_anything(phone: Phone):
    act(second_factor.switch_off, phone.actor)

    assert not phone.take(phone.shows())
    assert not phone.take(phone.backup[0])
    assert outcome(partial(act, second_factor.renew_codes, phone.actor)) is Conflict
    assert not count("recovery_codes", "user_id = %s", phone.actor.user_id)


def test_guessing_ends_after_five_codes_for_this_person_only(phone: Phone, rival: Team):
    other = Phone(make_person(rival.id), phone.clock)

    def finish(whose: Phone, code: str) -> object:
        ticket = alone(sign_ins.ticket_for, whose.actor.user_id)
        tried = partial(alone, sign_ins.finish, ticket=ticket, code=code, client=Client())
        result = outcome(tried)
        return result if isinstance(result, type) else type(result.refusal)

    assert [finish(phone, "000000") for _try in range(6)] == [WrongCode] * 5 + [RateLimited]
    assert finish(phone, phone.shows()) is RateLimited
    assert finish(other, other.shows()) is type(None)


def test_codes_that_were_right_do_not_use_up_the_tries(phone: Phone):
    for _again in range(7):
        phone.clock.move(3 * STEP)
        signed_in = sign_ins.sign_in(
            email=email_of(phone.actor),
            password=PASSWORD,
            code=phone.shows(),
            client=Client(),
        )
        assert signed_in.token is not None


def test_switching_it_ends_the_other_sign_ins_and_is_in_the_diary(phone: Phone, rival: Team):
    elsewhere, other = sign_in(phone.actor), make_person(rival.id)
    act(second_factor.switch_off, phone.actor)
    again = sign_in(phone.actor)
    setup = act(second_factor.begin, phone.actor)

    act(second_factor.confirm, phone.actor, pyotp.TOTP(setup.secret).at(phone.clock.now))

    live = alone(
        sessions.live_among, {one.session_id for one in (phone.actor, elsewhere, again, other)}
    )
    assert set(live) == {phone.actor.session_id, other.session_id}
    assert [
        action
        for (action,) in rows(
            "SELECT action FROM audit_entries WHERE user_id = %s ORDER BY created_at, id",
            phone.actor.user_id,
        )
    ] == ["second_factor.switched_on", "second_factor.switched_off", "second_factor.switched_on"]
    assert not count("audit_entries", "workspace_id = %s AND action LIKE 'second%%'", rival.id)

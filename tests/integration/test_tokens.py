"""One-time tokens: good once, for one purpose, for a while, for whom they were made."""

import datetime as dt
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from app.crypto import hash_token
from app.models.enums import TokenPurpose
from app.services import tidy, tokens
from app.services.tokens import LIVES, MAX_LENGTH, TokenSpent
from tests.accounts import THREADS, alone, outcome, person, race
from tests.factories import Clock, Team, make_user
from tests.table_rows import count, row

SECOND = dt.timedelta(seconds=1)
PURPOSES = st.sampled_from(sorted(TokenPurpose))


@dataclass
class Known:
    """What a simple mind knows of a token."""

    purpose: TokenPurpose
    user_id: UUID | None
    expires_at: dt.datetime
    is_void: bool = False


class TokenMachine(RuleBasedStateMachine):
    """Issues, uses, replaces and outlives tokens of two people and of nobody."""

    tokens = Bundle("tokens")

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.known: dict[str, Known] = {}

    @initialize()
    def begin(self) -> None:
        self.people = [make_user(), make_user(), None]

    @rule(target=tokens, purpose=PURPOSES, whose=st.integers(0, 2))
    def issue(self, purpose: TokenPurpose, whose: int) -> str:
        user_id = self.people[whose]
        self._void(purpose, user_id)
        token: str = alone(tokens.issue, purpose, user_id=user_id)
        assert token not in self.known
        self.known[token] = Known(purpose, user_id, self.clock.now + LIVES[purpose])
        return token

    @rule(token=tokens, purpose=PURPOSES)
    def use_for_some_purpose(self, token: str, purpose: TokenPurpose) -> None:
        self._use(token, purpose)

    @rule(token=tokens)
    def use(self, token: str) -> None:
        self._use(token, self.known[token].purpose)

    @rule(token=tokens, purpose=PURPOSES)
    def look(self, token: str, purpose: TokenPurpose) -> None:
        found = alone(tokens.find, purpose, token)

        assert (found is not None) == self._is_live(token, purpose)

    @rule(purpose=PURPOSES, whose=st.integers(0, 1))
    def revoke(self, purpose: TokenPurpose, whose: int) -> None:
        alone(tokens.revoke, purpose, self.people[whose])
        self._void(purpose, self.people[whose])

    @rule(delta=st.sampled_from([SECOND, *sorted(set(LIVES.values()))]))
    def wait(self, delta: dt.timedelta) -> None:
        self.clock.move(delta)

    @rule()
    def purge(self) -> None:
        tidy.purge()

    def _use(self, token: str, purpose: TokenPurpose) -> None:
        result = outcome(partial(alone, tokens.use, purpose, token))

        if self._is_live(token, purpose):
            assert result.user_id == self.known[token].user_id
            self.known[token].is_void = True
        else:
            assert result is TokenSpent

    def _is_live(self, token: str, purpose: TokenPurpose) -> bool:
        one = self.known[token]
        return not one.is_void and one.purpose == purpose and self.clock.now < one.expires_at

    def _void(self, purpose: TokenPurpose, user_id: UUID | None) -> None:
        for one in self.known.values():
            if user_id and (one.purpose, one.user_id) == (purpose, user_id):
                one.is_void = True


def test_tokens_in_every_order(database: None, frozen_clock: Clock):
    run_state_machine_as_test(
        lambda: TokenMachine(frozen_clock),
        settings=settings(
            max_examples=25,
            stateful_step_count=30,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize("purpose", list(TokenPurpose))
def test_of_many_who_use_one_token_at_once_one_wins(acme: Team, rival: Team, purpose: TokenPurpose):
    token = alone(tokens.issue, purpose, user_id=acme.agent.user_id)
    alone(tokens.issue, purpose, user_id=rival.agent.user_id)

    results = race(*[partial(alone, tokens.use, purpose, token)] * THREADS)

    assert results.count(TokenSpent) == THREADS - 1
    assert [one.user_id for one in results if one is not TokenSpent] == [acme.agent.user_id]
    assert count("verification_tokens", "used_at IS NULL") == 1


def test_of_many_links_asked_for_at_once_one_is_live(acme: Team, rival: Team):
    purpose = TokenPurpose.RESET_PASSWORD
    others = alone(tokens.issue, purpose, user_id=rival.agent.user_id)

    issued = race(*[partial(alone, tokens.issue, purpose, user_id=acme.agent.user_id)] * THREADS)

    live = [token for token in issued if alone(tokens.find, purpose, token)]
    assert len(live) == 1
    assert alone(tokens.find, purpose, others)


def test_token_of_a_rolled_back_use_can_be_used_again(acme: Team):
    token = alone(tokens.issue, TokenPurpose.OAUTH, user_id=person(acme.agent))

    def use_and_fail(session: object) -> None:
        tokens.use(session, TokenPurpose.OAUTH, token)
        raise KeyError

    with pytest.raises(KeyError):
        alone(use_and_fail)

    assert alone(tokens.use, TokenPurpose.OAUTH, token)


def test_token_is_stored_as_a_hash_only(acme: Team):
    token = alone(tokens.issue, TokenPurpose.VERIFY_EMAIL, user_id=acme.agent.user_id)

    assert row("SELECT token_hash FROM verification_tokens") == (hash_token(token),)
    assert count("verification_tokens", "verification_tokens::text LIKE %s", f"%{token}%") == 0


@pytest.mark.parametrize("token", ["", "x", "\0", "é", "x" * (MAX_LENGTH + 1)])
def test_what_is_no_token_is_refused_as_a_spent_one(database: None, token: str):
    with pytest.raises(TokenSpent):
        alone(tokens.use, TokenPurpose.OAUTH, token)

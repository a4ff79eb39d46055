"""Invitations of two workspaces in every order, against a small model with few seats."""

import datetime as dt
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from app.actor import Actor, Role
from app.errors import NotFound
from app.services import invitations
from app.services.invitations import (
    LIFE,
    AlreadyMember,
    InvitedAlready,
    WrongPerson,
)
from app.services.seats import SeatLimitReached
from app.services.tokens import TokenSpent
from tests.accounts import act, alone, letters_to, outcome, person, verify
from tests.factories import Clock, make_actor, make_user, make_workspace, unique
from tests.table_rows import rows

SEATS = {"starter": 2, "growth": 5}
PEOPLE = 4
WHERE, WHO = st.integers(0, 1), st.integers(0, PEOPLE - 1)


@dataclass
class Known:
    """What a simple mind knows of an invitation; only its newest link is good."""

    id: UUID
    link: str
    expires_at: dt.datetime


class InvitationMachine(RuleBasedStateMachine):
    """Two owners invite the same four people; everybody opens everybody's links."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.open: dict[tuple[int, int], Known] = {}
        self.members: set[tuple[int, int]] = set()
        self.links: list[tuple[int, int, str]] = []

    @initialize()
    def begin(self) -> None:
        self.owners: list[Actor] = []
        for plan in SEATS:
            owner = make_actor(make_workspace(plan=plan), Role.OWNER)
            verify(owner)
            self.owners.append(owner)
        self.emails = [f"invited{unique()}@example.com" for _one in range(PEOPLE)]
        self.people = [make_user(email=email) for email in self.emails]

    @rule(where=WHERE, who=WHO)
    def invite(self, where: int, who: int) -> None:
        expected = self._refusal_of_invitation(where, who)

        result = self._act(where, invitations.create, email=self.emails[who], role=Role.AGENT)

        if expected:
            assert result is expected
        else:
            self._keep(where, who, result.id)

    @rule(where=WHERE, who=WHO)
    def send_again(self, where: int, who: int) -> None:
        if known := self.open.get((where, who)):
            assert self._act(1 - where, invitations.resend, known.id) is NotFound
            self._act(where, invitations.resend, known.id)
            self._keep(where, who, known.id)

    @rule(where=WHERE, who=WHO)
    def withdraw(self, where: int, who: int) -> None:
        if known := self.open.get((where, who)):
            assert self._act(1 - where, invitations.withdraw, known.id) is NotFound
            assert self._act(where, invitations.withdraw, known.id) is None
            assert self._act(where, invitations.withdraw, known.id) is NotFound
            del self.open[where, who]

    @rule(which=st.integers(0, 20), by=WHO)
    def open_any_link(self, which: int, by: int) -> None:
        if self.links:
            where, who, link = self.links[which % len(self.links)]
            self._accept(where, who, link, by)

    @rule(which=st.integers(0, 20))
    def open_own_link(self, which: int) -> None:
        if self.links:
            where, who, link = self.links[-1 - which % len(self.links)]
            self._accept(where, who, link, who)

    @rule(delta=st.sampled_from([dt.timedelta(seconds=1), LIFE / 2, LIFE]))
    def wait(self, delta: dt.timedelta) -> None:
        self.clock.move(delta)

    @invariant()
    def exactly_those_are_in_who_accepted(self) -> None:
        places = [(owner.workspace_id, person(owner)) for owner in self.owners]
        places += [(self.owners[at].workspace_id, self.people[who]) for at, who in self.members]

        ids = [owner.workspace_id for owner in self.owners]
        found = "SELECT workspace_id, user_id FROM memberships WHERE workspace_id = ANY(%s)"
        assert sorted(rows(found, ids)) == sorted(places)
        for where, plan in enumerate(SEATS):
            assert self._taken(where) <= SEATS[plan]

    def _accept(self, where: int, who: int, link: str, by: int) -> None:
        known = self.open.get((where, who))
        is_live = known and known.link == link and self.clock.now < known.expires_at
        expected: Any = None
        if not is_live:
            expected = TokenSpent
        elif by != who:
            expected = WrongPerson
        elif self._taken(where) + self._promised(where, but=who) >= self._seats(where):
            expected = SeatLimitReached

        result = outcome(partial(alone, invitations.accept, link, self.people[by]))

        if expected:
            assert result is expected
        else:
            assert result == self.owners[where].workspace_id
            del self.open[where, who]
            self.members.add((where, who))

    def _refusal_of_invitation(self, where: int, who: int) -> Any:
        known = self.open.get((where, who))
        if (where, who) in self.members:
            return AlreadyMember
        if known and self.clock.now < known.expires_at:
            return InvitedAlready
        if self._taken(where) + self._promised(where) >= self._seats(where):
            return SeatLimitReached
        return None

    def _keep(self, where: int, who: int, id_: UUID) -> None:
        link = letters_to(self.emails[who], "invitation")[-1]
        assert link not in {known for _where, _who, known in self.links}
        self.open[where, who] = Known(id_, link, self.clock.now + LIFE)
        self.links.append((where, who, link))

    def _taken(self, where: int) -> int:
        return 1 + sum(at == where for at, _who in self.members)

    def _promised(self, where: int, *, but: int | None = None) -> int:
        return sum(
            at == where and who != but and self.clock.now < known.expires_at
            for (at, who), known in self.open.items()
        )

    def _seats(self, where: int) -> int:
        return list(SEATS.values())[where]

    def _act(self, where: int, fn: Any, *args: Any, **kwargs: Any) -> Any:
        return outcome(partial(act, fn, self.owners[where], *args, **kwargs))


def test_invitations_in_every_order(database: None, frozen_clock: Clock):
    run_machine(
        lambda: InvitationMachine(frozen_clock),
        settings=settings(
            max_examples=25, stateful_step_count=30, suppress_health_check=list(HealthCheck)
        ),
    )

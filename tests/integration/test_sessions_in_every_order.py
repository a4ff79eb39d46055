"""Sign-ins of two workspaces in every order, against a small model of which are live."""

import datetime as dt
from dataclasses import dataclass

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from app.actor import Actor, Role
from app.crypto import new_token
from app.services import members, sessions
from app.services.sessions import ABSOLUTE, IDLE, SEEN_EVERY, SessionView
from tests.accounts import act, alone, person
from tests.factories import Clock, make_actor, make_workspace
from tests.table_rows import execute

SECOND = dt.timedelta(seconds=1)
WHOSE = st.integers(0, 2)


@dataclass
class Known:
    """What a simple mind knows of a sign-in."""

    whose: int
    id: object
    last_seen_at: dt.datetime
    idle_until: dt.datetime
    expires_at: dt.datetime
    is_revoked: bool = False


class SessionMachine(RuleBasedStateMachine):
    """Two people of one workspace and one of another sign in, come, go and are put out."""

    cookies = Bundle("cookies")

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.known: dict[str, Known] = {}
        self.suspended: set[int] = set()
        self.removed: set[int] = set()

    @initialize()
    def begin(self) -> None:
        ours, theirs = make_workspace(), make_workspace()
        self.owner = make_actor(ours, Role.OWNER)
        self.people: list[Actor] = [make_actor(ours), make_actor(ours), make_actor(theirs)]

    @rule(target=cookies, whose=WHOSE)
    def sign_in(self, whose: int) -> str:
        actor, now = self.people[whose], self.clock.now
        workspace_id = None if whose in self.removed else actor.workspace_id
        token, id_ = alone(sessions.create, person(actor), workspace_id, ip=None, user_agent=None)
        self.known[token] = Known(whose, id_, now, now + IDLE, now + ABSOLUTE)
        return str(token)

    @rule(cookie=cookies)
    def come(self, cookie: str) -> None:
        def look(session: object) -> SessionView | None:
            if view := sessions.find(session, cookie):
                sessions.touch(session, view)
            return view

        one, is_live = self.known[cookie], self._is_live(cookie)
        view = alone(look)

        assert (view is not None) == is_live
        if view and self.clock.now - one.last_seen_at >= SEEN_EVERY:
            one.last_seen_at, one.idle_until = self.clock.now, self.clock.now + IDLE

    @rule(cookie=cookies)
    def sign_out(self, cookie: str) -> None:
        alone(sessions.revoke_token, cookie)
        self.known[cookie].is_revoked = True

    @rule(cookie=cookies)
    def end_all_but_this(self, cookie: str) -> None:
        this = self.known[cookie]
        alone(sessions.revoke_all, person(self.people[this.whose]), reason="x", but=this.id)
        for other in self.known.values():
            if other.whose == this.whose and other is not this:
                other.is_revoked = True

    @rule(whose=WHOSE)
    def suspend(self, whose: int) -> None:
        self._set_status(whose, "SUSPENDED")
        self.suspended.add(whose)

    @rule(whose=WHOSE)
    def let_back(self, whose: int) -> None:
        self._set_status(whose, "ACTIVE")
        self.suspended.discard(whose)

    @rule(whose=st.integers(0, 1))
    def remove_from_workspace(self, whose: int) -> None:
        if whose not in self.removed:
            act(members.remove, self.owner, self.people[whose].user_id)
            self.removed.add(whose)

    @rule(delta=st.sampled_from([SECOND, SEEN_EVERY, IDLE - SECOND, IDLE, ABSOLUTE]))
    def wait(self, delta: dt.timedelta) -> None:
        self.clock.move(delta)

    @invariant()
    def everybody_agrees_who_is_live(self) -> None:
        expected = {cookie for cookie in self.known if self._is_live(cookie)}
        ids = {one.id for one in self.known.values()}

        views = {cookie: alone(sessions.find, cookie) for cookie in self.known}
        listed = alone(sessions.live_among, ids)

        assert {cookie for cookie, view in views.items() if view} == expected
        assert listed == {self.known[cookie].id: views[cookie].place for cookie in expected}
        for cookie in expected:
            assert views[cookie].user_id == self.people[self.known[cookie].whose].user_id

    def teardown(self) -> None:
        assert alone(sessions.find, new_token()) is None

    def _is_live(self, cookie: str) -> bool:
        one = self.known[cookie]
        return (
            not one.is_revoked
            and self.clock.now < min(one.idle_until, one.expires_at)
            and one.whose not in self.suspended | self.removed
        )

    def _set_status(self, whose: int, status: str) -> None:
        execute("UPDATE users SET status = %s WHERE id = %s", status, person(self.people[whose]))


def test_sessions_in_every_order(database: None, frozen_clock: Clock):
    run_state_machine_as_test(
        lambda: SessionMachine(frozen_clock),
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            suppress_health_check=list(HealthCheck),
        ),
    )

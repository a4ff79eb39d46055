"""Sign-ins: live until idle, old, revoked, or until the person or their place is gone."""

import datetime as dt

import orjson
import pytest

from app import db, queue
from app.actor import Actor, Role
from app.clock import utc_now
from app.crypto import hash_token
from app.errors import NotAuthenticated
from app.events import STREAM
from app.services import sessions, tidy
from app.services.sessions import (
    ABSOLUTE,
    ADMIN_ABSOLUTE,
    ADMIN_IDLE,
    IDLE,
    SEEN_EVERY,
    SessionView,
)
from tests import table_rows
from tests.factories import DAY, Clock, Team
from tests.table_rows import count, execute, row

MOMENT = dt.timedelta(seconds=1)


class SignIn:
    """A sign-in of a member, looked at from outside."""

    def __init__(self, actor: Actor) -> None:
        self.member = actor
        with db.transaction() as session:
            self.token, self.id = sessions.create(
                session, actor.user_id, actor.workspace_id, ip="127.0.0.1", user_agent="x" * 500
            )
        self.actor = Actor(
            workspace_id=actor.workspace_id,
            role=actor.role,
            user_id=actor.user_id,
            session_id=self.id,
        )

    def find(self) -> SessionView | None:
        with db.transaction() as session:
            return sessions.find(session, self.token)

    def is_live(self) -> bool:
        """What the gate, a UI call and the recheck of open pages say: always the same."""
        found = self.find() is not None
        try:
            with db.transaction(self.actor.workspace_id) as session:
                sessions.require_live(session, self.actor)
            may_call = True
        except NotAuthenticated:
            may_call = False
        assert found == may_call
        return found

    def is_listed(self) -> bool:
        with db.transaction() as session:
            return self.id in sessions.live_among(session, {self.id})


@pytest.fixture
def sign_in(frozen_clock: Clock, acme: Team, rival: Team) -> SignIn:
    return SignIn(acme.agent)


def test_token_is_stored_as_a_hash_only(sign_in: SignIn):
    assert row("SELECT token_hash, length(user_agent) FROM sessions") == (
        hash_token(sign_in.token),
        400,
    )
    assert count("sessions", "sessions::text LIKE %s", f"%{sign_in.token}%") == 0


def test_cookie_leads_to_the_person_the_workspace_and_the_role(sign_in: SignIn, acme: Team):
    view = sign_in.find()

    assert view
    assert view.actor == sign_in.actor
    assert (view.workspace_id, view.role) == (acme.id, Role.AGENT)


@pytest.mark.parametrize("token", ["", "x", "é", "a" * 5000])
def test_other_tokens_lead_nowhere(sign_in: SignIn, token: str):
    with db.transaction() as session:
        assert sessions.find(session, token) is None


def test_idle_sign_in_ends(sign_in: SignIn, frozen_clock: Clock):
    frozen_clock.move(IDLE - MOMENT)
    assert sign_in.find()

    frozen_clock.move(MOMENT)

    assert not sign_in.is_live()
    assert not sign_in.is_listed()


def test_used_sign_in_stays_but_not_for_ever(sign_in: SignIn, frozen_clock: Clock):
    steps = int(ABSOLUTE / (IDLE / 2))
    for _ in range(steps - 1):
        frozen_clock.move(IDLE / 2)
        assert sign_in.is_live()

    frozen_clock.move(IDLE / 2)

    assert not sign_in.is_live()
    assert not sign_in.is_listed()


def test_sign_in_of_a_platform_admin_ends_sooner(acme: Team, frozen_clock: Clock):
    execute("UPDATE users SET role = 'ADMIN' WHERE id = %s", acme.admin.user_id)
    idle, used = SignIn(acme.admin), SignIn(acme.admin)
    for _ in range(int(ADMIN_ABSOLUTE / (ADMIN_IDLE / 2)) - 1):
        frozen_clock.move(ADMIN_IDLE / 2)
        assert used.is_live()

    assert not idle.is_live()
    frozen_clock.move(ADMIN_IDLE / 2)
    assert not used.is_live()


def test_revoked_sign_in_ends_at_once_and_rings_its_pages(sign_in: SignIn, acme: Team):
    other = SignIn(acme.admin)

    with db.transaction() as session:
        sessions.revoke_token(session, sign_in.token)

    assert not sign_in.is_live()
    assert not sign_in.is_listed()
    assert other.is_live()
    [(_, fields)] = queue.connection().xrange(STREAM)
    assert orjson.loads(fields[b"bells"]) == [[f"session:{sign_in.id}", "", 0]]
    assert row("SELECT revoked_reason FROM sessions WHERE id = %s", sign_in.id) == ("signed out",)


def test_second_revocation_keeps_the_first_reason(sign_in: SignIn):
    for reason in ("first", "second"):
        with db.transaction() as session:
            sessions.revoke(session, sign_in.id, reason=reason)

    assert row("SELECT revoked_reason FROM sessions") == ("first",)


@pytest.mark.parametrize("status", ["SUSPENDED", "INACTIVE"])
def test_suspended_person_is_out_at_once(sign_in: SignIn, status: str):
    table_rows.execute("UPDATE users SET status = %s WHERE id = %s", status, sign_in.member.user_id)

    assert not sign_in.is_live()
    assert not sign_in.is_listed()


def test_removed_member_is_out_at_once(sign_in: SignIn):
    table_rows.execute("DELETE FROM memberships WHERE user_id = %s", sign_in.member.user_id)

    assert not sign_in.is_live()
    assert not sign_in.is_listed()


def test_changed_role_ends_calls_with_the_old_one(sign_in: SignIn):
    table_rows.execute(
        "UPDATE memberships SET role = 'VIEWER' WHERE user_id = %s", sign_in.member.user_id
    )

    with pytest.raises(NotAuthenticated), db.transaction(sign_in.actor.workspace_id) as session:
        sessions.require_live(session, sign_in.actor)
    view = sign_in.find()
    assert view
    assert view.role is Role.VIEWER


def test_sign_in_of_one_workspace_is_none_of_another(sign_in: SignIn, rival: Team):
    forged = Actor(
        workspace_id=rival.id, role=Role.AGENT, user_id=sign_in.actor.user_id, session_id=sign_in.id
    )
    stolen = Actor(
        workspace_id=rival.id,
        role=Role.OWNER,
        user_id=rival.owner.user_id,
        session_id=sign_in.id,
    )

    for actor in (forged, stolen):
        with pytest.raises(NotAuthenticated), db.transaction(rival.id) as session:
            sessions.require_live(session, actor)


def test_last_visit_is_noted_at_most_once_a_minute(sign_in: SignIn, frozen_clock: Clock):
    start = utc_now()
    seen = []
    for _ in range(4):
        frozen_clock.move(SEEN_EVERY / 2)
        view = sign_in.find()
        assert view
        with db.transaction() as session:
            sessions.touch(session, view)
        seen.append(row("SELECT last_seen_at - %s, idle_until - %s FROM sessions", start, start))

    minute = SEEN_EVERY
    zero = dt.timedelta(0)
    assert [one for one, _ in seen] == [zero, minute, minute, 2 * minute]
    assert [two - IDLE for _, two in seen] == [zero, minute, minute, 2 * minute]


def test_sign_ins_are_forgotten_a_month_after_their_end(sign_in: SignIn, frozen_clock: Clock):
    frozen_clock.move(ABSOLUTE + 29 * DAY)
    tidy.purge()
    assert count("sessions") == 1

    frozen_clock.move(2 * DAY)
    tidy.purge()

    assert count("sessions") == 0


def test_more_than_a_portion_is_forgotten_at_once_and_what_still_counts_stays(acme: Team):
    key = (
        "INSERT INTO verification_tokens (id, created_at, updated_at, purpose, token_hash, user_id,"
        " expires_at, data)"
        " SELECT gen_random_uuid(), now(), now(), 'VERIFY_EMAIL', sha256(n::text::bytea), %s,"
        " now() + %s, '{}' FROM generate_series(%s::int, %s::int) n"
    )
    execute(key, acme.agent.user_id, -2 * DAY, 1, tidy.PORTION + 1)
    execute(key, acme.agent.user_id, DAY, tidy.PORTION + 2, tidy.PORTION + 3)

    tidy.purge()

    assert count("verification_tokens") == 2

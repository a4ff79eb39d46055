"""Members: who may change whom; the last owner stays; a change holds at the next check."""

from dataclasses import replace
from functools import partial

import pytest

from app.actor import Actor, Role
from app.errors import NotAuthenticated, NotFound, PermissionDenied
from app.services import members, own_sessions, sessions, sign_ins
from app.services.members import LastOwner, OwnersOnly
from app.services.sessions import PROOF, ProofNeeded
from tests.accounts import act, alone, make_person, outcome, race, sign_in
from tests.factories import PASSWORD, Clock, Team, make_membership, make_workspace
from tests.table_rows import count, row, rows, value

WORKSPACES = 3


@pytest.fixture
def boss(rival: Team) -> Actor:
    """Return the only owner of a workspace, beside another one with everything."""
    return make_person(make_workspace(), Role.OWNER)


def role_of(actor: Actor) -> str:
    return str(value("SELECT role FROM memberships WHERE user_id = %s", actor.user_id))


def owners_of(actor: Actor) -> int:
    return count("memberships", "role = 'OWNER' AND workspace_id = %s", actor.workspace_id)


def is_refused(actor: Actor) -> bool:
    return outcome(partial(act, sessions.require_live, actor)) is NotAuthenticated


def test_handing_over_and_changing_roles_at_once_never_wait_for_each_other(boss: Actor):
    for _round in range(8):
        # The member's row is older than the owner's, and the user ids are the other way round.
        people = sorted(
            (make_person(boss.workspace_id, Role.ADMIN) for _ in range(3)),
            key=lambda one: str(one.user_id),
        )
        owner, *others = people
        act(members.change_role, boss, owner.user_id, Role.OWNER)
        owner = replace(sign_in(owner), role=Role.OWNER)

        results = race(
            partial(act, members.transfer_ownership, owner, others[1].user_id),
            partial(act, members.change_role, boss, others[0].user_id, Role.VIEWER),
            partial(act, members.change_role, boss, others[1].user_id, Role.AGENT),
            partial(act, members.remove, boss, others[0].user_id),
        )

        assert {one for one in results if one is not None} <= {NotFound, OwnersOnly, LastOwner}


def test_new_role_holds_at_the_very_next_check(boss: Actor):
    ana = make_person(boss.workspace_id, Role.ADMIN)

    act(members.change_role, boss, ana.user_id, Role.VIEWER)

    assert is_refused(ana), "a page that was opened as an admin goes on as nobody"
    assert alone(sessions.live_among, {ana.session_id}) == {
        ana.session_id: (boss.workspace_id, Role.VIEWER)
    }
    assert row(
        "SELECT action, user_id, subject_id, details->>'before', details->>'after'"
        " FROM audit_entries WHERE workspace_id = %s",
        boss.workspace_id,
    ) == ("member.role_changed", boss.user_id, ana.user_id, "ADMIN", "VIEWER")


def test_removed_person_is_out_at_the_very_next_check(boss: Actor):
    ana = make_person(boss.workspace_id)

    act(members.remove, boss, ana.user_id)

    assert is_refused(ana)
    assert alone(sessions.live_among, {ana.session_id}) == {}


def test_removed_person_goes_on_in_their_other_workspace(boss: Actor, rival: Team):
    ana = make_person(boss.workspace_id)
    make_membership(rival.id, ana.user_id, Role.VIEWER)

    act(members.remove, boss, ana.user_id)

    assert is_refused(ana)
    assert alone(sessions.live_among, {ana.session_id}) == {ana.session_id: (rival.id, Role.VIEWER)}


def test_last_owner_cannot_go_nor_become_less(boss: Actor):
    make_person(boss.workspace_id, Role.ADMIN)

    for call in (
        partial(act, members.leave, boss),
        partial(act, members.remove, boss, boss.user_id),
        partial(act, members.change_role, boss, boss.user_id, Role.ADMIN),
    ):
        assert outcome(call) is LastOwner

    assert role_of(boss) == "OWNER"


def test_of_two_owners_who_leave_at_once_one_stays(rival: Team):
    for _round in range(WORKSPACES):
        workspace_id = make_workspace()
        pair = [make_person(workspace_id, Role.OWNER) for _owner in range(2)]

        results = race(*[partial(act, members.leave, one) for one in pair])

        assert sorted(results, key=str) == sorted([None, LastOwner], key=str)
        assert owners_of(pair[0]) == 1


def test_two_owners_who_put_each_other_out_leave_one(rival: Team):
    for how in (
        lambda one, other: partial(act, members.remove, one, other.user_id),
        lambda one, other: partial(act, members.change_role, one, other.user_id, Role.AGENT),
    ):
        workspace_id = make_workspace()
        one, other = (make_person(workspace_id, Role.OWNER) for _owner in range(2))

        results = race(how(one, other), how(other, one))

        assert results.count(None) == 1, results
        assert owners_of(one) == 1


def test_ownership_is_handed_over_as_a_whole(boss: Actor):
    ana = make_person(boss.workspace_id)

    act(members.transfer_ownership, boss, ana.user_id)

    assert (role_of(boss), role_of(ana)) == ("ADMIN", "OWNER")
    assert is_refused(boss)


def test_who_was_just_unmade_hands_nothing_over(rival: Team):
    """Two owners: one is made a viewer while they hand ownership to a friend."""
    workspace_id = make_workspace()
    one, other = (make_person(workspace_id, Role.OWNER) for _owner in range(2))
    friend = make_person(workspace_id)
    act(members.change_role, one, other.user_id, Role.VIEWER)

    assert outcome(partial(act, members.transfer_ownership, other, friend.user_id)) is (OwnersOnly)

    assert (role_of(other), role_of(friend)) == ("VIEWER", "AGENT")


def test_ownership_is_handed_over_by_owners_with_their_password_to_members(
    boss: Actor, rival: Team, frozen_clock: Clock
):
    admin = make_person(boss.workspace_id, Role.ADMIN)

    def hand_over(actor: Actor, to: object) -> object:
        return outcome(partial(act, members.transfer_ownership, actor, to))

    assert hand_over(admin, admin.user_id) is PermissionDenied
    assert hand_over(boss, rival.agent.user_id) is NotFound
    assert hand_over(boss, boss.user_id) is NotFound
    frozen_clock.move(PROOF * 2)
    assert hand_over(boss, admin.user_id) is ProofNeeded
    assert role_of(boss) == "OWNER"


def test_owners_are_made_and_unmade_with_the_password(boss: Actor, frozen_clock: Clock):
    ana = make_person(boss.workspace_id)
    frozen_clock.move(PROOF * 2)
    assert outcome(partial(act, members.change_role, boss, ana.user_id, Role.OWNER)) is ProofNeeded
    assert role_of(ana) == "AGENT"
    act(members.change_role, boss, ana.user_id, Role.ADMIN)  # what is no danger needs none

    sign_ins.prove(boss, PASSWORD)
    act(members.change_role, boss, ana.user_id, Role.OWNER)
    assert role_of(ana) == "OWNER"

    frozen_clock.move(PROOF * 2)
    assert outcome(partial(act, members.change_role, boss, ana.user_id, Role.ADMIN)) is ProofNeeded
    assert role_of(ana) == "OWNER"


def test_admins_decide_nothing_about_owners(boss: Actor):
    admin, ana = make_person(boss.workspace_id, Role.ADMIN), make_person(boss.workspace_id)

    for call in (
        partial(act, members.change_role, admin, boss.user_id, Role.AGENT),
        partial(act, members.change_role, admin, ana.user_id, Role.OWNER),
        partial(act, members.change_role, admin, admin.user_id, Role.OWNER),
        partial(act, members.remove, admin, boss.user_id),
    ):
        assert outcome(call) is OwnersOnly


@pytest.mark.parametrize("role", [Role.AGENT, Role.VIEWER])
def test_agents_and_viewers_change_nobody(boss: Actor, role: Role):
    ana = make_person(boss.workspace_id, role)

    assert outcome(partial(act, members.change_role, ana, ana.user_id, Role.OWNER)) is (
        PermissionDenied
    )
    assert outcome(partial(act, members.remove, ana, boss.user_id)) is PermissionDenied


def test_what_a_member_does_elsewhere_is_not_seen_here(
    boss: Actor, rival: Team, frozen_clock: Clock
):
    ana = make_person(boss.workspace_id)
    make_membership(rival.id, ana.user_id, Role.AGENT)
    here = frozen_clock.now

    frozen_clock.move(PROOF)
    sign_in(replace(ana, workspace_id=rival.id))

    def seen(actor: Actor) -> object:
        views = {one.user_id: one.last_seen_at for one in act(members.list_members, actor)}
        return views[ana.user_id]

    assert seen(boss) == here
    assert seen(rival.owner) == frozen_clock.now
    act(own_sessions.switch, ana, rival.id)
    assert seen(boss) is None


def test_foreign_owner_finds_nobody_here(boss: Actor, rival: Team):
    ana = make_person(boss.workspace_id)
    before = rows("SELECT * FROM memberships ORDER BY id")

    for call in (
        partial(act, members.change_role, rival.owner, ana.user_id, Role.VIEWER),
        partial(act, members.remove, rival.owner, ana.user_id),
    ):
        assert outcome(call) is NotFound
    listed = {view.user_id for view in act(members.list_members, rival.owner)}

    assert rows("SELECT * FROM memberships ORDER BY id") == before
    assert listed == {one.user_id for one in rival.members().values()}


def test_owner_is_removed_by_somebody_who_has_just_shown_the_password(
    boss: Actor, frozen_clock: Clock
):
    other = make_person(boss.workspace_id, Role.OWNER)
    agent = make_person(boss.workspace_id)
    frozen_clock.move(PROOF * 2)

    assert outcome(partial(act, members.remove, boss, other.user_id)) is ProofNeeded
    act(members.remove, boss, agent.user_id)
    fresh = sign_in(boss)
    act(members.remove, fresh, other.user_id)

    assert is_refused(other)

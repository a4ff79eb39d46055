"""Workspaces, one's own sign-ins and one's profile: made, changed, switched between, ended."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from app.actor import Actor, Role
from app.errors import NotAuthenticated, NotFound, PermissionDenied, ValidationFailed
from app.models.enums import Theme
from app.services import own_sessions, plans, profiles, sessions, workspaces
from tests.accounts import act, alone, make_person, person, sign_in
from tests.factories import Team, make_membership
from tests.permissions import assert_only
from tests.table_rows import count, rows, value


@pytest.fixture
def ana(acme: Team) -> Actor:
    """An agent of acme, signed in."""
    return make_person(acme.id)


def place_of(actor: Actor) -> UUID:
    found: UUID = value("SELECT workspace_id FROM sessions WHERE id = %s", actor.session_id)
    return found


def test_new_workspace_has_an_owner_a_trial_and_nothing_of_the_old_one(ana: Actor, acme: Team):
    created = alone(workspaces.create, person(ana), " Second shop ", sign_in=ana.session_id)

    assert rows("SELECT name FROM workspaces WHERE id = %s", created) == [("Second shop",)]
    assert rows("SELECT user_id, role FROM memberships WHERE workspace_id = %s", created) == [
        (ana.user_id, "OWNER")
    ]
    assert rows("SELECT status FROM subscriptions WHERE workspace_id = %s", created) == [
        ("TRIALING",)
    ]
    assert place_of(ana) == created
    assert count("phone_numbers", "workspace_id = %s", created) == 0
    assert count("phone_numbers", "workspace_id = %s", acme.id) == 1


@pytest.mark.parametrize("name", ["", "   ", "x" * 121, "a\x00b"])
def test_workspace_needs_a_name(ana: Actor, name: str):
    with pytest.raises(ValidationFailed):
        alone(workspaces.create, person(ana), name, sign_in=ana.session_id)
    assert count("workspaces") == 1


def test_owners_and_admins_change_it_and_the_change_is_written_down(acme: Team, rival: Team):
    changed = act(workspaces.update, acme.admin, name="Acme Pots", time_zone="Europe/Lisbon")

    assert (changed.name, changed.time_zone) == ("Acme Pots", "Europe/Lisbon")
    assert rows("SELECT name FROM workspaces WHERE id = %s", rival.id) == [("Rival",)]
    (details,) = rows("SELECT details FROM audit_entries WHERE action = 'workspace.updated'")
    assert details[0]["after"] == ["Acme Pots", "Europe/Lisbon"]

    def rename(session: Any, actor: Actor) -> None:
        workspaces.update(session, actor, name="Other", time_zone="UTC")

    assert_only(
        {Role.OWNER, Role.ADMIN},
        rename,
        acme,
        outsider=replace(rival.owner, role=Role.VIEWER),
        outsider_gets=PermissionDenied,
    )


@pytest.mark.parametrize("time_zone", ["", "Mars/Olympus", "../etc/passwd", "UTC\x00"])
def test_time_zone_is_one_that_exists(acme: Team, time_zone: str):
    with pytest.raises(ValidationFailed) as refused:
        act(workspaces.update, acme.owner, name="Acme", time_zone=time_zone)

    assert set(refused.value.fields) == {"time_zone"}


def test_one_goes_on_in_ones_own_workspaces_only(ana: Actor, acme: Team, rival: Team):
    with pytest.raises(NotFound):
        act(own_sessions.switch, ana, rival.id)
    assert place_of(ana) == acme.id

    make_membership(rival.id, person(ana), Role.VIEWER)
    act(own_sessions.switch, ana, rival.id)

    assert place_of(ana) == rival.id
    listed = act(workspaces.list_own, ana)
    assert [(one.name, one.role) for one in listed] == [
        ("Acme", Role.AGENT),
        ("Rival", Role.VIEWER),
    ]
    with pytest.raises(NotAuthenticated):  # as more than one is there
        act(sessions.require_live, replace(ana, workspace_id=rival.id, role=Role.OWNER))


def test_one_ends_ones_own_sign_ins_and_nobody_elses(ana: Actor, acme: Team, rival: Team):
    second, third = sign_in(ana), sign_in(ana)
    stranger = make_person(rival.id)

    for foreign in (stranger.session_id, make_person(acme.id).session_id):
        with pytest.raises(NotFound):
            act(own_sessions.revoke_own, ana, foreign)
    act(own_sessions.revoke_own, ana, second.session_id)
    listed = act(own_sessions.list_own, ana)

    assert [one.id for one in listed] == [ana.session_id, third.session_id]
    assert [one.is_current for one in listed] == [True, False]
    assert act(own_sessions.revoke_others, ana) == 1
    assert [one.id for one in act(own_sessions.list_own, ana)] == [ana.session_id]
    assert rows("SELECT revoked_at FROM sessions WHERE id = %s", stranger.session_id) == [(None,)]


def test_profile_is_changed_by_oneself(ana: Actor, acme: Team):
    changed = act(profiles.update, ana, name=" Ana Ruiz ", time_zone="Asia/Tokyo", theme=Theme.DARK)

    assert (changed.name, changed.time_zone, changed.theme) == (
        "Ana Ruiz", "Asia/Tokyo", Theme.DARK
    )  # fmt: skip
    act(profiles.set_theme, ana, Theme.LIGHT)
    assert act(profiles.get, ana).theme is Theme.LIGHT
    with pytest.raises(ValidationFailed) as refused:
        act(profiles.update, ana, name=" ", time_zone="Mars", theme=Theme.DARK)
    assert set(refused.value.fields) == {"name", "time_zone"}
    assert act(profiles.get, ana).name == "Ana Ruiz"


def test_trial_is_the_one_that_is_promised(ana: Actor):
    created = alone(workspaces.create, person(ana), "Second", sign_in=None)

    days, name = rows(
        "SELECT round(extract(epoch FROM s.current_period_end - now()) / 86400), p.name"
        " FROM subscriptions s JOIN plans p ON p.id = s.plan_id WHERE s.workspace_id = %s",
        created,
    )[0]
    assert (days, name) == (plans.TRIAL.days, plans.TRIAL_PLAN)

"""One's own workspaces, sign-ins and profile: never anybody else's, and open pages hear of it."""

from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from app import queue
from app.actor import Actor, Role
from app.errors import NotFound, PermissionDenied, ValidationFailed
from app.events import STREAM
from app.models.enums import Theme
from app.services import own_sessions, profiles, workspaces
from tests.accounts import act, alone, make_person, person, sign_in
from tests.factories import Team, make_membership
from tests.table_rows import count, row, value


@pytest.fixture
def ana(acme: Team, rival: Team) -> Actor:
    return make_person(acme.id, Role.OWNER)


@pytest.fixture
def eve(rival: Team) -> Actor:
    return make_person(rival.id, Role.OWNER)


def rung() -> set[str]:
    """Return the sign-ins whose open pages were told to look again; forget them."""
    entries: Any = queue.connection().xrange(STREAM)
    queue.connection().delete(STREAM)
    bells = [bell for _id, fields in entries for bell in orjson.loads(fields[b"bells"])]
    return {name for name, *_rest in bells if name.startswith("session:")}


def bell(*actors: Actor) -> set[str]:
    return {f"session:{actor.session_id}" for actor in actors}


def is_live(actor: Actor) -> bool:
    return bool(count("sessions", "id = %s AND revoked_at IS NULL", actor.session_id))


def place_of(actor: Actor) -> UUID:
    found: UUID = value("SELECT workspace_id FROM sessions WHERE id = %s", actor.session_id)
    return found


def test_new_workspace_has_its_founder_as_owner_and_is_gone_to(ana: Actor, eve: Actor):
    elsewhere = sign_in(ana)

    made = alone(workspaces.create, person(ana), "  Pots  ", sign_in=ana.session_id)

    assert row("SELECT user_id, role FROM memberships WHERE workspace_id = %s", made) == (
        ana.user_id,
        "OWNER",
    )
    assert (place_of(ana), place_of(elsewhere)) == (made, ana.workspace_id)
    assert [view.name for view in act(workspaces.list_own, ana)] == ["Acme", "Pots"]
    assert [view.name for view in act(workspaces.list_own, eve)] == ["Rival"]


@pytest.mark.parametrize("name", ["", "  ", "x" * 121, "a\0b"])
def test_workspace_needs_a_name(ana: Actor, name: str):
    before = count("workspaces")

    with pytest.raises(ValidationFailed) as refused:
        alone(workspaces.create, person(ana), name, sign_in=None)
    with pytest.raises(ValidationFailed):
        act(workspaces.update, ana, name=name, time_zone="UTC")

    assert set(refused.value.fields) == {"name"}
    assert count("workspaces") == before


def test_changed_workspace_is_ones_own_and_its_pages_hear_of_it(ana: Actor, eve: Actor):
    rung()

    view = act(workspaces.update, ana, name=" Pots ", time_zone="Asia/Tokyo")

    assert (view.name, view.time_zone) == ("Pots", "Asia/Tokyo")
    assert value("SELECT name FROM workspaces WHERE id = %s", eve.workspace_id) == "Rival"
    heard = rung()
    assert bell(ana) <= heard
    assert heard.isdisjoint(bell(eve))


def test_time_zone_is_one_of_the_list_and_the_change_an_admins(ana: Actor, acme: Team):
    for zone in ("", "Mars/Olympus", "../etc/passwd", "utc\0"):
        with pytest.raises(ValidationFailed):
            act(workspaces.update, ana, name="Pots", time_zone=zone)
    for member in (acme.agent, acme.viewer):
        with pytest.raises(PermissionDenied):
            act(workspaces.update, member, name="Pots", time_zone="UTC")

    assert value("SELECT name FROM workspaces WHERE id = %s", acme.id) == "Acme"


def test_sign_in_goes_to_ones_own_workspaces_only(ana: Actor, eve: Actor):
    for foreign in (eve.workspace_id, uuid4()):
        with pytest.raises(NotFound):
            act(own_sessions.switch, ana, foreign)
    assert place_of(ana) == ana.workspace_id
    make_membership(eve.workspace_id, person(ana), Role.VIEWER)
    rung()

    act(own_sessions.switch, ana, eve.workspace_id)

    assert place_of(ana) == eve.workspace_id
    assert rung() == bell(ana)


def test_only_ones_own_sign_in_is_ended_and_its_pages_hear_of_it(ana: Actor, eve: Actor):
    phone, colleague = sign_in(ana), make_person(ana.workspace_id)
    rung()

    for foreign in (eve.session_id, colleague.session_id, uuid4()):
        with pytest.raises(NotFound):
            act(own_sessions.revoke_own, ana, foreign)
    assert rung() == set()
    act(own_sessions.revoke_own, ana, phone.session_id)

    assert rung() == bell(phone)
    assert [is_live(one) for one in (ana, phone, eve, colleague)] == [True, False, True, True]
    assert [view.id for view in act(own_sessions.list_own, ana)] == [ana.session_id]


def test_all_others_are_ones_own_others(ana: Actor, eve: Actor):
    phone, tablet, colleague = sign_in(ana), sign_in(ana), make_person(ana.workspace_id)
    rung()

    assert act(own_sessions.revoke_others, ana) == 2

    assert rung() == bell(phone, tablet)
    assert [is_live(one) for one in (ana, eve, colleague)] == [True, True, True]


def test_profile_is_ones_own_and_takes_no_nonsense(ana: Actor, eve: Actor):
    before = act(profiles.get, eve)

    view = act(profiles.update, ana, name=" Ana ", time_zone="Asia/Tokyo", theme=Theme.DARK)

    assert (view.name, view.time_zone, view.theme) == ("Ana", "Asia/Tokyo", Theme.DARK)
    for name, zone, wrong in (("", "UTC", {"name"}), ("Bo", "Mars/Olympus", {"time_zone"})):
        with pytest.raises(ValidationFailed) as refused:
            act(profiles.update, ana, name=name, time_zone=zone, theme=Theme.LIGHT)
        assert set(refused.value.fields) == wrong
    assert act(profiles.get, ana) == view
    assert act(profiles.get, eve) == before


def test_theme_is_told_to_ones_other_pages(ana: Actor, eve: Actor):
    phone = sign_in(ana)
    rung()

    act(profiles.set_theme, ana, Theme.DARK)

    assert rung() == bell(ana, phone)
    assert act(profiles.get, ana).theme is Theme.DARK

"""API keys: shown once, stored as a hash, good for their scopes until they end."""

import datetime as dt
from dataclasses import replace
from functools import partial

import pytest

from app.actor import SCOPES, Actor, Permission, Role
from app.crypto import hash_token
from app.errors import NotFound, PermissionDenied, ValidationFailed
from app.services import api_keys, members, sign_ins
from app.services.api_keys import OVERLAP, USED_EVERY, Caller, KeyEnds, NewKey
from app.services.sessions import PROOF, ProofNeeded
from tests.accounts import act, alone, make_person, outcome, person, sign_in
from tests.factories import DAY, PASSWORD, Clock, Team, make_membership, make_workspace
from tests.table_rows import count, execute, row, rows, value

SECOND = dt.timedelta(seconds=1)


@pytest.fixture
def boss(acme: Team, rival: Team) -> Actor:
    return sign_in(acme.owner)


def create(actor: Actor, **options: object) -> NewKey:
    key: NewKey = act(api_keys.create, actor, name="Robot", **options)
    return key


def caller(key: NewKey) -> Caller | None:
    found: Caller | None = alone(api_keys.find_caller, key.secret)
    return found


def test_secret_is_stored_as_a_hash_only(boss: Actor):
    key = create(boss)

    assert value("SELECT key_hash FROM api_keys") == hash_token(key.secret)
    secret_part = key.secret.rpartition("_")[2]
    for table in ("api_keys", "audit_entries"):
        assert count(table, f"{table}::text LIKE %s", f"%{secret_part}%") == 0
    assert key.secret.startswith(f"{key.view.prefix}_")


def test_key_that_may_do_nothing_is_not_made(boss: Actor):
    with pytest.raises(ValidationFailed) as refused:
        act(api_keys.create, boss, name="Nothing", scopes=[])

    assert set(refused.value.fields) == {"scopes"}
    assert not count("api_keys")


def test_key_leads_to_its_workspace_and_scopes_only(boss: Actor, rival: Team):
    found = caller(create(boss, scopes=["conversation:read"]))

    assert found
    assert found.actor.workspace_id == boss.workspace_id
    assert [one for one in Permission if found.actor.may(one)] == [Permission.CONVERSATION_READ]


def test_key_with_every_scope_still_does_not_run_the_workspace(boss: Actor):
    found = caller(create(boss))

    assert found
    assert {one for one in Permission if found.actor.may(one)} == set(SCOPES)
    for fn in (api_keys.list_live, partial(api_keys.create, name="More")):
        assert outcome(partial(act, fn, found.actor)) is PermissionDenied


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "a\0"}, "name"),
        ({"name": "Robot", "scopes": ["key:manage"]}, "scopes"),
        ({"name": "Robot", "scopes": ["conversation:read", "everything"]}, "scopes"),
    ],
)
def test_what_makes_no_key(boss: Actor, options: dict[str, object], field: str):
    with pytest.raises(ValidationFailed) as refused:
        act(api_keys.create, boss, **options)

    assert set(refused.value.fields) == {field}
    assert not count("api_keys")


def test_key_ends_when_it_says(boss: Actor, frozen_clock: Clock):
    key = create(boss, expires_at=frozen_clock.now + DAY)

    frozen_clock.move(DAY - SECOND)
    assert caller(key)
    frozen_clock.move(SECOND)

    assert caller(key) is None
    assert outcome(partial(act, api_keys.rotate, boss, key.view.id)) is KeyEnds
    assert outcome(partial(create, boss, expires_at=frozen_clock.now)) is ValidationFailed


def test_revoked_key_opens_nothing_at_once(boss: Actor):
    key, other = create(boss), create(boss)

    act(api_keys.revoke, boss, key.view.id)

    assert caller(key) is None
    assert caller(other)
    assert [view.id for view in act(api_keys.list_live, boss)] == [other.view.id]
    for fn in (api_keys.revoke, api_keys.rotate):
        assert outcome(partial(act, fn, boss, key.view.id)) is NotFound


def test_rotated_key_and_its_heir_overlap_for_a_day(boss: Actor, frozen_clock: Clock):
    old = create(boss, scopes=["number:read"])

    new: NewKey = act(api_keys.rotate, boss, old.view.id)

    assert new.secret != old.secret
    assert new.view.scopes == (Permission.NUMBER_READ,)
    assert new.view.expires_at is None
    frozen_clock.move(OVERLAP - SECOND)
    assert caller(old)
    assert caller(new)
    frozen_clock.move(SECOND)
    assert caller(old) is None
    assert caller(new)


def test_rotating_lengthens_no_life(boss: Actor, frozen_clock: Clock):
    ends_at = frozen_clock.now + OVERLAP + SECOND
    old = create(boss, expires_at=ends_at)

    new: NewKey = act(api_keys.rotate, boss, old.view.id)

    assert new.view.expires_at == ends_at
    listed = {view.id: view.expires_at for view in act(api_keys.list_live, boss)}
    assert listed == {new.view.id: ends_at, old.view.id: frozen_clock.now + OVERLAP}


def test_key_in_its_overlap_has_one_successor_which_keeps_the_life(boss: Actor):
    old = create(boss)
    new: NewKey = act(api_keys.rotate, boss, old.view.id)

    assert outcome(partial(act, api_keys.rotate, boss, old.view.id)) is KeyEnds

    can_rotate = {view.id: view.can_rotate for view in act(api_keys.list_live, boss)}
    assert can_rotate == {old.view.id: False, new.view.id: True}
    again: NewKey = act(api_keys.rotate, boss, new.view.id)
    assert again.view.expires_at is None


def test_making_and_rotating_ask_for_the_password_after_a_while(acme: Team, frozen_clock: Clock):
    boss = make_person(acme.id, Role.ADMIN)
    key = create(boss)
    frozen_clock.move(PROOF * 2)

    for call in (partial(create, boss), partial(act, api_keys.rotate, boss, key.view.id)):
        assert outcome(call) is ProofNeeded
    assert count("api_keys") == 1
    act(api_keys.revoke, boss, key.view.id)  # what ends a danger waits for nothing

    sign_ins.prove(boss, PASSWORD)
    act(api_keys.rotate, boss, create(boss).view.id)
    assert count("api_keys") == 3


def test_last_use_is_noted_once_a_minute(boss: Actor, frozen_clock: Clock):
    key, other = create(boss), create(boss)
    found = caller(key)
    assert found

    noted = []
    for _call in range(3):
        act(api_keys.note_use, found.actor)
        noted.append(value("SELECT last_used_at FROM api_keys WHERE id = %s", key.view.id))
        frozen_clock.move(USED_EVERY / 2 + SECOND)

    assert noted[0] == noted[1] < noted[2]
    assert row("SELECT last_used_at FROM api_keys WHERE id = %s", other.view.id) == (None,)


@pytest.mark.parametrize("role", [Role.AGENT, Role.VIEWER])
def test_agents_and_viewers_neither_see_nor_make_keys(acme: Team, role: Role):
    key = create(sign_in(acme.owner))

    for fn, *args in (
        (api_keys.list_live,),
        (partial(api_keys.create, name="Robot"),),
        (api_keys.revoke, key.view.id),
        (api_keys.rotate, key.view.id),
    ):
        assert outcome(partial(act, fn, acme.members()[role], *args)) is PermissionDenied
    assert caller(key)


def test_foreign_owner_neither_sees_nor_ends_a_key(boss: Actor, rival: Team):
    key = create(boss)

    assert act(api_keys.list_live, rival.owner) == []
    for fn in (api_keys.revoke, api_keys.rotate):
        assert outcome(partial(act, fn, rival.owner, key.view.id)) is NotFound
    assert caller(key)


@pytest.mark.parametrize("secret", ["", "wk_", "wk_abcdefgh_", "x" * 10_000, "\0", "é"])
def test_what_is_no_key_leads_nowhere(boss: Actor, secret: str):
    create(boss)

    assert alone(api_keys.find_caller, secret) is None


def test_plan_says_how_often_a_key_may_call(boss: Actor, rival: Team):
    small, none = make_workspace(plan="starter"), make_workspace(has_subscription=False)
    calls = [
        caller(create(Actor.system(workspace_id))) for workspace_id in (boss.workspace_id, small)
    ]
    calls.append(caller(create(Actor.system(none))))

    assert [one and one.calls_per_minute for one in calls] == [1_200, 60, 60]


def test_what_is_done_to_keys_is_in_the_diary(boss: Actor):
    key = create(boss)
    new: NewKey = act(api_keys.rotate, boss, key.view.id)
    act(api_keys.revoke, boss, new.view.id)

    assert rows(
        "SELECT action, user_id FROM audit_entries WHERE subject_type = 'api_key'"
        " ORDER BY created_at, id"
    ) == [
        ("api_key.created", boss.user_id),
        ("api_key.rotated", boss.user_id),
        ("api_key.revoked", boss.user_id),
    ]


@pytest.mark.parametrize("way", ["removed", "left"])
def test_keys_of_somebody_who_goes_end_and_those_of_others_stay(
    boss: Actor, acme: Team, rival: Team, way: str
):
    here = make_person(acme.id, Role.ADMIN)
    make_membership(rival.id, person(here), Role.ADMIN)
    there = sign_in(replace(here, workspace_id=rival.id))
    theirs, elsewhere, ours = create(here), create(there), create(boss)

    if way == "removed":
        act(members.remove, boss, here.user_id)
    else:
        act(members.leave, here)

    assert caller(theirs) is None
    assert caller(ours)
    assert caller(elsewhere)
    told = "SELECT count(*) FROM audit_entries WHERE action = 'api_key.revoked'"
    assert value(told) == 1


def test_key_sleeps_while_its_maker_is_suspended_and_names_them(boss: Actor):
    key = create(boss)
    [shown] = act(api_keys.list_live, boss)
    assert shown.maker == value("SELECT name FROM users WHERE id = %s", boss.user_id)
    assert caller(key) is not None

    execute("UPDATE users SET status = 'SUSPENDED' WHERE id = %s", boss.user_id)
    assert caller(key) is None

    execute("UPDATE users SET status = 'ACTIVE' WHERE id = %s", boss.user_id)
    assert caller(key) is not None

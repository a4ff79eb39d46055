"""Signing up and in: everything or nothing, and never a word about who exists."""

from typing import Any

import pytest

from app import db
from app.actor import Actor
from app.errors import ValidationFailed
from app.models.enums import UserStatus
from app.services import conversations, passwords, sessions, sign_ins, users
from app.services.sign_ins import Client, WrongCredentials
from app.services.users import EmailTaken
from tests import factories, table_rows
from tests.factories import DAY, PASSWORD, Team
from tests.table_rows import count, row

ANA: dict[str, Any] = {
    "name": " Ana ",
    "email": "Ana@Example.com",
    "password": PASSWORD,
    "workspace": "Ana's shop",
}


def sign_up(**changes: Any) -> users.SignedUp:
    typed = {**ANA, **changes}
    password = passwords.choose(typed.pop("password"))
    with db.transaction() as session:
        return users.sign_up(session, password=password, **typed)


def sign_in(email: str, password: str) -> str:
    outcome = sign_ins.sign_in(email=email, password=password, client=Client(ip="::1"))
    return outcome.token_or_raise()


def test_sign_up_makes_a_person_a_workspace_and_a_trial(rival: Team):
    created = sign_up()

    person = row("SELECT name, email, email_verified_at FROM users WHERE id = %s", created.user_id)
    assert person == ("Ana", "Ana@example.com", None)
    assert row(
        "SELECT m.role, p.name, s.status, s.trial_ends_at - s.current_period_start"
        " FROM memberships m JOIN subscriptions s USING (workspace_id)"
        " JOIN plans p ON p.id = s.plan_id WHERE m.user_id = %s",
        created.user_id,
    )[:3] == ("OWNER", "growth", "TRIALING")
    assert row("SELECT trial_ends_at > now() + %s FROM subscriptions WHERE workspace_id = %s",
               13 * DAY, created.workspace_id) == (True,)  # fmt: skip
    assert count("audit_entries", "workspace_id = %s AND action = 'user.signed_up'",
                 created.workspace_id) == 1  # fmt: skip


def test_password_is_stored_as_a_hash_only():
    sign_up()

    assert count("users", "users::text LIKE %s", f"%{PASSWORD}%") == 0


@pytest.mark.parametrize("email", ["ana@example.com", "ANA@EXAMPLE.COM", "  Ana@Example.com "])
def test_known_address_is_refused_whatever_its_case_and_leaves_nothing(email: str):
    sign_up()

    with pytest.raises(EmailTaken):
        sign_up(email=email)

    assert (count("users"), count("workspaces"), count("subscriptions")) == (1, 1, 1)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"workspace": ""}, "workspace"),
        ({"workspace": "x" * 121}, "workspace"),
        ({"workspace": "a\0b"}, "workspace"),
        ({"email": "nobody"}, "email"),
        ({"email": "a@b@c.de"}, "email"),
        ({"email": f"{'x' * 250}@example.com"}, "email"),
        ({"email": "a\0@example.com"}, "email"),
        ({"password": "short"}, "password"),
        ({"password": "password"}, "password"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_wrong_field_is_named_with_a_sentence(changes: dict[str, str], field: str):
    with pytest.raises(ValidationFailed) as caught:
        sign_up(**changes)

    assert list(caught.value.fields) == [field]
    assert caught.value.fields[field].endswith(".")
    assert count("users") == 0


def test_everything_that_is_wrong_is_told_at_once():
    with pytest.raises(ValidationFailed) as caught:
        sign_up(name="", email="", password="", workspace="")

    assert set(caught.value.fields) == {"name", "email", "password", "workspace"}


def test_sign_up_that_fails_later_leaves_nothing():
    chosen = passwords.choose(PASSWORD)
    with pytest.raises(RuntimeError), db.transaction() as session:  # noqa: PT012  # one transaction
        users.sign_up(session, **ANA | {"password": chosen})
        raise RuntimeError

    tables = ("users", "workspaces", "memberships", "subscriptions", "audit_entries")
    assert [count(table) for table in tables] == [0] * 5


def test_new_workspace_sees_nothing_of_others(acme: Team):
    factories.make_message(factories.make_conversation(acme.number))
    created = sign_up()

    with db.transaction(created.workspace_id) as session:
        actor = Actor.system(created.workspace_id)
        assert conversations.list_page(session, actor).items == []
        assert conversations.counts(session, actor).contacts == 0


def test_operator_makes_a_verified_person_on_the_largest_plan():
    chosen = passwords.choose(PASSWORD)
    with db.transaction() as session:
        created = users.create_by_operator(session, **ANA | {"password": chosen}, is_admin=True)

    assert row(
        "SELECT u.role, u.email_verified_at IS NOT NULL, p.name, s.status FROM users u"
        " JOIN memberships m ON m.user_id = u.id JOIN subscriptions s USING (workspace_id)"
        " JOIN plans p ON p.id = s.plan_id WHERE u.id = %s",
        created.user_id,
    ) == ("ADMIN", True, "scale", "ACTIVE")


def test_right_password_signs_in_to_the_own_workspace(rival: Team):
    created = sign_up()

    token = sign_in(" ana@EXAMPLE.com ", PASSWORD)

    with db.transaction() as session:
        view = sessions.find(session, token)
    assert view
    assert (view.user_id, view.workspace_id) == (created.user_id, created.workspace_id)
    assert row("SELECT ip, user_id FROM audit_entries WHERE action = 'session.created'") == (
        "::1",
        created.user_id,
    )


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("ana@example.com", "wrong password"),
        ("nobody@example.com", PASSWORD),
        ("", ""),
        ("ana@example.com' OR true --", PASSWORD),
        ("ana\0@example.com", PASSWORD),
        ("ana\ud800@example.com", PASSWORD),
        ("ana@example.com", "half \ud800"),
        ("ana@example.com", "x" * 10_000),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_wrong_password_and_unknown_person_get_the_same_answer(email: str, password: str):
    sign_up()

    with pytest.raises(WrongCredentials) as caught:
        sign_in(email, password)

    assert caught.value.message == WrongCredentials.sentence
    assert count("sessions") == 0


@pytest.mark.parametrize("status", [UserStatus.SUSPENDED, UserStatus.INACTIVE])
def test_person_who_may_not_sign_in_gets_it_too(status: UserStatus):
    sign_up()
    table_rows.execute("UPDATE users SET status = %s", status.value)

    with pytest.raises(WrongCredentials):
        sign_in("ana@example.com", PASSWORD)


def test_person_without_a_password_cannot_sign_in_with_one():
    factories.make_user(email="oauth@example.com")

    with pytest.raises(WrongCredentials):
        sign_in("oauth@example.com", "nobody has this password")


def test_weak_hash_is_made_anew_when_its_owner_signs_in():
    weak = passwords.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    user_id = factories.make_user(email="old@example.com", password_hash=weak)

    sign_in("old@example.com", PASSWORD)

    stored = table_rows.value("SELECT password_hash FROM users WHERE id = %s", user_id)
    assert not passwords.needs_rehash(stored)
    assert passwords.verify(stored, PASSWORD)


def test_person_without_a_workspace_signs_in_nowhere():
    factories.make_user(email="lone@example.com", password_hash=passwords.hash_password(PASSWORD))

    token = sign_in("lone@example.com", PASSWORD)

    with db.transaction() as session:
        assert sessions.find(session, token) is None

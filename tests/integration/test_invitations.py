"""Invitations: one place for one person, once, and what they prove."""

import datetime as dt
from dataclasses import replace
from functools import partial

import pytest

from app import db
from app.actor import Actor, Role
from app.errors import NotFound, PermissionDenied, ValidationFailed
from app.services import invitations, passwords, sessions, sign_ins, users
from app.services.invitations import (
    LIFE,
    AlreadyMember,
    InvitedAlready,
    WrongPerson,
)
from app.services.members import OwnersOnly
from app.services.seats import SeatLimitReached
from app.services.sessions import PROOF, ProofNeeded
from app.services.tokens import TokenSpent
from app.services.users import EmailTaken
from app.services.verification import EmailNotVerified
from tests.accounts import THREADS, act, alone, email_of, letters_to, make_person, outcome, race
from tests.factories import PASSWORD, Clock, Team, make_user, make_workspace, unique
from tests.table_rows import count, execute, row, value


@pytest.fixture
def boss(acme: Team, rival: Team) -> Actor:
    return make_person(acme.id, Role.OWNER)


def invite(actor: Actor, email: str, role: Role = Role.AGENT) -> str:
    """Invite somebody and return what their link holds."""
    act(invitations.create, actor, email=email, role=role)
    return letters_to(email, "invitation")[-1]


def test_owners_are_invited_with_the_password(boss: Actor, frozen_clock: Clock):
    email = new_email()
    frozen_clock.move(PROOF * 2)
    assert outcome(partial(invite, boss, email, Role.OWNER)) is ProofNeeded
    assert count("invitations") == 0
    invite(boss, new_email(), Role.ADMIN)

    sign_ins.prove(boss, PASSWORD)
    link = invite(boss, email, Role.OWNER)

    assert alone(invitations.look_at, link).role is Role.OWNER


def new_email() -> str:
    return f"invited{unique()}@example.com"


def test_of_many_who_accept_one_link_at_once_one_joins(boss: Actor):
    email = new_email()
    user_id, link = make_user(email=email), invite(boss, email)

    results = race(*[partial(alone, invitations.accept, link, user_id)] * THREADS)

    assert results.count(TokenSpent) == THREADS - 1
    assert results.count(boss.workspace_id) == 1
    assert count("memberships", "user_id = %s", user_id) == 1
    assert count("audit_entries", "action = 'member.joined'") == 1


def test_of_many_who_make_an_account_with_one_link_one_is_made(boss: Actor):
    email = new_email()
    link = invite(boss, email)
    join = partial(alone, invitations.join, link, name="Ana", password=passwords.choose(PASSWORD))

    results = race(*[join] * THREADS)

    refused = [one for one in results if one in {TokenSpent, EmailTaken}]
    assert len(refused) == THREADS - 1
    assert count("users", "email = %s", email) == 1
    assert row(
        "SELECT m.workspace_id, m.role FROM memberships m JOIN users u ON u.id = m.user_id"
        " WHERE u.email = %s",
        email,
    ) == (boss.workspace_id, "AGENT")


def test_the_last_seat_is_promised_once_to_many_invited_at_once(rival: Team):
    owner = make_person(make_workspace(plan="growth"), Role.OWNER)
    calls = [
        partial(act, invitations.create, owner, email=new_email(), role=Role.VIEWER)
        for _try in range(THREADS)
    ]

    results = race(*calls)

    assert results.count(SeatLimitReached) == THREADS - 4
    assert count("invitations", "workspace_id = %s", owner.workspace_id) == 4


def test_a_smaller_plan_lets_in_as_many_as_it_has_seats_for(rival: Team):
    owner = make_person(make_workspace(plan="growth"), Role.OWNER)
    emails = [new_email() for _seat in range(4)]
    links = [(invite(owner, email), make_user(email=email)) for email in emails]
    execute(
        "UPDATE subscriptions SET plan_id = (SELECT id FROM plans WHERE name = 'starter'"
        " AND interval = 'MONTHLY') WHERE workspace_id = %s",
        owner.workspace_id,
    )

    results = race(*[partial(alone, invitations.accept, *link) for link in links])

    assert count("memberships", "workspace_id = %s", owner.workspace_id) <= 2
    assert results.count(SeatLimitReached) >= 3


def test_withdrawn_while_it_is_accepted_is_either_never_both(boss: Actor):
    for _round in range(5):
        email = new_email()
        user_id, link = make_user(email=email), invite(boss, email)
        (invitation,) = act(invitations.list_open, boss)

        withdrawn, accepted = race(
            partial(act, invitations.withdraw, boss, invitation.id),
            partial(alone, invitations.accept, link, user_id),
        )

        assert (withdrawn, accepted) in [(None, TokenSpent), (NotFound, boss.workspace_id)]
        assert count("memberships", "user_id = %s", user_id) == (accepted is not TokenSpent)


def test_link_is_for_the_invited_address_in_whatever_case(boss: Actor, rival: Team):
    email = new_email()
    link = invite(boss, email)
    execute("UPDATE invitations SET email = upper(email)")

    assert outcome(partial(alone, invitations.accept, link, rival.owner.user_id)) is WrongPerson
    assert alone(invitations.accept, link, make_user(email=email)) == boss.workspace_id


def test_accepting_proves_the_address_and_goes_there(boss: Actor, rival: Team):
    guest = make_person(rival.id, verified=False)
    link = invite(boss, email_of(guest), Role.ADMIN)

    alone(invitations.accept, link, guest.user_id, sign_in=guest.session_id)

    assert value("SELECT email_verified_at FROM users WHERE id = %s", guest.user_id)
    assert alone(sessions.live_among, {guest.session_id}) == {
        guest.session_id: (boss.workspace_id, Role.ADMIN)
    }


def test_a_person_with_an_account_cannot_be_made_again_by_a_link(boss: Actor):
    email = new_email()
    user_id, link = make_user(email=email), invite(boss, email)

    with pytest.raises(EmailTaken):
        alone(invitations.join, link, name="Eve", password=passwords.choose(PASSWORD))

    assert value("SELECT password_hash FROM users WHERE id = %s", user_id) is None
    assert alone(invitations.look_at, link).has_account


def test_a_poor_password_does_not_spend_the_link(boss: Actor):
    link = invite(boss, new_email())

    with pytest.raises(ValidationFailed):
        alone(invitations.join, link, name="Ana", password=passwords.choose("password"))

    assert alone(invitations.join, link, name="Ana", password=passwords.choose(PASSWORD))


def test_an_old_link_says_nothing_of_what_it_offered(boss: Actor, frozen_clock: Clock):
    link = invite(boss, new_email())

    frozen_clock.move(LIFE - dt.timedelta(seconds=1))
    assert alone(invitations.look_at, link).workspace_name == "Acme"
    frozen_clock.move(dt.timedelta(seconds=1))

    for spent in (link, "nothing", "", "x" * 500):
        with pytest.raises(TokenSpent):
            alone(invitations.look_at, spent)


def test_an_expired_invitation_gives_way_to_a_new_one(boss: Actor, frozen_clock: Clock):
    email = new_email()
    old = invite(boss, email)
    frozen_clock.move(LIFE)

    link = invite(boss, email)

    with pytest.raises(TokenSpent):
        alone(invitations.look_at, old)
    assert alone(invitations.look_at, link).email == email


def test_expired_invitation_is_sent_again_only_while_there_is_a_seat(
    database: None, frozen_clock: Clock
):
    boss = make_person(make_workspace(plan="starter"), Role.OWNER)  # two seats
    invite(boss, new_email())
    (expired,) = act(invitations.list_open, boss)
    frozen_clock.move(LIFE)
    invite(boss, new_email())

    with pytest.raises(SeatLimitReached):
        act(invitations.resend, boss, expired.id)
    (left,) = [one for one in act(invitations.list_open, boss) if one.id != expired.id]
    act(invitations.withdraw, boss, left.id)
    assert act(invitations.resend, boss, expired.id).id == expired.id


def test_nobody_is_invited_twice(boss: Actor):
    email = new_email()
    invite(boss, email)

    with pytest.raises(InvitedAlready):
        invite(boss, email.upper())
    with pytest.raises(AlreadyMember):
        invite(boss, email_of(boss).upper())


@pytest.mark.parametrize("email", ["", "ana", "ana@", "a\0b@example.com", "a@b@c"])
def test_what_is_no_address_is_not_invited(boss: Actor, email: str):
    with pytest.raises(ValidationFailed):
        invite(boss, email)

    assert not count("invitations")
    assert not count("mails")


def test_who_has_not_proven_their_address_invites_nobody(acme: Team, rival: Team):
    boss = make_person(acme.id, Role.OWNER, verified=False)

    with pytest.raises(EmailNotVerified):
        invite(boss, new_email())

    assert not count("invitations")
    assert not count("mails")


@pytest.mark.parametrize("role", [Role.AGENT, Role.VIEWER])
def test_agents_and_viewers_invite_nobody(acme: Team, role: Role):
    with pytest.raises(PermissionDenied):
        invite(make_person(acme.id, role), new_email())


def test_only_owners_invite_owners(acme: Team):
    admin = make_person(acme.id, Role.ADMIN)

    with pytest.raises(OwnersOnly):
        invite(admin, new_email(), Role.OWNER)

    assert invite(admin, new_email(), Role.ADMIN)


def test_foreign_workspace_neither_sees_nor_touches_an_invitation(boss: Actor, rival: Team):
    invite(boss, new_email())
    (invitation,) = act(invitations.list_open, boss)
    foreign = make_person(rival.id, Role.OWNER)

    assert act(invitations.list_open, foreign) == []
    for fn in (invitations.resend, invitations.withdraw):
        with pytest.raises(NotFound):
            act(fn, foreign, invitation.id)
        with pytest.raises(NotFound), db.transaction(boss.workspace_id) as session:
            fn(session, replace(foreign), invitation.id)
    assert act(invitations.list_open, boss) == [invitation]


def test_invited_person_is_nobody_until_they_accept(boss: Actor):
    email = new_email()
    invite(boss, email)

    assert alone(users.find_by_email, email) is None

"""Mails that somebody else pays for are counted: invitations and links to confirm an address."""

import pytest

from app import db
from app.actor import Actor, Role
from app.errors import RateLimited
from app.services import invitations, verification
from tests.factories import Clock, Team
from tests.table_rows import execute, value


def verify(actor: Actor) -> None:
    execute("UPDATE users SET email_verified_at = now() WHERE id = %s", actor.user_id)


def mails() -> int:
    return int(value("SELECT count(*) FROM mails"))


def test_a_workspace_invites_fifty_times_a_day(acme: Team, rival: Team) -> None:
    for owner in (acme.owner, rival.owner):
        verify(owner)
    with db.transaction(acme.id) as session:
        made = invitations.create(session, acme.owner, email="ben@example.com", role=Role.AGENT)
    for _again in range(49):
        with db.transaction(acme.id) as session:
            invitations.resend(session, acme.owner, made.id)

    with pytest.raises(RateLimited) as refused, db.transaction(acme.id) as session:
        invitations.resend(session, acme.owner, made.id)
    with pytest.raises(RateLimited), db.transaction(acme.id) as session:
        invitations.create(session, acme.owner, email="cleo@example.com", role=Role.AGENT)

    assert mails() == 50
    assert 23 * 3600 < refused.value.retry_after_s <= 24 * 3600 + 1
    assert "in 24 hours" in refused.value.message
    with db.transaction(rival.id) as session:
        invitations.create(session, rival.owner, email="ben@example.com", role=Role.AGENT)


def test_a_person_asks_five_times_an_hour_for_a_link(acme: Team, frozen_clock: Clock) -> None:
    execute("UPDATE users SET email_verified_at = NULL")
    for _again in range(5):
        with db.transaction(acme.id) as session:
            verification.ask_again(session, acme.agent)
        frozen_clock.move(verification.PAUSE)

    with pytest.raises(RateLimited), db.transaction(acme.id) as session:
        verification.ask_again(session, acme.agent)

    assert mails() == 5
    with db.transaction(acme.id) as session:
        verification.ask_again(session, acme.viewer)

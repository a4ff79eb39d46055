"""How a number is at Meta: asked, kept, and what Meta refuses to say; the switches."""

from functools import partial
from typing import Any

import pytest

from app import jobs
from app.actor import Role
from app.config import configure
from app.errors import NotFound, PermissionDenied, ProviderError
from app.services import notices, number_health
from tests.accounts import act, outcome
from tests.factories import Team
from tests.integration.outbox_line import Line
from tests.table_rows import execute, value


def test_what_meta_says_is_kept(line: Line):
    before = act(number_health.get, line.team.viewer, line.number.id)
    assert (before.quality_rating, before.checked_at) == (None, None)

    found = number_health.check(line.team.admin, line.number.id)

    assert found.quality_rating == "GREEN"
    assert found.messaging_limit == "TIER_2K"
    assert found.throughput == "STANDARD"
    assert found.name_status == "APPROVED"
    assert found.is_subscribed is True
    assert (found.problem, found.token_expires_at) == (None, None)
    assert act(number_health.get, line.team.viewer, line.number.id) == found
    line.graph.store.unsubscribe(line.number.waba_id)
    assert number_health.check(line.team.admin, line.number.id).is_subscribed is False


def test_token_that_meta_refuses_is_the_problem_and_the_rest_stays(line: Line):
    number_health.check(line.team.admin, line.number.id)
    line.graph.store.database.run(
        "UPDATE accounts SET access_token = 'another' WHERE waba_id = ?", line.number.waba_id
    )

    found = number_health.check(line.team.admin, line.number.id)

    assert found.problem
    assert "EAA" not in found.problem
    assert found.quality_rating == "GREEN"


def test_meta_that_is_away_changes_nothing(line: Line):
    execute(
        "UPDATE whatsapp_accounts SET graph_url = 'http://127.0.0.1:9' WHERE id = %s",
        line.number.account_id,
    )
    configure(outgoing_allow="127.0.0.1:9")

    with pytest.raises(ProviderError):
        number_health.check(line.team.admin, line.number.id)

    assert value("SELECT checked_at FROM phone_numbers WHERE id = %s", line.number.id) is None


def test_switches_are_kept(line: Line):
    found = act(
        number_health.switch,
        line.team.admin,
        line.number.id,
        sends_read_receipts=False,
        sends_typing=True,
    )

    assert (found.sends_read_receipts, found.sends_typing) == (False, True)


def test_others_neither_look_nor_ask(line: Line, rival: Team):
    switch: Any = partial(number_health.switch, sends_read_receipts=True, sends_typing=True)
    for fn in (number_health.get, switch):
        assert outcome(partial(act, fn, rival.owner, line.number.id)) is NotFound
    assert outcome(partial(number_health.check, rival.owner, line.number.id)) is NotFound
    for role in (Role.AGENT, Role.VIEWER):
        actor = line.team.members()[role]
        assert outcome(partial(number_health.check, actor, line.number.id)) is PermissionDenied
        assert outcome(partial(act, switch, actor, line.number.id)) is PermissionDenied


def test_job_asks_about_numbers_that_nobody_looked_at_and_warns_of_the_token(
    line: Line, rival: Team
):
    health = partial(act, number_health.get, line.team.viewer, line.number.id)
    execute("UPDATE whatsapp_accounts SET is_sandbox = true WHERE id <> %s", line.number.account_id)

    jobs.check_numbers()
    first = health()
    assert first.checked_at is not None
    assert act(notices.list_open, line.team.viewer) == []
    line.graph.store.database.run(
        "UPDATE accounts SET access_token = 'one more' WHERE waba_id = ?", line.number.waba_id
    )
    jobs.check_numbers()
    assert health() == first, "asked a moment ago"

    execute("UPDATE phone_numbers SET checked_at = now() - interval '7 hours'")
    jobs.check_numbers()
    (notice,) = act(notices.list_open, line.team.viewer)
    assert "access token" in notice.sentence
    assert act(notices.list_open, rival.viewer) == []

    line.graph.store.database.run(
        "UPDATE accounts SET access_token = ? WHERE waba_id = ?",
        line.sandbox_number.access_token,
        line.number.waba_id,
    )
    number_health.check(line.team.admin, line.number.id)
    assert act(notices.list_open, line.team.viewer) == []


def test_job_goes_on_where_meta_is_away(line: Line):
    execute("UPDATE whatsapp_accounts SET graph_url = 'http://127.0.0.1:9/graph'")

    jobs.check_numbers()

    assert value("SELECT count(*) FROM phone_numbers WHERE checked_at IS NOT NULL") == 0

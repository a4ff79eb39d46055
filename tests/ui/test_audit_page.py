"""The diary's page: rows of the filters that are chosen, each once."""

import asyncio

import pytest
from nicegui import ui
from nicegui.testing import User

from app import db
from app.services import audit
from tests import waiting
from tests.factories import Team
from tests.table_rows import execute
from tests.ui.conftest import session_token, show_cookie

ENTRIES = audit.PAGE + 10


def write(team: Team) -> None:
    with db.transaction(team.id) as session:
        for n in range(ENTRIES):
            for noun in ("api_key", "invitation"):
                audit.record(session, team.id, f"{noun}.revoked", user_id=team.owner.user_id, n=n)


async def test_show_older_during_a_change_of_filters_shows_no_row_twice(user: User, acme: Team):
    await asyncio.to_thread(write, acme)
    show_cookie(user, await asyncio.to_thread(session_token, acme.owner))
    await user.open("/settings/audit")
    await user.should_see(marker="audit-more")
    await user.should_see(marker="audit-filter")
    rows = next(one for one in user.find(kind=ui.element).elements if one.tag == "tbody")
    chooser = next(iter(user.find(marker="audit-filter").elements))
    assert isinstance(chooser, ui.select)

    held = waiting.held("LOCK TABLE audit_entries IN ACCESS EXCLUSIVE MODE")
    await asyncio.to_thread(held.__enter__)
    chooser.set_value("api_key")
    await asyncio.to_thread(waiting.wait_until, waiting.waiting_backends)
    user.find(marker="audit-more").click()
    await asyncio.sleep(0.3)
    await asyncio.to_thread(held.__exit__, None, None, None)
    await asyncio.sleep(0.5)

    assert len(rows.default_slot.children) == audit.PAGE
    user.find(marker="audit-more").click()
    await asyncio.sleep(0.5)
    assert len(rows.default_slot.children) == ENTRIES


@pytest.mark.parametrize(
    ("chosen", "expected", "shown"),
    [("", "Europe/Lisbon", "2026-07-01 13:00"), ("Asia/Tokyo", "Asia/Tokyo", "2026-07-01 21:00")],
)
async def test_times_are_those_of_the_device_unless_a_zone_is_chosen(
    user: User, acme: Team, chosen: str, expected: str, shown: str
):
    def prepare() -> str:
        execute("UPDATE workspaces SET time_zone = 'America/New_York'")
        execute("UPDATE users SET time_zone = %s WHERE id = %s", chosen, acme.owner.user_id)
        write(acme)
        token = session_token(acme.owner)
        execute("ALTER TABLE audit_entries DISABLE TRIGGER USER")
        execute("UPDATE audit_entries SET created_at = '2026-07-01 12:00Z'")
        execute("ALTER TABLE audit_entries ENABLE TRIGGER USER")
        return token

    show_cookie(user, await asyncio.to_thread(prepare))
    await user.open("/settings/audit")

    await user.should_see(f"Times are those of {expected}.")
    await user.should_see(shown)

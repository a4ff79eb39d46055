"""What asks for proof asks for a password, or helps somebody who has none to one."""

import asyncio

from nicegui.testing import User

from app.services import passwords
from tests import factories, table_rows
from tests.factories import Team
from tests.ui.conftest import session_token, show_cookie

LATELY = "UPDATE sessions SET proven_at = now() - interval '1 hour'"
LINKS = "verification_tokens", "purpose = 'RESET_PASSWORD' AND user_id = %s"


async def open_security(user: User, team: Team, *, has_password: bool) -> None:
    await asyncio.to_thread(
        table_rows.execute,
        "UPDATE users SET password_hash = %s WHERE id = %s",
        passwords.hash_password(factories.PASSWORD) if has_password else None,
        team.agent.user_id,
    )
    show_cookie(user, await asyncio.to_thread(session_token, team.agent))
    await asyncio.to_thread(table_rows.execute, LATELY)
    await user.open("/settings/security")
    await user.should_see(marker="second-factor-on")
    user.find(marker="second-factor-on").click()
    await user.should_see("Is it you?")


async def test_person_with_a_password_is_asked_for_it(user: User, acme: Team):
    await open_security(user, acme, has_password=True)

    await user.should_see(marker="proof-password")
    await user.should_not_see(marker="proof-mail-link")


async def test_person_without_a_password_is_mailed_a_link_to_set_one(user: User, acme: Team):
    await open_security(user, acme, has_password=False)
    await user.should_not_see(marker="proof-password")

    user.find(marker="proof-mail-link").click()

    await user.should_see("The link is on its way.")
    await user.should_not_see("Is it you?")
    await user.should_not_see(marker="second-factor-secret")
    links = await asyncio.to_thread(table_rows.count, *LINKS, acme.agent.user_id)
    mails = await asyncio.to_thread(table_rows.count, "mails")
    assert (links, mails) == (1, 1)

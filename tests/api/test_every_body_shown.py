"""Every known webhook body is shown in its thread, as what it is."""

import asyncio
import json
from collections import Counter
from uuid import UUID

import httpx

from app import db
from app.components import bubbles
from app.models.enums import MessageType
from app.services import messages
from app.services.inbound.drain import drain
from tests.api.every_body import Addressed
from tests.api.test_every_body import post
from tests.contracts import needs_bodies
from tests.factories import Team
from tests.table_rows import rows

pytestmark = needs_bodies

NOT_KNOWN = "cannot be shown here yet"


def shown(team: Team) -> list[tuple[MessageType, dict[str, object]]]:
    """Return every message of a workspace with its bubble."""
    ids: list[UUID] = [
        one for (one,) in rows("SELECT id FROM messages WHERE workspace_id = %s", team.id)
    ]
    with db.transaction(team.id) as session:
        views = [messages.get(session, team.agent, message_id) for message_id in ids]
    return [(view.type, bubbles.row(view, team.agent.session_id or view.id)) for view in views]


async def test_every_message_is_shown_as_what_it_is(
    http: httpx.AsyncClient, acme: Team, rival: Team
):
    one = await asyncio.to_thread(Addressed, acme)
    for body in one.bodies.values():
        await post(http, one.account, json.dumps(body).encode())
    assert await asyncio.to_thread(drain)

    found = await asyncio.to_thread(shown, acme)

    assert len(Counter(kind for kind, _row in found)) >= 15
    for kind, row in found:
        assert row["text"] or row["cards"] or row["notice"] or row["file"], kind
        assert kind is MessageType.UNKNOWN or NOT_KNOWN not in str(row["text"]), (kind, row)
    assert not await asyncio.to_thread(shown, rival)

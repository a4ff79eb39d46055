"""Who calls the REST API in tests: programs with keys, browsers with sign-ins."""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

import httpx

from app import db
from app.actor import Actor
from app.config import settings
from app.services import api_keys, sessions

ORIGIN = {"Origin": "http://127.0.0.1:8000"}


def make_key(
    workspace_id: UUID, scopes: Sequence[str] = (), *, expires_at: dt.datetime | None = None
) -> str:
    """Make a key with some scopes, all unless any is named."""
    actor = Actor.system(workspace_id)
    with db.transaction(workspace_id) as session:
        return api_keys.create(
            session,
            actor,
            name="A program",
            scopes=scopes or None,
            expires_at=expires_at,
        ).secret


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def key_of(workspace_id: UUID, *scopes: str) -> dict[str, str]:
    """Return the header of a program in a workspace."""
    return bearer(make_key(workspace_id, scopes))


def browser_of(actor: Actor) -> dict[str, str]:
    """Return the headers of a signed-in person's browser on our own page."""
    assert actor.user_id is not None
    with db.transaction() as session:
        token, _id = sessions.create(
            session, actor.user_id, actor.workspace_id, ip=None, user_agent=None
        )
    return {"Cookie": f"{settings().session_cookie}={token}", **ORIGIN}


def error_of(answer: httpx.Response) -> tuple[int, str]:
    """Return status and code of a refusal, whose shape is checked on the way."""
    body = answer.json()
    assert set(body) == {"error"}
    assert set(body["error"]) <= {"code", "message", "fields"}
    assert body["error"]["message"]
    return answer.status_code, body["error"]["code"]

"""Pages by NiceGUI's own simulation: the task a person does, on screen and in the database.

The simulation talks to NiceGUI's inner application; the gate in front of it has its own tests in
a browser. Synchronous fixtures prepare the rows, because no session opens on the event loop.
"""

import re

import pytest
from nicegui.testing import User

from app import db
from app.actor import Actor
from app.config import settings
from app.services import sign_ins
from app.services.sign_ins import Client


@pytest.fixture(autouse=True)
def _clean(database: None) -> None:
    """Empty everything before each test, and before the page is built."""


def session_token(actor: Actor) -> str:
    """Sign a member in and return the cookie's token."""
    assert actor.user_id is not None
    with db.transaction() as session:
        return sign_ins.start(session, actor.user_id, client=Client())


def show_cookie(user: User, token: str) -> None:
    """Let a simulated browser, of a device in Lisbon, carry the session cookie."""
    user.javascript_rules[re.compile(r"Intl\..*timeZone")] = lambda _match: "Europe/Lisbon"
    user.http_client.cookies.set(settings().session_cookie, token)

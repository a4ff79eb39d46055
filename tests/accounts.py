"""What a person has in hand in tests: the links they were mailed, the codes of their phone."""

import datetime as dt
import re
from uuid import UUID

import pyotp

from app import db
from app.actor import Actor, Role
from app.clock import utc_now
from app.services import second_factor, sessions
from app.services.mails import drain, mailbox
from tests.table_rows import value

STEP = dt.timedelta(seconds=second_factor.STEP_S)
TOKEN = re.compile(r"token=([\w-]+)|/invitations/([\w-]+)")


def mailed_token(email: str, subject: str) -> str:
    """Send what waits and return the token of the newest mail with this subject."""
    drain.drain()
    mail = next(
        one for one in mailbox.list_mails() if one.recipient == email and one.subject == subject
    )
    found = TOKEN.search(mail.text)
    assert found is not None, mail.text
    return found[1] or found[2]


def turn_second_factor_on(email: str, workspace_id: UUID) -> str:
    """Give somebody an authenticator; returns the code that it shows next."""
    user_id = value("SELECT id FROM users WHERE email = %s", email)
    with db.transaction(workspace_id) as session:
        _token, session_id = sessions.create(
            session, user_id, workspace_id, ip=None, user_agent=None
        )
        session.flush()
        actor = Actor(
            workspace_id=workspace_id, role=Role.AGENT, user_id=user_id, session_id=session_id
        )
        totp = pyotp.TOTP(second_factor.begin(session, actor).secret)
        second_factor.confirm(session, actor, totp.at(utc_now()))
    return totp.at(utc_now() + STEP)

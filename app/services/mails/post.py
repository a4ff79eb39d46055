"""Putting a letter on its way, inside the transaction that is its reason. System-only."""

import json
from uuid import UUID

from sqlmodel import Session

from app import queue
from app.clock import utc_now
from app.db import after_commit
from app.ids import new_id
from app.models import Mail
from app.queue import JobName
from app.services import secrets
from app.services.mails.letters import Letter
from app.services.secrets import Bound

BODY = "body"


def post(
    session: Session, recipient: str, letter: Letter, *, workspace_id: UUID | None = None
) -> None:
    """Keep a letter to be sent after the commit; on rollback nobody gets it.

    The body holds one-time links, so it is encrypted until it is sent, and then removed.
    """
    mail_id = new_id()
    text = json.dumps(
        {"paragraphs": letter.paragraphs, "button": letter.button, "reason": letter.reason}
    )
    session.add(
        Mail(
            id=mail_id,
            workspace_id=workspace_id,
            kind=letter.kind,
            recipient=recipient,
            subject=letter.subject[:200],
            body=secrets.seal(text, bound_to(mail_id), BODY),
            next_attempt_at=utc_now(),
        )
    )
    after_commit(session, _ring)


def bound_to(mail_id: UUID) -> Bound:
    """Return the place that a mail's body is bound to."""
    return Bound("mails", None, mail_id)


def _ring() -> None:
    queue.ring(JobName.DRAIN_MAIL)

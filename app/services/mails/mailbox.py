"""The development mailbox: what would have been sent, newest first. System-only: a door."""

import datetime as dt
import email
import email.policy
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from uuid import UUID

from app.errors import NotFound
from app.services.mails.transport import mailbox

MOST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class MailView:
    """One kept mail, as plain text."""

    id: str
    recipient: str
    subject: str
    at: dt.datetime
    text: str


def list_mails() -> list[MailView]:
    """Return the newest mails."""
    files = sorted(mailbox().glob("*.eml"), key=lambda path: path.stat().st_mtime, reverse=True)
    return [_read(path) for path in files[:MOST]]


def get_mail(mail_id: UUID) -> MailView:
    """Return one mail.

    Raises:
        NotFound: there is none with this id.
    """
    path = mailbox() / f"{mail_id}.eml"
    if not path.is_file():
        raise NotFound
    return _read(path)


def _read(path: Path) -> MailView:
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert isinstance(message, EmailMessage)  # noqa: S101  # by the policy
    body = message.get_body(("plain",))
    return MailView(
        id=path.stem,
        recipient=str(message["To"]),
        subject=str(message["Subject"]),
        at=dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC),
        text=body.get_content() if body else "",
    )

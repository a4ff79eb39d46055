"""Mail on its way out."""

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from app.models.base import Row, choice, counter, moment
from app.models.enums import MailState


class Mail(Row, table=True):
    """One mail to one person. PENDING → SENT, or FAILED after the last try.

    The row is its own place in the queue: taking it puts the next attempt two minutes off, so that
    a sender who dies costs two minutes, and at worst a mail comes twice. Its body holds one-time
    links, so it is encrypted, and removed once the mail is sent.
    """

    __tablename__ = "mails"
    __table_args__ = (
        # mail drain: what is due
        sa.Index("ix_mails_due", "next_attempt_at", postgresql_where=sa.text("state = 'PENDING'")),
    )

    # Whose mail it is, where it is of a workspace; for the audit only.
    workspace_id: UUID | None = None
    kind: str = Field(max_length=40)
    recipient: str = Field(max_length=254)
    subject: str = Field(max_length=200)
    body: bytes | None = None
    state: MailState = Field(default=MailState.PENDING, sa_type=choice(MailState))
    error: str | None = Field(default=None, max_length=500)
    attempt_count: int = counter()
    next_attempt_at: dt.datetime | None = moment()
    sent_at: dt.datetime | None = moment()

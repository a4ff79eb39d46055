"""Who may be written to for marketing, and since when: an append-only ledger."""

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from app.models.base import TIMESTAMP, WorkspaceRow, choice, within_workspace
from app.models.enums import ConsentSource


class ConsentEntry(WorkspaceRow, table=True):
    """One yes or no of a contact; the newest counts and stands in `contacts.opted_out_at`."""

    __tablename__ = "consent_entries"
    __table_args__ = (
        within_workspace("contact_id", "contacts"),
        # inbound: the same news twice is once; a contact's history
        sa.UniqueConstraint("workspace_id", "contact_id", "source", "said_at", "is_given"),
    )

    contact_id: UUID
    is_given: bool
    source: ConsentSource = Field(sa_type=choice(ConsentSource))
    words: str | None = Field(default=None, max_length=500)
    said_at: dt.datetime = Field(sa_type=TIMESTAMP)

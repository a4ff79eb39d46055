"""What Meta has to say about an account, until it is over."""

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from app.models.base import TIMESTAMP, WorkspaceRow, choice, moment, within_workspace
from app.models.enums import NoticeLevel


class Notice(WorkspaceRow, table=True):
    """A banner for the team and a mail to its owners. Open, then ended by Meta or put away."""

    __tablename__ = "notices"
    __table_args__ = (
        within_workspace("account_id", "whatsapp_accounts"),
        # inbound: news of the same thing, in any order
        sa.UniqueConstraint("workspace_id", "account_id", "kind", "subject"),
        # mails to owners: what nobody was told yet
        sa.Index(
            "ix_notices_untold",
            "created_at",
            postgresql_where=sa.text("told_at IS NULL AND ended_at IS NULL"),
        ),
    )

    account_id: UUID
    kind: str = Field(max_length=60)
    # Which number or thing of the account; empty: the account itself.
    subject: str = Field(default="", max_length=120)
    level: NoticeLevel = Field(sa_type=choice(NoticeLevel))
    # Meta's own words, where it has any.
    text: str = Field(default="", max_length=500)
    said_at: dt.datetime = Field(sa_type=TIMESTAMP)
    # When it is over by itself.
    ends_at: dt.datetime | None = moment()
    ended_at: dt.datetime | None = moment()
    dismissed_at: dt.datetime | None = moment()
    told_at: dt.datetime | None = moment()

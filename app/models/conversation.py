"""A thread: one contact on one of our numbers."""

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from app.models.base import (
    WorkspaceRow,
    choice,
    counter,
    keyed_by_workspace,
    moment,
    within_workspace,
)
from app.models.enums import ConversationStatus, MessageDirection, MessageStatus, MessageType


class Conversation(WorkspaceRow, table=True):
    """A thread and what the list shows of it.

    Whoever changes anything visible in the thread first locks this row, raises `change_seq` and
    stamps the touched rows with it: sequence order is commit order, without gaps.
    """

    __tablename__ = "conversations"
    __table_args__ = (
        keyed_by_workspace(),
        # messages refer to all of it
        sa.UniqueConstraint("workspace_id", "id", "phone_number_id", "contact_id"),
        within_workspace("phone_number_id", "phone_numbers"),
        within_workspace("contact_id", "contacts"),
        # inbound: the thread of a contact on a number; contact page: a contact's conversations
        sa.UniqueConstraint("workspace_id", "contact_id", "phone_number_id"),
        # inbox: newest activity first, by keyset
        sa.Index(
            "ix_conversations_workspace_id_last_message_at",
            "workspace_id",
            sa.text("last_message_at DESC NULLS LAST"),
            sa.text("id DESC"),
        ),
        # inbox and sidebar: unread ones and their count
        sa.Index(
            "ix_conversations_workspace_id_unread",
            "workspace_id",
            sa.text("last_message_at DESC NULLS LAST"),
            postgresql_where=sa.text("unread_count > 0"),
        ),
    )

    phone_number_id: UUID
    contact_id: UUID
    change_seq: int = Field(
        default=0, sa_type=sa.BigInteger, sa_column_kwargs={"server_default": "0"}
    )
    status: ConversationStatus = Field(
        default=ConversationStatus.OPEN,
        sa_type=choice(ConversationStatus),
        sa_column_kwargs={"server_default": ConversationStatus.OPEN.value},
    )
    assignee_id: UUID | None = Field(default=None, foreign_key="users.id", ondelete="SET NULL")
    unread_count: int = counter()
    window_expires_at: dt.datetime | None = moment()
    # What the list shows of the newest message, so that a page of the list is one index scan.
    # No foreign key: messages point here already.
    last_message_id: UUID | None = None
    last_message_at: dt.datetime | None = moment()
    last_message_text: str | None = Field(default=None, max_length=200)
    last_message_type: MessageType | None = Field(
        default=None, sa_type=choice(MessageType), nullable=True
    )
    last_message_direction: MessageDirection | None = Field(
        default=None, sa_type=choice(MessageDirection), nullable=True
    )
    last_message_status: MessageStatus | None = Field(
        default=None, sa_type=choice(MessageStatus), nullable=True
    )

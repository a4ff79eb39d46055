"""Messages, the news about them, and their files."""

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    WorkspaceRow,
    choice,
    counter,
    flag,
    json_column,
    keyed_by_workspace,
    moment,
    within_workspace,
)
from app.models.enums import MediaState, MessageDirection, MessageStatus, MessageType


class Message(WorkspaceRow, table=True):
    """One message. `MessageStatus` draws its life; `sent_at` is the provider's time.

    An outbound row is also its own place in the outbox: QUEUED and due, then SENDING with a lease.
    """

    __tablename__ = "messages"
    __table_args__ = (
        keyed_by_workspace(),
        # One reference instead of four: a message's workspace, number and contact are those of its
        # conversation, and each more would cost a look-up for every message that comes in.
        sa.ForeignKeyConstraint(
            ["workspace_id", "conversation_id", "phone_number_id", "contact_id"],
            [
                "conversations.workspace_id",
                "conversations.id",
                "conversations.phone_number_id",
                "conversations.contact_id",
            ],
            name="fk_messages_conversation",
            ondelete="CASCADE",
            onupdate="CASCADE",
        ),
        # inbound: a second delivery of the same message changes nothing; statuses find theirs
        sa.UniqueConstraint("workspace_id", "phone_number_id", "wamid"),
        # composer: a double click is one message
        sa.Index(
            "uq_messages_workspace_id_client_ref",
            "workspace_id",
            "client_ref",
            unique=True,
            postgresql_where=sa.text("client_ref IS NOT NULL"),
        ),
        # thread: a page of it, any depth
        sa.Index("ix_messages_conversation_id_sent_at", "conversation_id", "sent_at", "id"),
        # REST API: the workspace's messages, newest first
        sa.Index("ix_messages_workspace_id_sent_at", "workspace_id", "sent_at", "id"),
        # thread: what changed since
        sa.Index("ix_messages_conversation_id_change_seq", "conversation_id", "change_seq"),
        # outbox: what is due or whose lease ran out
        sa.Index(
            "ix_messages_outbox",
            "next_attempt_at",
            postgresql_where=sa.text("status IN ('queued', 'sending')"),
        ),
        # outbox: one after the other within a conversation
        sa.Index(
            "ix_messages_outbox_conversation",
            "conversation_id",
            "id",
            postgresql_where=sa.text("status IN ('queued', 'sending')"),
        ),
    )

    workspace_id: UUID
    conversation_id: UUID
    contact_id: UUID
    phone_number_id: UUID
    wamid: str | None = Field(default=None, max_length=255)
    client_ref: UUID | None = None
    direction: MessageDirection = Field(sa_type=choice(MessageDirection))
    type: MessageType = Field(sa_type=choice(MessageType))
    content: dict[str, Any] = json_column()
    text: str | None = None
    context: dict[str, Any] | None = json_column(nullable=True)
    status: MessageStatus = Field(sa_type=choice(MessageStatus))
    error: dict[str, Any] | None = json_column(nullable=True)
    sent_at: dt.datetime = Field(sa_type=TIMESTAMP)
    change_seq: int = Field(
        default=0, sa_type=sa.BigInteger, sa_column_kwargs={"server_default": "0"}
    )
    sender_id: UUID | None = Field(default=None, foreign_key="users.id", ondelete="SET NULL")
    is_echo: bool = flag(default=False)
    attempt_count: int = counter()
    # How often a person had it sent again; news of an earlier attempt are told apart by it.
    resend_count: int = counter()
    next_attempt_at: dt.datetime | None = moment()
    # Which run of the outbox has it; when that is dead, nobody knows whether it was sent.
    runner: int | None = None


class MessageStatusEntry(WorkspaceRow, table=True):
    """News about an outbound message; waits with an empty `message_id` if it came first."""

    __tablename__ = "message_statuses"
    __table_args__ = (
        within_workspace("phone_number_id", "phone_numbers"),
        within_workspace("message_id", "messages"),
        # inbound: the same news twice is once; a new message finds what waits for it
        sa.UniqueConstraint("workspace_id", "phone_number_id", "wamid", "status"),
        # message details: its history
        sa.Index("ix_message_statuses_workspace_id_message_id", "workspace_id", "message_id"),
    )

    phone_number_id: UUID
    message_id: UUID | None = None
    wamid: str = Field(max_length=255)
    # Meta's word, which may be one that MessageStatus does not know (deleted, warning).
    status: str = Field(max_length=40)
    occurred_at: dt.datetime = Field(sa_type=TIMESTAMP)
    recipient: str | None = Field(default=None, max_length=200)
    errors: list[dict[str, Any]] | None = json_column(nullable=True)
    pricing: dict[str, Any] | None = json_column(nullable=True)


class MediaFile(WorkspaceRow, table=True):
    """A file that came with a message or goes out with one. PENDING → STORED or FAILED."""

    __tablename__ = "media_files"
    __table_args__ = (
        keyed_by_workspace(),
        within_workspace("message_id", "messages"),
        # thread: the file of a message; it has one
        sa.UniqueConstraint("workspace_id", "message_id"),
        # media drain: what is due
        sa.Index(
            "ix_media_files_due",
            "next_attempt_at",
            postgresql_where=sa.text("state = 'PENDING'"),
        ),
    )

    message_id: UUID | None = None
    meta_media_id: str | None = Field(default=None, max_length=120)
    state: MediaState = Field(default=MediaState.PENDING, sa_type=choice(MediaState))
    content_type: str | None = Field(default=None, max_length=120)
    filename: str | None = Field(default=None, max_length=255)
    size_bytes: int | None = Field(default=None, sa_type=sa.BigInteger, nullable=True)
    sha256: str | None = Field(default=None, max_length=64)
    storage_key: str | None = Field(default=None, max_length=300)
    # In pixels, of pictures; and whether a small one is kept beside it.
    width: int | None = None
    height: int | None = None
    has_thumbnail: bool = flag(default=False)
    error: str | None = Field(default=None, max_length=500)
    attempt_count: int = counter()
    next_attempt_at: dt.datetime | None = moment()

"""What we send from: a WhatsApp Business Account (Meta's WABA) and its numbers."""

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from app.models.base import (
    WorkspaceRow,
    choice,
    flag,
    json_column,
    keyed_by_workspace,
    moment,
    within_workspace,
)
from app.models.enums import PhoneNumberStatus


class WhatsAppAccount(WorkspaceRow, table=True):
    """A WABA with its credentials, encrypted and bound to this row. One per workspace and WABA."""

    __tablename__ = "whatsapp_accounts"
    __table_args__ = (
        keyed_by_workspace(),
        # connecting: the same WABA again updates its credentials
        sa.UniqueConstraint("workspace_id", "waba_id"),
    )

    waba_id: str = Field(max_length=64)
    graph_url: str | None = Field(default=None, max_length=300)
    access_token: bytes
    app_secret: bytes | None = None
    verify_token: bytes | None = None
    is_platform: bool = flag(default=False)
    is_sandbox: bool = flag(default=False)
    # What Graph said when it was last asked: the token's end (none: it lasts), whether webhooks are
    # sent anywhere, and why it refused to answer.
    checked_at: dt.datetime | None = moment()
    token_expires_at: dt.datetime | None = moment()
    is_subscribed: bool | None = None
    problem: str | None = Field(default=None, max_length=500)
    # When its last webhook was taken; at most a minute behind.
    last_webhook_at: dt.datetime | None = moment()
    # How many numbers Meta lets the business have.
    max_phone_numbers: int | None = None
    # Webhook fields that nobody acts on here, and when each came last.
    unused_fields: dict[str, Any] = json_column()


class PhoneNumber(WorkspaceRow, table=True):
    """A business number. PENDING → VERIFIED or FAILED; disconnected ones keep their history."""

    __tablename__ = "phone_numbers"
    __table_args__ = (
        keyed_by_workspace(),
        within_workspace("account_id", "whatsapp_accounts"),
        # webhooks: Meta's id finds the number; one workspace at a time holds it
        sa.Index(
            "uq_phone_numbers_connected_meta_id",
            "meta_phone_number_id",
            unique=True,
            postgresql_where=sa.text("disconnected_at IS NULL"),
        ),
        # connecting: nobody claims a number that another workspace uses
        sa.Index(
            "uq_phone_numbers_connected_number",
            "phone_number",
            unique=True,
            postgresql_where=sa.text("disconnected_at IS NULL"),
        ),
        # numbers page
        sa.Index("ix_phone_numbers_workspace_id_created_at", "workspace_id", "created_at"),
    )

    account_id: UUID | None = None
    phone_number: str = Field(max_length=20)
    display_name: str | None = Field(default=None, max_length=100)
    meta_phone_number_id: str | None = Field(default=None, max_length=64)
    status: PhoneNumberStatus = Field(
        default=PhoneNumberStatus.PENDING, sa_type=choice(PhoneNumberStatus)
    )
    status_reason: str | None = Field(default=None, max_length=500)
    verified_at: dt.datetime | None = moment()
    disconnected_at: dt.datetime | None = moment()
    quality_rating: str | None = Field(default=None, max_length=20)
    messaging_limit: str | None = Field(default=None, max_length=40)
    name_status: str | None = Field(default=None, max_length=40)
    throughput: str | None = Field(default=None, max_length=40)
    # When Graph was last asked for the four above.
    checked_at: dt.datetime | None = moment()
    # On the way to being used: the code was sent, the code was right.
    code_asked_at: dt.datetime | None = moment()
    code_verified_at: dt.datetime | None = moment()
    # Of two-step verification: needed to register the number again. Encrypted, bound to this row.
    pin: bytes | None = None
    sends_read_receipts: bool = flag(default=True)
    sends_typing: bool = flag(default=True)

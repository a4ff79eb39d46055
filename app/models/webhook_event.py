"""What Meta and Stripe told us, as they said it, before anything is made of it."""

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from app.models.base import TIMESTAMP, Row, choice, counter, json_column, moment
from app.models.enums import UnprocessedState, WebhookEventState, WebhookEventType


class WebhookEvent(Row, table=True):
    """A raw signed body, committed before it was answered. Global: its workspace is its finding."""

    __tablename__ = "webhook_events"
    __table_args__ = (
        # webhook drain: the next batch
        sa.Index(
            "ix_webhook_events_pending",
            "id",
            postgresql_where=sa.text("state = 'PENDING'"),
        ),
        # webhook drain: those that were there when a worker died
        sa.Index(
            "ix_webhook_events_careful",
            "id",
            postgresql_where=sa.text("state = 'PENDING' AND attempt_count > 0"),
        ),
        # admin and replay: bodies that nobody could read
        sa.Index("ix_webhook_events_failed", "id", postgresql_where=sa.text("state = 'FAILED'")),
        # stats of one account
        sa.Index("ix_webhook_events_account_id", "account_id", "state"),
    )

    type: WebhookEventType = Field(sa_type=choice(WebhookEventType))
    # The account whose route it came to; empty on the platform's own route. No foreign key: an
    # event outlives its account.
    account_id: UUID | None = None
    payload: bytes
    state: WebhookEventState = Field(
        default=WebhookEventState.PENDING,
        sa_type=choice(WebhookEventState),
        sa_column_kwargs={"server_default": WebhookEventState.PENDING.value},
    )
    processed_at: dt.datetime | None = moment()
    error: str | None = Field(default=None, max_length=1000)
    # How many workers died over it; see app.services.inbound.marks.
    attempt_count: int = counter()

    @property
    def processed(self) -> bool:
        """Whether nothing is left to do with it."""
        return self.state is not WebhookEventState.PENDING


class DrainMark(Row, table=True):
    """What a webhook drain is working on; left behind, it tells of a worker's death."""

    __tablename__ = "drain_marks"

    runner: int
    event_ids: list[UUID] = Field(sa_type=sa.ARRAY(sa.Uuid))
    item: str = Field(max_length=60)


class MessageUnprocessed(Row, table=True):
    """An item of a webhook that could not be applied. WAITING for its next retry, then PARKED."""

    __tablename__ = "messages_unprocessed"
    __table_args__ = (
        # the same item of the same event is kept once
        sa.UniqueConstraint("webhook_event_id", "item"),
        # webhook drain: and so it is if another delivery brings it again
        sa.Index(
            "uq_messages_unprocessed_payload",
            sa.text("md5(payload::text)"),
            "account_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        # webhook drain: what is due again
        sa.Index(
            "ix_messages_unprocessed_due",
            "next_retry_at",
            postgresql_where=sa.text("state = 'WAITING'"),
        ),
    )

    webhook_event_id: UUID = Field(foreign_key="webhook_events.id", ondelete="CASCADE")
    item: str = Field(max_length=60)
    account_id: UUID | None = None
    wa_message_id: str | None = Field(default=None, max_length=255)
    payload: dict[str, Any] = json_column()
    error: str = Field(max_length=1000)
    state: UnprocessedState = Field(sa_type=choice(UnprocessedState))
    retry_count: int = counter()
    next_retry_at: dt.datetime = Field(sa_type=TIMESTAMP)

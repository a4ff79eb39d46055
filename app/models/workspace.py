"""The tenant, who belongs to it, and what it pays for."""

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.models.base import TIMESTAMP, Row, WorkspaceRow, choice, flag, moment
from app.models.enums import PlanInterval, Role, SubscriptionStatus


class Workspace(Row, table=True):
    """A business and everything it owns here."""

    __tablename__ = "workspaces"

    name: str = Field(max_length=120)
    time_zone: str = Field(default="UTC", max_length=64)
    language: str = Field(default="en", max_length=12)
    logo: str | None = None
    is_demo: bool = flag(default=False)


class Membership(WorkspaceRow, table=True):
    """A user's place in a workspace."""

    __tablename__ = "memberships"
    __table_args__ = (
        # team page; one place a person
        sa.UniqueConstraint("workspace_id", "user_id"),
        # workspace switcher: a user's workspaces
        sa.Index("ix_memberships_user_id", "user_id"),
    )

    user_id: UUID = Field(foreign_key="users.id", ondelete="CASCADE")
    role: Role = Field(sa_type=choice(Role))


class Plan(Row, table=True):
    """What can be subscribed to; prices in cents. Data, edited by platform admins."""

    __tablename__ = "plans"
    __table_args__ = (sa.UniqueConstraint("name", "interval"),)

    name: str = Field(max_length=40)
    description: str | None = None
    price: int = Field(ge=0)
    currency: str = Field(default="usd", max_length=3)
    interval: PlanInterval = Field(sa_type=choice(PlanInterval))
    features: list[str] = Field(
        default_factory=list, sa_type=JSONB, sa_column_kwargs={"server_default": sa.text("'[]'")}
    )
    max_phone_numbers: int
    max_messages_per_month: int
    max_seats: int
    max_contacts: int
    api_calls_per_minute: int
    active: bool = flag(default=True)


class Subscription(WorkspaceRow, table=True):
    """What a workspace subscribes to. TRIALING → ACTIVE → PAST_DUE → UNPAID or CANCELED."""

    __tablename__ = "subscriptions"
    __table_args__ = (
        # every send: the workspace's one subscription
        sa.UniqueConstraint("workspace_id"),
    )

    plan_id: UUID = Field(foreign_key="plans.id")
    status: SubscriptionStatus = Field(sa_type=choice(SubscriptionStatus))
    current_period_start: dt.datetime = Field(sa_type=TIMESTAMP)
    current_period_end: dt.datetime = Field(sa_type=TIMESTAMP)
    trial_ends_at: dt.datetime | None = moment()
    grace_ends_at: dt.datetime | None = moment()
    cancel_at_period_end: bool = flag(default=False)
    stripe_customer_id: str | None = Field(default=None, max_length=80)
    stripe_subscription_id: str | None = Field(default=None, max_length=80)

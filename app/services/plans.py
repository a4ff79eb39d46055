"""Plans that come with the product, and what a plan allows."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, select

from app.actor import Actor, Permission
from app.clock import utc_now
from app.errors import PlanLimitReached
from app.i18n import gettext as _
from app.i18n import mark
from app.models import Plan, Subscription
from app.models.enums import PlanInterval, SubscriptionStatus

TRIAL = dt.timedelta(days=14)
TRIAL_PLAN = "growth"
LARGEST_PLAN = "scale"
SENDING = frozenset({SubscriptionStatus.TRIALING, SubscriptionStatus.ACTIVE})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Offer:
    name: str
    description: str
    monthly_cents: int
    phone_numbers: int
    seats: int
    contacts: int
    messages: int
    calls: int


OFFERS = (
    _Offer(
        name="starter",
        description=mark("For one person and one number."),
        monthly_cents=1900,
        phone_numbers=1,
        seats=2,
        contacts=1_000,
        messages=1_000,
        calls=60,
    ),
    _Offer(
        name="growth",
        description=mark("For a team that answers all day."),
        monthly_cents=4900,
        phone_numbers=3,
        seats=5,
        contacts=10_000,
        messages=10_000,
        calls=300,
    ),
    _Offer(
        name="scale",
        description=mark("For several teams and many numbers."),
        monthly_cents=14900,
        phone_numbers=10,
        seats=20,
        contacts=100_000,
        messages=100_000,
        calls=1_200,
    ),
)
YEARLY_MONTHS_PAID = 10


class SubscriptionRequired(PlanLimitReached):
    """No subscription that allows sending."""

    code, status = "subscription_required", 402
    sentence = mark(
        "Sending needs an active subscription. Your messages still arrive; choose a plan to answer."
    )


class PhoneNumberLimitReached(PlanLimitReached):
    """The plan's numbers are all connected."""

    code, status = "phone_number_limit_reached", 400
    sentence = mark("Your plan has no free phone number left. Choose a larger plan to add one.")


def add_missing(session: Session) -> None:
    """Add the plans that come with the product where they are missing. System-only."""
    known = {(plan.name, plan.interval) for plan in session.exec(select(Plan)).all()}
    for offer in OFFERS:
        for interval in PlanInterval:
            if (offer.name, interval) not in known:
                session.add(_plan(offer, interval))


def start_trial(session: Session, workspace_id: UUID) -> Subscription:
    """Start the trial of a new workspace. System-only: part of signing up."""
    return _subscribe(
        session,
        workspace_id,
        TRIAL_PLAN,
        status=SubscriptionStatus.TRIALING,
        until=utc_now() + TRIAL,
    )


def activate_largest(session: Session, workspace_id: UUID) -> Subscription:
    """Give a workspace the largest plan, active. System-only: command line and demo."""
    return _subscribe(
        session,
        workspace_id,
        LARGEST_PLAN,
        status=SubscriptionStatus.ACTIVE,
        until=utc_now() + dt.timedelta(days=365),
    )


def current(session: Session, workspace_id: UUID) -> tuple[Subscription, Plan] | None:
    """Return the workspace's subscription and its plan."""
    row = session.exec(
        select(Subscription, Plan)
        .join(Plan, col(Plan.id) == col(Subscription.plan_id))
        .where(col(Subscription.workspace_id) == workspace_id)
    ).first()
    return (row[0], row[1]) if row else None


def describe(session: Session, actor: Actor) -> str:
    """Return the plan in two words, for the sidebar."""
    actor.require(Permission.CONVERSATION_READ)
    row = current(session, actor.workspace_id)
    if row is None:
        return _("No plan")
    subscription, plan = row
    name = plan.name.capitalize()
    if subscription.status is SubscriptionStatus.TRIALING:
        return _("{plan} trial").format(plan=name)
    return _("{plan} plan").format(plan=name)


def number_limit(session: Session, actor: Actor) -> int:
    """Return how many phone numbers the workspace's plan allows."""
    actor.require(Permission.NUMBER_READ)
    row = current(session, actor.workspace_id)
    return row[1].max_phone_numbers if row else 0


def require_sending(session: Session, workspace_id: UUID) -> tuple[Subscription, Plan]:
    """Return the subscription and plan.

    Raises:
        SubscriptionRequired: sending is not paid for; receiving never asks.
    """
    row = current(session, workspace_id)
    if row is None or not may_send(row[0]):
        raise SubscriptionRequired
    return row


def may_send(subscription: Subscription) -> bool:
    """Tell whether this subscription allows sending now."""
    now = utc_now()
    if subscription.status is SubscriptionStatus.PAST_DUE:
        return subscription.grace_ends_at is not None and now < subscription.grace_ends_at
    if subscription.status is SubscriptionStatus.TRIALING:
        return subscription.trial_ends_at is None or now < subscription.trial_ends_at
    return subscription.status in SENDING


def _plan(offer: _Offer, interval: PlanInterval) -> Plan:
    months = 1 if interval is PlanInterval.MONTHLY else YEARLY_MONTHS_PAID
    return Plan(
        name=offer.name,
        description=offer.description,
        price=offer.monthly_cents * months,
        interval=interval,
        max_phone_numbers=offer.phone_numbers,
        max_messages_per_month=offer.messages,
        max_seats=offer.seats,
        max_contacts=offer.contacts,
        api_calls_per_minute=offer.calls,
    )


def _subscribe(
    session: Session,
    workspace_id: UUID,
    plan_name: str,
    *,
    status: SubscriptionStatus,
    until: dt.datetime,
) -> Subscription:
    plan = session.exec(
        select(Plan).where(col(Plan.name) == plan_name, col(Plan.interval) == PlanInterval.MONTHLY)
    ).one()
    subscription = Subscription(
        workspace_id=workspace_id,
        plan_id=plan.id,
        status=status,
        current_period_start=utc_now(),
        current_period_end=until,
        trial_ends_at=until if status is SubscriptionStatus.TRIALING else None,
    )
    session.add(subscription)
    return subscription

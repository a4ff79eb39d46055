"""Which subscriptions allow sending, and when they stop."""

import pytest

from app.clock import utc_now
from app.ids import new_id
from app.models import Subscription
from app.models.enums import SubscriptionStatus
from app.services.plans import may_send
from tests.factories import DAY, Clock


def subscription(status: SubscriptionStatus, **columns: object) -> Subscription:
    now = utc_now()
    return Subscription(
        workspace_id=new_id(),
        plan_id=new_id(),
        status=status,
        current_period_start=now,
        current_period_end=now + DAY,
        **columns,
    )


@pytest.mark.parametrize("status", list(SubscriptionStatus))
def test_trial_and_active_send_the_others_do_not(status: SubscriptionStatus):
    allowed = {SubscriptionStatus.TRIALING, SubscriptionStatus.ACTIVE}

    assert may_send(subscription(status)) == (status in allowed)


def test_trial_ends_with_its_last_moment(frozen_clock: Clock):
    trial = subscription(SubscriptionStatus.TRIALING, trial_ends_at=utc_now() + DAY)

    assert may_send(trial)
    frozen_clock.move(DAY)
    assert not may_send(trial)


def test_late_payer_sends_in_grace_only(frozen_clock: Clock):
    late = subscription(SubscriptionStatus.PAST_DUE, grace_ends_at=utc_now() + 3 * DAY)

    assert may_send(late)
    frozen_clock.move(3 * DAY)
    assert not may_send(late)

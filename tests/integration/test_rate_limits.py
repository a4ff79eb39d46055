"""Rate limits: never more than their number, on every machine together, with Redis or without."""

from functools import partial

import pytest

from app.config import configure
from app.errors import RateLimited
from app.services import rate_limits
from app.services.rate_limits import AMOUNTS, Limit, Limiter, _item
from tests.accounts import outcome, race
from tests.factories import unique

TRIES = 50
LIMIT = Limit.SIGN_IN_ACCOUNT
AMOUNT = AMOUNTS[LIMIT][0]
NOBODY_LISTENS = "redis://127.0.0.1:1/0"


def try_often(key: str) -> list[object]:
    return race(*[partial(rate_limits.require, (LIMIT, key))] * TRIES)


def test_as_many_get_in_as_may_however_many_try_at_once(database: None):
    mine, other = f"ana{unique()}", f"eve{unique()}"

    results = try_often(mine)

    assert results.count(None) == AMOUNT
    assert results.count(RateLimited) == TRIES - AMOUNT
    assert outcome(partial(rate_limits.require, (LIMIT, other))) is None


def test_two_machines_share_one_number(database: None):
    machines, key = (Limiter(), Limiter()), f"ana{unique()}"

    rations = race(*[partial(one.take, _item(LIMIT), key) for one in machines * (TRIES // 2)])

    assert sum(ration.is_allowed for ration in rations) == AMOUNT


def test_while_redis_is_away_each_process_counts_for_itself(database: None):
    configure(redis_url=NOBODY_LISTENS)

    results = try_often(f"ana{unique()}")

    assert results.count(None) == AMOUNT
    assert results.count(RateLimited) == TRIES - AMOUNT


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        (None, "unknown"),
        ("no address", "unknown"),
    ],
)
def test_a_household_counts_as_one(address: str | None, key: str):
    assert rate_limits.address_key(address) == key

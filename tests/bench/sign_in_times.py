"""How long a refused sign-in takes, where the address is known and where it is not."""

import asyncio
import statistics
import time
from collections.abc import Callable

from app import web
from app.services import passwords, sign_ins
from app.services.sign_ins import Client
from tests.factories import PASSWORD, Team, make_membership, make_user
from tests.own_product import OwnProduct

TRIES = 60
KNOWN, UNKNOWN = "known@example.com", "unknown@example.com"
Say = Callable[[str], None]


def sign_in_times(_product: OwnProduct, teams: list[Team], say: Say) -> dict[str, float]:
    """Try both in turn, so that whatever else the machine does falls on both alike."""
    user_id = make_user(email=KNOWN, password_hash=passwords.hash_password(PASSWORD))
    for team in teams:
        make_membership(team.id, user_id)
    took: dict[str, list[float]] = {KNOWN: [], UNKNOWN: []}
    for _try in range(TRIES):
        for email, times in took.items():
            times.append(_refused_ms(email))
    medians = {email: statistics.median(times) for email, times in took.items()}
    for email, times in took.items():
        low, _middle, high = statistics.quantiles(times, n=4)
        say(
            f"  {email}: median {medians[email]:.1f} ms,"
            f" half of them within {low:.1f} to {high:.1f} ms"
        )
    say(f"  difference of the medians: {medians[KNOWN] - medians[UNKNOWN]:+.1f} ms")
    return medians


def _refused_ms(email: str) -> float:
    """Do what the doors do, up to their answer."""
    began = time.monotonic()
    result = sign_ins.sign_in(email=email, password="wrong", client=Client())
    assert result.token is None
    asyncio.run(web.take_as_long_as_any(began))
    return (time.monotonic() - began) * 1000

"""Messages applied per second by one worker from a full backlog."""

import subprocess
import sys
from collections.abc import Callable

from tests import table_rows
from tests.bench.goals import against
from tests.factories import Team
from tests.own_product import ROOT, OwnProduct
from tests.webhook_factories import store_events, text_message, webhook_body

BACKLOG = 40_000
CUSTOMERS = 2_000
ROUNDS = 3

# What the work-horse of the inbound lane does, timed without its imports.
DRAIN = """
import time
from app import log
from app.process import settle_memory
from app.services.inbound.drain import drain
log.setup()
settle_memory()
began = time.perf_counter()
assert drain()
print(time.perf_counter() - began)
"""


def backlog(product: OwnProduct, teams: list[Team], say: Callable[[str], None]) -> dict[str, float]:
    """Best of three; the second figure is with contacts and conversations already there."""
    best = 0.0
    for number in range(ROUNDS):
        fill(teams, number)
        seconds = drain_once(product)
        rate = BACKLOG / seconds
        best = max(best, rate)
        new = "new customers" if number == 0 else "known customers"
        say(f"  {BACKLOG:,} messages of {CUSTOMERS:,} {new}: {seconds:.2f} s = {rate:,.0f}/s")
    assert table_rows.count("messages", "wamid LIKE 'wamid.backlog%%'") == BACKLOG * ROUNDS
    say(f"  best {best:,.0f}/s {against(best, 8_000, unit='/s', at_least=True)}")
    return {"applied/s": best}


def drain_once(product: OwnProduct) -> float:
    """Drain in a process of its own; returns the seconds that took."""
    done = subprocess.run(
        [sys.executable, "-c", DRAIN],
        cwd=ROOT,
        env=product.environment,
        capture_output=True,
        check=True,
    )
    return float(done.stdout)


def fill(teams: list[Team], number: int) -> None:
    store_events(
        *(
            (
                teams[index % len(teams)].number.account_id,
                webhook_body(
                    teams[index % len(teams)].number,
                    [
                        text_message(
                            f"Message {index}",
                            sender=f"4478{index % CUSTOMERS:08d}",
                            wamid=f"wamid.backlog{number}.{index}",
                        )
                    ],
                ),
            )
            for index in range(BACKLOG)
        )
    )

"""Webhooks per second that are durable when they are answered, and an open loop with a worker."""

import asyncio
import itertools
import random
import time
from collections import defaultdict
from collections.abc import Callable

from tests import table_rows
from tests.bench.goals import against
from tests.bench.loader import Result, closed_loop, open_loop, webhook_requests
from tests.bench.machine import running
from tests.factories import Team
from tests.own_product import OwnProduct

ROUNDS = 3
ROUND_S = 3.0
CONTENDERS = {
    "stored before the answer (ours)": ("main.py",),
    "same route, nothing stored": ("-m", "tests.bench.contender", "none"),
    "INSERT + commit + RQ job each": ("-m", "tests.bench.contender", "each"),
}
OPEN_LOOP_PER_S = 3000
OPEN_LOOP_S = 20.0
DOUBLED = 0.02
Say = Callable[[str], None]


def closed(product: OwnProduct, teams: list[Team], say: Say) -> dict[str, float]:
    """Three contenders, interleaved, best of three rounds."""
    best: dict[str, float] = defaultdict(float)
    for number in range(ROUNDS):
        for name, arguments in CONTENDERS.items():
            _empty()
            requests = webhook_requests(
                teams, product.settings.port, 20_000, tag=f"closed{number}{name[:3]}"
            )
            with running(product, *arguments):
                asyncio.run(_warm_up(product, requests))
                result = asyncio.run(
                    closed_loop(product.settings.port, itertools.cycle(requests), seconds=ROUND_S)
                )
            assert result.refused == 0, f"{name}: {result.refused} refused"
            best[name] = max(best[name], result.per_second)
            say(f"  {name:34}{result.per_second:8,.0f}/s  p99 {_ms(result, 0.99)}")
    ours, nothing, each = (best[name] for name in CONTENDERS)
    share, times = 100 * ours / nothing, ours / each
    say(f"  ours / nothing stored  {share:.0f} % {against(share, 60, unit=' %', at_least=True)}")
    say(f"  ours / INSERT + job    {times:.1f} times {against(times, 5, unit='', at_least=True)}")
    _empty()
    return {"ours/nothing": ours / nothing, "ours/each": ours / each}


def open_with_worker(product: OwnProduct, teams: list[Team], say: Say) -> dict[str, float]:
    """Three thousand a second, two in a hundred doubled, while the worker drains; best of three."""
    p99_ms, backlog = min(_open_once(product, teams, say, number) for number in range(ROUNDS))
    say(f"  best p99 {p99_ms:.1f} ms {against(p99_ms, 100, unit=' ms')}")
    say(f"    backlog {backlog} when the last answer came (goal: 0)")
    return {"open p99 ms": p99_ms, "backlog": backlog}


def _open_once(product: OwnProduct, teams: list[Team], say: Say, number: int) -> tuple[float, int]:
    """Return the 99th percentile in milliseconds, and how many events waited at the end."""
    dice = random.Random(number)
    requests = webhook_requests(
        teams, product.settings.port, int(OPEN_LOOP_PER_S * OPEN_LOOP_S), tag=f"open{number}"
    )
    sent = [one for one in requests for _ in range(2 if dice.random() < DOUBLED else 1)]
    with running(product, "main.py"), running(product, "worker.py", is_web=False):
        asyncio.run(_warm_up(product, requests[:200]))
        time.sleep(2)
        result = asyncio.run(open_loop(product.settings.port, sent, per_second=OPEN_LOOP_PER_S))
        behind = _pending()
        ended = time.monotonic()
        while _pending() and time.monotonic() - ended < 60:
            time.sleep(0.05)
        drained_s = time.monotonic() - ended
        stored = table_rows.count("messages")
    say(
        f"  {OPEN_LOOP_PER_S}/s for {OPEN_LOOP_S:.0f} s: p50 {_ms(result, 0.5)}, "
        f"p95 {_ms(result, 0.95)}, p99 {_ms(result, 0.99)}, "
        f"slowest {_ms(result, 1.0)}, refused {result.refused}"
    )
    say(f"    backlog {behind}, gone after {drained_s:.2f} s; stored {stored:,} once each")
    assert stored == len(requests)
    _empty()
    return result.percentile(0.99) * 1000, behind


async def _warm_up(product: OwnProduct, requests: list[bytes]) -> None:
    await closed_loop(product.settings.port, iter(requests[:200]), seconds=5.0, connections=10)


def _pending() -> int:
    return table_rows.count("webhook_events", "state = 'PENDING'")


def _empty() -> None:
    table_rows.execute(
        "TRUNCATE webhook_events, drain_marks, messages_unprocessed, messages, message_statuses,"
        " conversations, contacts, contact_identities CASCADE"
    )


def _ms(result: Result, share: float) -> str:
    return f"{result.percentile(share) * 1000:.1f} ms"

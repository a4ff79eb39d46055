"""`python -m tests.chaos --messages 20000`: load, faults, then the verdict as JSON; 1 if wrong."""

import argparse
import json
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from app import log
from app.config import Settings
from tests import factories
from tests.chaos.graph import Graph
from tests.chaos.load import Customers, Meta, Staff, statuses_of
from tests.chaos.processes import WEB_POINTS, WORKER_POINTS, Faults, Process
from tests.chaos.verdict import is_quiet, verdict
from tests.own_product import own_product

PER_SECOND = 70
PATIENCE_S = 60.0
MOST_EXTRA_S = 120.0


def main() -> int:
    """Run once; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--messages", type=int, default=5000)
    parser.add_argument("--replies", type=int, default=0, help="default: a tenth of the messages")
    parser.add_argument("--seconds", type=float, default=0.0, help="default: by --messages")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--data-dir", type=Path)
    options = parser.parse_args()
    log.setup()
    with tempfile.TemporaryDirectory(prefix="chaos-") as temporary:
        found = run(
            options.data_dir or Path(temporary),
            messages=options.messages,
            replies=options.replies or options.messages // 10,
            seconds=options.seconds or options.messages / PER_SECOND,
            seed=options.seed,
        )
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    return 1 if found["wrong"] else 0


def run(
    data_dir: Path, *, messages: int, replies: int, seconds: float, seed: int
) -> dict[str, Any]:
    """Run load and faults for so many seconds, then wait for quiet and judge."""
    with own_product(data_dir) as product:
        processes = {
            "web": Process("main.py", product, WEB_POINTS),
            "worker": Process("worker.py", product, WORKER_POINTS),
        }
        faults = Faults(product, processes, seed)
        try:
            return _run(product.settings, faults, messages, replies, seconds, seed)
        finally:
            for process in processes.values():
                process.stop()


def _run(  # noqa: PLR0917  # one call site, above
    settings: Settings, faults: Faults, count: int, replies: int, seconds: float, seed: int
) -> dict[str, Any]:
    teams = [factories.make_team(f"Team {number}") for number in range(3)]
    numbers = {team.number.meta_id: team.number for team in teams}
    meta = Meta(settings.public_url)
    graph = Graph(
        seed,
        lambda phone, opaque, wamid: statuses_of(graph, numbers[phone], opaque, wamid, meta),
    )
    graph.start()
    factories.execute("UPDATE whatsapp_accounts SET graph_url = %s", graph.url)
    customers, staff = Customers(teams, meta, seed), Staff(settings.public_url, teams, seed)
    faults.start()
    writers = [
        threading.Thread(target=customers.write, args=(count, seconds), daemon=True),
        threading.Thread(target=staff.write, args=(replies, seconds), daemon=True),
    ]
    began = time.monotonic()
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(max(0.0, began + seconds + MOST_EXTRA_S - time.monotonic()))
    are_stuck = any(writer.is_alive() for writer in writers)
    if are_stuck:
        staff.is_over.set()
    extra = 0 if are_stuck else _hit_the_rest(faults, customers, staff)
    faults.end()
    while not (meta.is_done and is_quiet()) and _elapsed(faults) < PATIENCE_S:
        time.sleep(0.2)
    quiet_after_s = _elapsed(faults)
    found = verdict(customers.wanted, staff.replies, graph)
    if quiet_after_s >= PATIENCE_S:
        found["wrong"].append(f"not quiet {PATIENCE_S:.0f} s after the last fault")
    if are_stuck:
        found["wrong"].append(f"who writes was not done {MOST_EXTRA_S:.0f} s after the time")
    found["wrong"] += [f"too few faults: {kind}" for kind in faults.too_few]
    found["wrong"] += [f"crash point never hit often enough: {name}" for name in faults.missing]
    return {
        "seed": seed,
        "seconds": round(time.monotonic() - began, 1),
        "extra_messages": extra,
        "acknowledged": meta.acknowledged,
        "posted_again": meta.repeated,
        "slowest_answer_s": round(meta.slowest_s, 2),
        "quiet_after_s": round(quiet_after_s, 1),
        "faults": dict(faults.counts),
        "graph": dict(graph.answers),
        **found,
    }


def _hit_the_rest(faults: Faults, customers: Customers, staff: Staff) -> int:
    """Go on a little until every crash point was hit; returns how many messages that took."""
    before = len(customers.wanted)
    faults.stop_hurting()
    deadline = time.monotonic() + MOST_EXTRA_S
    while faults.missing and time.monotonic() < deadline:
        customers.write(50, 1.0)
        staff.write(3, 0.5)
    return len(customers.wanted) - before


def _elapsed(faults: Faults) -> float:
    return time.monotonic() - faults.last_at


if __name__ == "__main__":
    sys.exit(main())

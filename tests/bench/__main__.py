"""`make bench`: every measurement of docs/performance.md, from one run."""

import argparse
import os
import platform
import sys
import tempfile
from pathlib import Path

from tests import factories
from tests.bench import draining, ingest, live, sign_in_times, starting
from tests.own_product import own_product

PARTS = {
    "durable webhooks, closed loop, 50 connections": ingest.closed,
    "open loop with the worker draining": ingest.open_with_worker,
    "one worker, full backlog": draining.backlog,
    "live: the browser beside it": live.live,
    "start of `make run`": starting.starting,
    "refused sign-ins: known and unknown address": sign_in_times.sign_in_times,
}


def main() -> int:
    """Run all parts, or those whose title holds one of the words given."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("words", nargs="*", help="run only parts with one of these in the title")
    options = parser.parse_args()
    say(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores")
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as directory,
        own_product(Path(directory)) as product,
    ):
        teams = [factories.make_team(f"Bench {number}") for number in range(2)]
        for title, part in PARTS.items():
            if not options.words or any(word in title for word in options.words):
                say(title)
                part(product, teams, say)
    return 0


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

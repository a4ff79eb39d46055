"""`python -m tests.bench.profiled`: where one worker's time goes on a full backlog."""

import subprocess
import sys
import tempfile
from pathlib import Path

from tests import factories
from tests.bench.draining import fill
from tests.own_product import ROOT, own_product

LINES = 40
PROFILE = f"""
import cProfile
import pstats
from app import log
from app.process import settle_memory
from app.services.inbound.drain import drain
log.setup()
settle_memory()
profile = cProfile.Profile()
assert profile.runcall(drain)
pstats.Stats(profile).sort_stats("tottime").print_stats({LINES})
"""


def main() -> None:
    """Print the functions that take most of the time themselves, of the draining thread."""
    with (
        tempfile.TemporaryDirectory(prefix="profile-") as directory,
        own_product(Path(directory)) as product,
    ):
        fill([factories.make_team(f"Profile {number}") for number in range(2)], 0)
        subprocess.run(
            [sys.executable, "-c", PROFILE], cwd=ROOT, env=product.environment, check=True
        )


if __name__ == "__main__":
    main()

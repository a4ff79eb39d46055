"""The product under faults: nothing lost, nothing doubled, nothing sent twice.

A longer run with other dice: python -m tests.chaos --messages 20000 --seed 42
"""

import json
import subprocess
import sys
from pathlib import Path

from tests.chaos.processes import POINT_HITS, WEB_POINTS, WORKER_POINTS
from tests.e2e.stack import ROOT

LIMIT_S = 400.0


def test_nothing_is_lost_or_doubled_while_everything_is_killed(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable, "-m", "tests.chaos", "--messages", "5000", "--replies", "500",
            "--seconds", "75", "--seed", "7", "--data-dir", str(tmp_path / "data"),
        ],
        cwd=ROOT,
        capture_output=True,
        check=False,
        timeout=LIMIT_S,
    )  # fmt: skip
    print(done.stdout.decode())
    assert done.returncode in {0, 1}, done.stderr.decode()[-4000:]
    found = json.loads(done.stdout)

    assert found["wrong"] == []
    assert found["stored"] == 5000 + found["extra_messages"]
    assert found["lost"] == found["doubled"] == found["replies_sent_twice"] == 0
    assert found["replies"] >= 500
    assert {"worker", "web", "postgres", "flush"} <= found["faults"].keys()
    assert {"429", "503", "silent", "late"} <= found["graph"].keys()
    crashes = [path.name.rsplit(".", 1)[0] for path in (tmp_path / "data/crashes").iterdir()]
    for name in (*WEB_POINTS, *WORKER_POINTS):
        assert crashes.count(name) >= POINT_HITS, name

"""From `make run` to a page that can be used: in an empty directory, and the next time."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from tests.bench.goals import against
from tests.factories import Team
from tests.own_product import ROOT, OwnProduct
from tests.subprocesses import environment, free_port

ROUNDS = 3
START_S = 60.0
STOP_S = 40.0
GOALS = {"empty": 15.0, "warm": 6.0}


def starting(
    _product: OwnProduct, _teams: list[Team], say: Callable[[str], None]
) -> dict[str, float]:
    """Best of three, each with a directory of its own; installation is not part of it."""
    best = dict.fromkeys(GOALS, START_S)
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory(prefix="start-") as directory:
            for name in GOALS:
                seconds = _start_once(Path(directory) / "data")
                best[name] = min(best[name], seconds)
                say(f"  {name:6}{seconds:5.1f} s")
    for name, goal in GOALS.items():
        say(f"  best {name:6}{best[name]:5.1f} s {against(best[name], goal, unit=' s')}")
    return {f"{name} start s": seconds for name, seconds in best.items()}


def _start_once(data_dir: Path) -> float:
    """Start, measure, stop as Ctrl-C does."""
    port = free_port()
    given = environment(DATA_DIR=str(data_dir), PORT=str(port))
    began = time.monotonic()
    process = subprocess.Popen(
        [shutil.which("make") or "make", "--silent", "run"],
        cwd=ROOT,
        env=given,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while not _is_usable(f"http://127.0.0.1:{port}/sign-in"):
            if process.poll() is not None or time.monotonic() - began > START_S:
                raise RuntimeError("make run did not bring up the product")
            time.sleep(0.05)
        return time.monotonic() - began
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(STOP_S)


def _is_usable(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False

"""Processes of a measurement and what they cost."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import psutil

from tests.own_product import ROOT, OwnProduct

START_S = 30.0


class Running:
    """A process under measurement, with its children."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.pid = process.pid

    def cpu_seconds(self) -> float:
        total = 0.0
        root = psutil.Process(self.pid)
        for one in (root, *root.children(recursive=True)):
            times = one.cpu_times()
            total += times.user + times.system
        return total

    def memory_mb(self) -> float:
        return float(psutil.Process(self.pid).memory_full_info().uss) / 1_000_000


@contextmanager
def running(product: OwnProduct, *arguments: str, is_web: bool = True) -> Iterator[Running]:
    """Run a Python process with the product's environment; a web process must be healthy first."""
    log_path = product.settings.data_dir / f"{arguments[-1].replace('/', '_')}.log"
    with log_path.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=ROOT, env=product.environment, stdout=log, stderr=log
        )
    try:
        deadline = time.monotonic() + START_S
        while is_web and not _is_healthy(product):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(log_path.read_text()[-2000:])
            time.sleep(0.05)
        yield Running(process)
    finally:
        process.terminate()
        process.wait(40)


def _is_healthy(product: OwnProduct) -> bool:
    try:
        answer = httpx.get(f"{product.settings.public_url}/healthz", trust_env=False)
    except httpx.HTTPError:
        return False
    return answer.status_code == httpx.codes.OK

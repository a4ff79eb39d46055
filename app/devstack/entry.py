"""For entry points: hold the services and point this process's settings at them."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.config import Settings, configure, settings
from app.devstack.lease import ensure_running
from app.process import die_with_parent

ROOT = Path(__file__).parents[2]
WORKER_STOP_S = 30.0


@contextmanager
def services() -> Iterator[Settings]:
    """Hold a lease for the block; what has an address of its own is left as it is.

    Raises:
        DevstackError: with a sentence that says what to do.
    """
    with ensure_running(settings()) as lease:
        yield configure(
            database_url=lease.services.database_url,
            database_owner_url=lease.services.database_owner_url,
            redis_url=lease.services.redis_url,
        )


@contextmanager
def workers(count: int) -> Iterator[None]:
    """Run so many workers beside the web process; they are stopped before the services are."""
    command = [sys.executable, str(ROOT / "worker.py")]
    running = [
        subprocess.Popen(  # noqa: S603  # ourselves
            command,
            start_new_session=True,  # Ctrl-C reaches the web process; it stops the workers in order
            preexec_fn=die_with_parent,  # noqa: PLW1509  # a killed web process leaves none behind
        )
        for _ in range(count)
    ]
    try:
        yield
    finally:
        for process in running:
            process.terminate()
        for process in running:
            try:
                process.wait(WORKER_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()

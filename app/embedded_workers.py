"""The workers that `main.py` keeps beside the web process: one that dies is started again.

A thread per worker starts it, looks at it and stops it. It must be the same thread: the kernel
counts a child's parent as dead when the thread that started it ends (`die_with_parent`).
"""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app import log
from app.process import die_with_parent

COMMAND = (sys.executable, str(Path(__file__).parents[1] / "worker.py"))
POLL_S = 0.25
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
STEADY_S = 60.0  # whoever ran for so long begins with the first pause again
STOP_S = 30.0


@contextmanager
def workers(count: int) -> Iterator[None]:
    """Keep so many workers running; they are stopped before the block's services are."""
    stopping = threading.Event()
    keepers = [
        threading.Thread(target=_keep, args=(stopping,), name="worker", daemon=True)
        for _ in range(count)
    ]
    for keeper in keepers:
        keeper.start()
    try:
        yield
    finally:
        stopping.set()
        for keeper in keepers:
            keeper.join()


def _keep(stopping: threading.Event) -> None:
    """Run one worker after another until told to stop, with growing pauses between them."""
    pause_s = FIRST_PAUSE_S
    while not stopping.is_set():
        began = time.monotonic()
        reason = _run_one(stopping)
        if stopping.is_set():
            return
        if time.monotonic() - began > STEADY_S:
            pause_s = FIRST_PAUSE_S
        log.get(__name__).warning("worker_died", reason=reason, restart_in_s=pause_s)
        stopping.wait(pause_s)
        pause_s = min(pause_s * 2, LONGEST_PAUSE_S)


def _run_one(stopping: threading.Event) -> str:
    """Start a worker and stay until it has ended, or has been stopped; return how it ended."""
    try:
        process = subprocess.Popen(  # noqa: S603  # ourselves
            COMMAND,
            start_new_session=True,  # Ctrl-C reaches the web process; it stops the workers in order
            preexec_fn=die_with_parent,  # noqa: PLW1509  # one system call, takes no lock
        )
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    while process.poll() is None and not stopping.wait(POLL_S):
        pass
    _stop(process)
    return f"exit status {process.returncode}"


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

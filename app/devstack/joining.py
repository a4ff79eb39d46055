"""How a user comes to running services: join their supervisor, or start one where there is none.

Order matters: the shared lock on `users.lock` is taken before anything else, so a supervisor that
is stopping has to finish first, and one we start cannot find itself unused.
"""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from app.devstack.errors import DevstackError, explain
from app.devstack.layout import Layout, Ready, append_log, open_lock, try_lock

POLL_S = 0.02
JOIN_LIMIT_S = 180.0
STOP_LIMIT_S = 15.0
PROJECT = Path(__file__).resolve().parents[2]


def become_user(layout: Layout) -> int:
    """Take the shared lock that keeps the services up, and return its descriptor."""
    layout.create()
    users = open_lock(layout.users_lock)
    deadline = time.monotonic() + JOIN_LIMIT_S
    while not try_lock(users, shared=True):  # refused while a supervisor is stopping
        if time.monotonic() > deadline:
            os.close(users)
            raise _late(layout)
        time.sleep(POLL_S)
    return users


def join(layout: Layout, names: Sequence[str]) -> Ready:
    """Wait until a supervisor is ready, starting one whenever there is none."""
    deadline = time.monotonic() + JOIN_LIMIT_S
    while time.monotonic() < deadline:
        start_if_none(layout, names)
        ready = layout.read_ready()
        if ready and ready.is_current:
            if missing := [name for name in names if name not in ready.ports]:
                raise DevstackError(
                    f"Another process runs the embedded services of {layout.root} without "
                    f"{missing[0]}, because it has an external one. Stop it, or use its settings."
                )
            return ready
        time.sleep(POLL_S)
    raise _late(layout)


def start_if_none(layout: Layout, names: Sequence[str]) -> bool:
    """Start a supervisor and wait until it is ready, unless there is one; raise what it reports."""
    lock = _take_supervisor_lock(layout)
    if lock is None:
        return False
    try:
        starter = _spawn(layout, names, lock)
    finally:
        os.close(lock)  # the supervisor has its own copy, and with it the lock
    with starter:
        line = _read_report(starter, layout)
    if not line:
        text = layout.supervisor_log.read_text(errors="replace")
        problem = "The supervisor of the embedded services was ended while it started. Try again."
        raise explain(problem, text, log_path=layout.supervisor_log)
    if error := json.loads(line).get("error"):
        raise DevstackError(error)
    return True


def wait_until_stopped(layout: Layout) -> None:
    """Wait for the supervisor to end, unless somebody else has begun to use the services."""
    deadline = time.monotonic() + STOP_LIMIT_S
    taken_over = 0  # in a row: another process that waits here looks like a user for a moment
    while time.monotonic() < deadline and taken_over < 3:  # noqa: PLR2004  # said above
        lock = _take_supervisor_lock(layout)
        if lock is not None:
            os.close(lock)
            return
        taken_over = taken_over + 1 if _is_used(layout) else 0
        time.sleep(POLL_S)


def _take_supervisor_lock(layout: Layout) -> int | None:
    lock = open_lock(layout.supervisor_lock)
    if try_lock(lock, shared=False):
        return lock
    os.close(lock)
    return None


def _spawn(layout: Layout, names: Sequence[str], lock: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "app.devstack.supervisor", str(layout.root)]
    with append_log(layout.supervisor_log) as log:
        return subprocess.Popen(  # noqa: S603  # our own interpreter and module
            [*command, "--lock", str(lock), *names],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=PROJECT,
            start_new_session=True,
            pass_fds=[lock],
        )


def _read_report(starter: subprocess.Popen[bytes], layout: Layout) -> bytes:
    assert starter.stdout is not None  # noqa: S101  # a pipe was asked for
    readable, _, _ = select.select([starter.stdout], [], [], JOIN_LIMIT_S)
    if not readable:
        raise _late(layout)
    return starter.stdout.readline()


def _is_used(layout: Layout) -> bool:
    """Tell whether anybody holds the users' lock shared, as opposed to a stopping supervisor."""
    probe = open_lock(layout.users_lock)
    try:
        return not try_lock(probe, shared=False) and try_lock(probe, shared=True)
    finally:
        os.close(probe)


def _late(layout: Layout) -> DevstackError:
    return DevstackError(
        f"The embedded services were not ready within {JOIN_LIMIT_S:.0f} s. The logs in "
        f"{layout.log} say what they are waiting for."
    )

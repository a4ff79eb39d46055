"""Starting, stopping and being killed: one command, nothing left behind, nothing lost."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.e2e.stack import Stack, make_stack
from tests.waiting import wait_until


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Stack]:
    stack = make_stack(tmp_path / "data")
    yield stack
    stack.end()


def processes_of(stack: Stack) -> list[psutil.Process]:
    """Return every process that works in this stack's data directory."""
    marker = str(stack.data_dir)
    found = []
    for process in psutil.process_iter(["cmdline", "environ"]):
        words = " ".join(process.info["cmdline"] or [])
        if marker in words or (process.info["environ"] or {}).get("DATA_DIR") == marker:
            found.append(process)
    return found


def wait_until_gone(stack: Stack, seconds: float) -> list[psutil.Process]:
    deadline = time.monotonic() + seconds
    while (left := processes_of(stack)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_everything_in_order(own: Stack, number: signal.Signals) -> None:
    own.start()
    print(f"empty data directory to healthy: {own.started_in_s:.1f} s")
    stopped_in_s = own.stop(number)
    print(f"stopped in {stopped_in_s:.1f} s")

    assert own.process is not None
    assert own.process.returncode == 0
    assert wait_until_gone(own, 3) == []
    assert own.unexpected_log_lines() == []


def test_a_killed_process_leaves_nothing_that_stops_the_next_start(own: Stack) -> None:
    own.start()
    shop = own.workspace("Killed")
    own.receive(shop, [("Kept", 5)], name="Ana")
    own.stop(signal.SIGKILL)
    assert wait_until_gone(own, 30) == []

    own.start()
    print(f"warm start after a kill: {own.started_in_s:.1f} s")
    assert own.cli("drain")["messages"]["inbound"] == 1
    own.stop()


def worker_of(stack: Stack) -> int | None:
    """Return the pid of the `worker.py` that the product started itself."""
    assert stack.process is not None
    for child in psutil.Process(stack.process.pid).children():
        with suppress(psutil.Error):  # it may end at this moment
            if any(word.endswith("worker.py") for word in child.cmdline()):
                return child.pid
    return None


def test_a_killed_worker_comes_back_and_works(own: Stack) -> None:
    own.start()
    shop = own.workspace("Revived")
    first = wait_until(lambda: worker_of(own))

    os.kill(first, signal.SIGKILL)
    second = wait_until(lambda: (pid := worker_of(own)) != first and pid)
    own.receive(shop, [("Still here", 5)], name="Ana")

    wait_until(lambda: own.query("SELECT count(*) FROM messages") == [(1,)], patience_s=30)
    assert '"event":"worker_died"' in own.log_path.read_text()
    os.kill(second, signal.SIGKILL)
    assert own.stop() < 10, "a worker that waits for its restart delays nobody"
    assert wait_until_gone(own, 30) == []


def test_the_command_line_starts_what_is_missing_and_stops_it_again(own: Stack) -> None:
    made = own.cli("create-user", "--email", "a@example.com", "--password", "a long enough one")
    assert set(made) == {"user_id", "workspace_id"}
    assert wait_until_gone(own, 5) == []

    again = own.cli(
        "create-user", "--email", "A@example.com", "--password", "a long enough one", expect=1
    )
    assert again["error"]["code"] == "email_taken"
    number = own.cli("connect-sandbox", "--workspace", made["workspace_id"])
    assert set(number) == {"phone_number_id", "account_id", "webhook_path"}
    assert number["webhook_path"] == f"/api/webhooks/whatsapp/{number['account_id']}"
    assert own.cli("doctor") == {"ok": True, "problems": []}
    assert own.cli("nonsense", expect=1)["error"]["code"] == "usage"

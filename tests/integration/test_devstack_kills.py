"""The embedded services, killed in every way: nothing is lost and nothing is left over."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from app.devstack import Lease, ensure_running
from app.devstack.layout import started_at
from tests.integration.devstack_users import (
    PATIENCE_S,
    answers,
    ask,
    postmaster_pid,
    read_services,
    settings_for,
    starting_supervisor_pid,
    supervisor_pid,
    valkey_pid,
    wait_until,
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="embedded services need Linux")


def test_killed_user_leaves_nothing_running(
    data_dir: Path, start_user: Callable[..., subprocess.Popen[str]]
) -> None:
    user = start_user(data_dir)
    read_services(user)
    pids = [supervisor_pid(data_dir), postmaster_pid(data_dir)]

    user.kill()

    wait_until(lambda: not any(started_at(pid) for pid in pids))


def test_starter_killed_during_start_leaves_nothing_running(
    empty: Path, start_user: Callable[..., subprocess.Popen[str]]
) -> None:
    user = start_user(empty)
    pid = starting_supervisor_pid(empty)

    user.kill()
    wait_until(lambda: not started_at(pid))

    assert (empty / "log/supervisor.log").read_text().endswith("stopped\n")
    with ensure_running(settings_for(empty)) as lease:
        assert answers(lease)


def test_supervisor_killed_during_start_is_no_obstacle(
    empty: Path, start_user: Callable[..., subprocess.Popen[str]]
) -> None:
    user = start_user(empty)
    pid = starting_supervisor_pid(empty)

    os.kill(pid, signal.SIGKILL)

    assert user.wait(PATIENCE_S) == 1
    with ensure_running(settings_for(empty)) as lease:
        assert answers(lease)
    # Its initdb may have been writing until now; what it left goes with the next start.
    with ensure_running(settings_for(empty)):
        assert not list(empty.glob("postgres.new.*"))


def test_users_of_a_killed_supervisor_get_everything_back_on_the_same_ports(
    data_dir: Path, lease: Lease
) -> None:
    ask(lease, "CREATE TABLE kept AS SELECT 42 AS answer")
    pid = supervisor_pid(data_dir)

    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not started_at(pid))

    assert supervisor_pid(data_dir) != pid
    assert ask(lease, "SELECT answer FROM kept") == (42,)


def test_start_after_supervisor_and_user_were_killed(
    data_dir: Path, start_user: Callable[..., subprocess.Popen[str]]
) -> None:
    user = start_user(data_dir)
    read_services(user)
    pid = supervisor_pid(data_dir)

    user.kill()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not started_at(pid))

    with ensure_running(settings_for(data_dir)) as lease:
        assert answers(lease)


def test_start_right_after_the_supervisor_was_killed_keeps_the_ports(data_dir: Path) -> None:
    first = ensure_running(settings_for(data_dir))
    pid = supervisor_pid(data_dir)

    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not started_at(pid))

    with first, ensure_running(settings_for(data_dir)) as second:
        assert second.services == first.services
        assert answers(first)


def test_killed_postgres_comes_back_with_its_data(data_dir: Path, lease: Lease) -> None:
    ask(lease, "CREATE TABLE kept AS SELECT 42 AS answer")
    bystander = psycopg.connect(lease.services.database_owner_url)
    pid = postmaster_pid(data_dir)

    os.kill(pid, signal.SIGKILL)
    began = time.monotonic()
    wait_until(lambda: not started_at(pid))
    wait_until(lambda: answers(lease))

    assert time.monotonic() - began < 3
    bystander.close()
    assert ask(lease, "SELECT answer FROM kept") == (42,)


def test_killed_valkey_comes_back(lease: Lease) -> None:
    pid = valkey_pid(lease)

    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not started_at(pid))
    wait_until(lambda: answers(lease))

    assert valkey_pid(lease) != pid


def test_half_made_database_is_no_obstacle(empty: Path) -> None:
    leftover = empty / "postgres.new.1"
    (leftover / "cluster/base").mkdir(parents=True)

    with ensure_running(settings_for(empty)) as lease:
        assert answers(lease)
    assert not leftover.exists()


def test_pid_file_naming_another_living_process_is_no_obstacle(data_dir: Path) -> None:
    pid_file = data_dir / "postgres/cluster/postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{pid_file.parent}\n")

    with ensure_running(settings_for(data_dir)) as lease:
        assert answers(lease)


def test_note_of_a_dead_supervisor_is_not_believed(data_dir: Path) -> None:
    note = {"supervisor_pid": os.getpid(), "supervisor_started": "1", "ports": {"valkey": 1}}
    (data_dir / "run/ready.json").write_text(json.dumps(note))

    with ensure_running(settings_for(data_dir)) as lease:
        assert answers(lease)

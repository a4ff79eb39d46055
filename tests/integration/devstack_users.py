"""Users of the embedded services, and what they can find out about them."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import redis

from app.config import Settings
from app.devstack import Lease
from app.devstack.layout import Layout

PROJECT = Path(__file__).resolve().parents[2]
PATIENCE_S = 20.0

# A user in a process of its own: leases, says what it got, and lets go when its input ends.
USER = """
import dataclasses, json, sys
from pathlib import Path
from types import SimpleNamespace
from app.devstack import ensure_running
settings = SimpleNamespace(
    data_dir=Path(sys.argv[1]), database_url="", database_owner_url="", redis_url=""
)
with ensure_running(settings) as lease:
    print(json.dumps(dataclasses.asdict(lease.services)), flush=True)
    sys.stdin.read()
"""


def settings_for(data_dir: Path, **given: str) -> Settings:
    external = {"database_url": "", "database_owner_url": "", "redis_url": "", **given}
    return Settings(_env_file=None, data_dir=data_dir, **external)


def stop_all(data_dir: Path) -> None:
    ready = Layout(data_dir).read_ready()
    if ready and ready.is_current:
        os.kill(ready.supervisor_pid, signal.SIGTERM)
        wait_until(lambda: not ready.is_current)


def wait_until(condition: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def supervisor_pid(data_dir: Path) -> int:
    wait_until(lambda: (ready := Layout(data_dir).read_ready()) and ready.is_current)
    return Layout(data_dir).read_ready().supervisor_pid


def starting_supervisor_pid(data_dir: Path) -> int:
    """Wait until a supervisor is in the middle of creating the database."""
    wait_until(lambda: list(data_dir.glob("postgres.new.*/cluster/base")))
    return int(next(data_dir.glob("postgres.new.*")).suffix[1:])


def postmaster_pid(data_dir: Path) -> int:
    return int((data_dir / "postgres/cluster/postmaster.pid").read_text().split("\n")[0])


def valkey_pid(lease: Lease) -> int:
    with redis.Redis.from_url(lease.services.redis_url) as connection:
        return int(connection.info("server")["process_id"])


def ask(lease: Lease, query: str) -> object:
    with psycopg.connect(lease.services.database_owner_url, autocommit=True) as connection:
        cursor = connection.execute(query)
        return cursor.fetchone() if cursor.description else None


def answers(lease: Lease) -> bool:
    try:
        with redis.Redis.from_url(lease.services.redis_url) as connection:
            return ask(lease, "SELECT 1") == (1,) and bool(connection.ping())
    except (psycopg.OperationalError, redis.RedisError):
        return False


def read_services(user: subprocess.Popen[str]) -> dict[str, str]:
    assert user.stdout is not None
    return json.loads(user.stdout.readline())

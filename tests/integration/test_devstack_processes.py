"""The embedded services among other processes: private, apart from their users, never root."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import redis

from app.devstack import Lease
from app.devstack.namespaces import Identity, child_setup
from tests.integration.devstack_users import (
    PATIENCE_S,
    PROJECT,
    USER,
    postmaster_pid,
    read_services,
    supervisor_pid,
    valkey_pid,
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="embedded services need Linux")

# The same, but what it waits for is a forked child that lets go; then it looks at its lock.
FORKING_USER = USER.replace(
    "    sys.stdin.read()",
    """
    import os
    from app.devstack.layout import Layout, open_lock, try_lock
    if not os.fork():
        lease.release()
        os._exit(0)
    os.wait()
    probe = open_lock(Layout(settings.data_dir).users_lock)
    print("lost" if try_lock(probe, shared=False) else "still held")
    os.close(probe)
""",
)

# Root in a machine of its own where everybody is known but user namespaces are forbidden.
WITHOUT_NAMESPACES = """
import ctypes, os, sys
ready, maps = os.pipe(), os.pipe()
child = os.fork()
if child:
    os.read(ready[0], 1)
    for name in ("uid_map", "gid_map"):
        open(f"/proc/{child}/{name}", "w").write("0 0 65536")
    os.write(maps[1], b".")
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
assert ctypes.CDLL(None).unshare(0x10000000) == 0
os.write(ready[1], b".")
os.read(maps[0], 1)
open("/proc/sys/user/max_user_namespaces", "w").write("0")
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


def test_wrong_password_is_refused(lease: Lease) -> None:
    for password in ("wrong", ""):
        database_url = lease.services.database_owner_url.split("@")[1]
        redis_url = lease.services.redis_url.split("@")[1]

        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(f"postgresql://owner:{password}@{database_url}")
        with (
            redis.Redis.from_url(f"redis://:{password}@{redis_url}") as connection,
            pytest.raises(redis.AuthenticationError),
        ):
            connection.ping()


def test_files_are_private_and_command_lines_hold_no_password(data_dir: Path, lease: Lease) -> None:
    secrets = [
        url.split("@")[0].rsplit(":", 1)[1]
        for url in (lease.services.database_owner_url, lease.services.redis_url)
    ]

    for path in (data_dir / "run", data_dir / "log", *data_dir.glob("*/*")):
        expected = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == expected, path
    for pid in (supervisor_pid(data_dir), postmaster_pid(data_dir), valkey_pid(lease)):
        command_line = Path(f"/proc/{pid}/cmdline").read_text()
        assert not any(secret in command_line for secret in secrets)


def test_servers_stand_apart_from_their_users(data_dir: Path, lease: Lease) -> None:
    for pid in (supervisor_pid(data_dir), postmaster_pid(data_dir), valkey_pid(lease)):
        assert os.getsid(pid) != os.getsid(0)
    for pid in (postmaster_pid(data_dir), valkey_pid(lease)):
        targets = [entry.readlink() for entry in Path(f"/proc/{pid}/fd").iterdir()]
        assert not [target for target in targets if target.suffix == ".lock"]


def test_forked_child_does_not_release_for_its_parent(data_dir: Path) -> None:
    user = subprocess.run(
        [sys.executable, "-c", FORKING_USER, str(data_dir)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_S,
    )

    assert user.stdout.splitlines()[1] == "still held"


@pytest.mark.skipif(os.geteuid() != 0, reason="every other test already runs as ordinary user")
def test_ordinary_user_can_start_everything(
    tmp_path: Path, start_user: Callable[..., subprocess.Popen[str]]
) -> None:
    user = start_user(tmp_path / "var", preexec_fn=child_setup(Identity.NAMESPACE))

    assert read_services(user)["redis_url"]
    user.communicate()
    assert user.returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another identity")
def test_root_without_namespaces_falls_back_to_nobody(
    start_user: Callable[..., subprocess.Popen[str]],
) -> None:
    data_dir = Path(tempfile.mkdtemp(prefix="devstack-"))  # tmp_path is closed to nobody
    try:
        user = start_user(data_dir, "-c", WITHOUT_NAMESPACES)
        services = read_services(user)
        owner = Path(f"/proc/{postmaster_pid(data_dir)}").stat().st_uid

        assert owner == (data_dir / "postgres/cluster").stat().st_uid != 0
        with psycopg.connect(services["database_owner_url"]) as connection:
            connection.execute("SELECT 1")
        user.communicate()
        assert user.returncode == 0
    finally:
        shutil.rmtree(data_dir)

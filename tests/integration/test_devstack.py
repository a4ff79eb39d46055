"""The embedded services as their users see them: real processes, started and stopped."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from app.devstack import DevstackError, diagnose, ensure_running
from app.devstack.layout import Layout, started_at
from app.devstack.service import PORTS
from tests.integration.devstack_users import (
    answers,
    ask,
    postmaster_pid,
    read_services,
    settings_for,
    supervisor_pid,
    valkey_pid,
    wait_until,
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="embedded services need Linux")


def test_empty_directory_becomes_running_services(empty: Path) -> None:
    with ensure_running(settings_for(empty)) as lease:
        ask(lease, "CREATE ROLE app_login LOGIN")
        ask(lease, "CREATE EXTENSION pg_trgm")
        role = ask(
            lease, "SELECT rolcreaterole, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = user"
        )
        database = ask(
            lease,
            "SELECT pg_encoding_to_char(encoding), datcollate, datdba::regrole::text, "
            "current_setting('timezone') FROM pg_database WHERE datname = current_database()",
        )
        with redis.Redis.from_url(lease.services.redis_url) as connection:
            policy = connection.config_get("maxmemory-policy")

        assert role == (True, False, False)
        assert database == ("UTF8", "C.UTF-8", "owner", "UTC")
        assert policy == {"maxmemory-policy": "noeviction"}
        assert lease.services.database_url.startswith("postgresql://app_login:")
        assert set(Layout(empty).read_ready().ports.values()) <= set(PORTS)


def test_second_start_keeps_all_data(data_dir: Path) -> None:
    with ensure_running(settings_for(data_dir)) as lease:
        ask(lease, "CREATE TABLE kept AS SELECT 42 AS answer")
        with redis.Redis.from_url(lease.services.redis_url) as connection:
            connection.set("kept", "42")

    with ensure_running(settings_for(data_dir)) as lease:
        with redis.Redis.from_url(lease.services.redis_url) as connection:
            assert connection.get("kept") == b"42"
        assert ask(lease, "SELECT answer FROM kept") == (42,)


def test_services_stop_with_the_last_user_only(data_dir: Path) -> None:
    first = ensure_running(settings_for(data_dir))
    second = ensure_running(settings_for(data_dir))
    pids = [supervisor_pid(data_dir), postmaster_pid(data_dir), valkey_pid(first)]

    first.release()
    assert first.services == second.services
    assert answers(second)

    second.release()
    assert [started_at(pid) for pid in pids] == ["", "", ""]
    assert not Layout(data_dir).ready_file.exists()
    assert not (data_dir / "postgres/cluster/postmaster.pid").exists()


def test_release_without_waiting_returns_at_once(data_dir: Path) -> None:
    lease = ensure_running(settings_for(data_dir))
    pid = supervisor_pid(data_dir)

    lease.release(wait=False)
    lease.release()

    assert started_at(pid)
    wait_until(lambda: not started_at(pid))


def test_user_who_comes_while_services_stop_gets_them_again(data_dir: Path) -> None:
    ensure_running(settings_for(data_dir)).release(wait=False)
    wait_until(lambda: not Layout(data_dir).ready_file.exists())

    with ensure_running(settings_for(data_dir)) as lease:
        assert answers(lease)


def test_concurrent_starters_get_one_supervisor(
    empty: Path, start_user: Callable[..., subprocess.Popen[str]]
) -> None:
    users = [start_user(empty) for _ in range(4)]

    services = [read_services(user) for user in users]

    assert all(one == services[0] for one in services)
    assert (empty / "log/supervisor.log").read_text().count("INFO ready") == 1


def test_only_what_has_no_address_is_started(empty: Path) -> None:
    database_url = "postgresql://elsewhere/app"
    with ensure_running(settings_for(empty, database_url=database_url)) as lease:
        assert lease.services.database_url == database_url
        assert valkey_pid(lease)
        assert not (empty / "postgres").exists()

        with pytest.raises(DevstackError, match="without postgres"):
            ensure_running(settings_for(empty))


def test_nothing_is_started_where_everything_is_external(empty: Path) -> None:
    given = {"database_url": "postgresql://a/b", "redis_url": "redis://c"}

    with ensure_running(settings_for(empty, **given)) as lease:
        assert lease.services.redis_url == "redis://c"
    assert not empty.exists()
    assert diagnose(settings_for(empty, **given)) == []


def test_database_of_another_major_version_is_refused(data_dir: Path) -> None:
    (data_dir / "postgres/cluster/PG_VERSION").write_text("17\n")

    with pytest.raises(DevstackError, match=r"is of PostgreSQL 17, but .* is 18\."):
        ensure_running(settings_for(data_dir))
    assert "PostgreSQL 17" in diagnose(settings_for(data_dir))[0]


def test_failed_start_says_what_the_server_said(data_dir: Path) -> None:
    (data_dir / "postgres/cluster/global/pg_control").unlink()

    with pytest.raises(DevstackError, match="PostgreSQL did not start") as caught:
        ensure_running(settings_for(data_dir))
    assert "pg_control" in str(caught.value)
    assert not Layout(data_dir).ready_file.exists()


def test_directory_that_cannot_be_used_is_explained(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")

    with pytest.raises(DevstackError, match="cannot be used"):
        ensure_running(settings_for(blocked / "var"))


def test_doctor_finds_nothing_on_a_working_machine(empty: Path) -> None:
    assert diagnose(settings_for(empty)) == []
    assert not empty.exists()

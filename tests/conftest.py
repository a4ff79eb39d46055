"""The harness: one PostgreSQL and one Valkey for the whole run, one database per xdist worker.

A migrated template database is made once and copied for every worker; tests really commit, and
`database` empties everything before each test. Unit tests do not ask for it and touch nothing.
`TEST_DATABASE_URL`, `TEST_DATABASE_OWNER_URL` and `TEST_REDIS_URL` (or the same without `TEST_`)
name external services to use instead of the embedded ones.
"""

import fcntl
import ipaddress
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import hypothesis
import psycopg
import pytest
from psycopg import sql
from psycopg.errors import ObjectInUse
from sqlalchemy.engine import make_url
from sqlmodel import SQLModel

from app import clock, config, db, log, queue, web
from app.config import Settings, configure
from app.db import DbRole
from app.devstack import ensure_running
from app.services import rate_limits, schema
from tests import factories
from tests.factories import Clock, Team

ADDRESSES = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "FTP_PROXY")
KEPT_TABLES = frozenset({"plans", "alembic_version"})
RUN_DIR = "TEST_RUN_DIR"
MOST_WORKERS = 15
DROP_ATTEMPTS, DROP_PAUSE_S = 50, 0.2

# The same examples in every run, on a machine as slow as it likes to be.
hypothesis.settings.register_profile("tests", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("tests")


def pytest_configure(config: pytest.Config) -> None:
    """Make this process's environment the tests' own, before anything reads it.

    xdist's workers inherit the directory of the run from the process that starts them.
    """
    is_worker = hasattr(config, "workerinput")
    if not is_worker:
        os.environ[RUN_DIR] = tempfile.mkdtemp(prefix="inbox-tests-")
    for name in ADDRESSES:  # under another name, so that `Settings()` in a test is the default
        if value := os.environ.pop(name, ""):
            os.environ[f"TEST_{name}"] = value
    for name in (*PROXIES, *map(str.lower, PROXIES), *map(str.upper, Settings.model_fields)):
        os.environ.pop(name, None)
    os.environ["ENVIRONMENT"] = "development"
    os.environ["DATA_DIR"] = os.environ[RUN_DIR]
    Settings.model_config["env_file"] = None  # a developer's .env is none of the tests' business


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest file, so that no worker is left alone with it at the end."""
    items.sort(key=lambda item: "test_chaos" not in item.nodeid)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the directory of the run; its services have stopped with their last user."""
    if not hasattr(config, "workerinput") and (run_dir := os.environ.pop(RUN_DIR, "")):
        shutil.rmtree(run_dir, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def socket_guard() -> Iterator[None]:
    """Let nothing connect to, or look up, anything that is not this machine."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
        patch.setattr(socket, "getaddrinfo", _guarded_lookup(socket.getaddrinfo))
        yield


@pytest.fixture(scope="session", autouse=True)
def own_log() -> None:
    """Log as in production: structlog's default prints locals, which takes minutes at times."""
    log.setup()


@pytest.fixture(autouse=True)
def own_settings() -> Iterator[None]:
    """Undo whatever a test does to the settings of the process."""
    before = config.settings()
    yield
    config._current = before


@pytest.fixture(scope="session")
def services(worker_name: str) -> Iterator[None]:
    """Point the settings at this worker's own database and Redis number, services included."""
    given = {name.lower(): os.environ.get(f"TEST_{name}", "") for name in ADDRESSES}
    with ensure_running(config.settings().model_copy(update=given)) as lease:
        found = lease.services
        configure(database_url=found.database_url, database_owner_url=found.database_owner_url)
        configure(redis_url=_redis_url(found.redis_url, worker_name))
        _use_database(_copy_of_template(f"test_{worker_name}"))
        yield
        for role in DbRole:
            db.engine(role).dispose()
        db.dispose()
        queue.connection().close()


@pytest.fixture(scope="session")
def worker_name() -> str:
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture
def database(services: None) -> None:
    """Give the test an empty database, an empty Redis and empty caches."""
    _truncate()
    queue.connection().flushdb()
    forget_everything()


@pytest.fixture
def frozen_clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Stop `app.clock.utc_now`; `move` it by hand. PostgreSQL's own now() goes on."""
    frozen = Clock(clock.utc_now())
    monkeypatch.setattr(clock, "dt", frozen.module)
    return frozen


@pytest.fixture
def acme(database: None) -> Team:
    """The workspace that tests work in: a number and a member of each role."""
    return factories.make_team("Acme")


@pytest.fixture
def rival(database: None) -> Team:
    """Another workspace with everything that acme has; nothing of it may be seen or touched."""
    return factories.make_team("Rival")


@pytest.fixture
def owner(acme: Team) -> Any:
    return acme.owner


@pytest.fixture
def admin(acme: Team) -> Any:
    return acme.admin


@pytest.fixture
def agent(acme: Team) -> Any:
    return acme.agent


@pytest.fixture
def viewer(acme: Team) -> Any:
    return acme.viewer


@pytest.fixture
def rival_owner(rival: Team) -> Any:
    return rival.owner


def forget_everything() -> None:
    """Clear what the process remembers of the database."""
    web.forget_sessions()
    rate_limits.forget_all()


def _truncate() -> None:
    names = [t.name for t in SQLModel.metadata.sorted_tables if t.name not in KEPT_TABLES]
    with db.engine(DbRole.OWNER).begin() as connection:
        any_row = " OR ".join(f"EXISTS (SELECT FROM {name})" for name in names)
        if connection.exec_driver_sql(f"SELECT {any_row}").scalar_one():
            tables = ", ".join(names)
            connection.exec_driver_sql(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")


def _redis_url(address: str, worker_name: str) -> str:
    """Give every worker a number of its own; a server has sixteen, 0 is left alone."""
    number = int(worker_name.removeprefix("gw")) + 2 if worker_name.startswith("gw") else 1
    if number > MOST_WORKERS:
        raise pytest.UsageError(f"At most {MOST_WORKERS - 1} workers can share one Redis.")
    return urlsplit(address)._replace(path=f"/{number}").geturl()


def _use_database(name: str) -> None:
    current = config.settings()
    configure(
        **{
            field: make_url(getattr(current, field))
            .set(database=name)
            .render_as_string(hide_password=False)
            for field in ("database_url", "database_owner_url")
        }
    )


def _copy_of_template(name: str) -> str:
    """Return the name of a fresh copy of the migrated template, which the first worker makes."""
    maintenance = config.settings().database_owner_url
    template = "test_template"
    with _lock("template"):
        ready = Path(os.environ[RUN_DIR]) / "template.ready"
        if not ready.exists():
            _create_database(maintenance, template)
            before = config.settings()
            _use_database(template)
            schema.migrate()
            db.engine(DbRole.OWNER).dispose()
            db.dispose()
            config._current = before
            ready.touch()
        _create_database(maintenance, name, template=template)
    return name


def _create_database(maintenance: str, name: str, *, template: str = "template1") -> None:
    with psycopg.connect(maintenance, autocommit=True) as connection:
        target, source = sql.Identifier(name), sql.Identifier(template)
        _drop_database(connection, target)
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(target, source))
        # Commits are as visible as ever; they only do not wait for the disk.
        connection.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(target))


def _drop_database(connection: psycopg.Connection[Any], name: sql.Identifier) -> None:
    """Drop a database that nobody uses any more.

    FORCE would fail where autovacuum looks into it, whose process is not ours to end; it goes by
    itself, and so do backends whose client was killed.
    """
    for attempt in range(DROP_ATTEMPTS):
        try:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(name))
        except ObjectInUse:
            if attempt == DROP_ATTEMPTS - 1:
                raise
            time.sleep(DROP_PAUSE_S)
        else:
            return


@contextmanager
def _lock(name: str) -> Iterator[None]:
    with (Path(os.environ[RUN_DIR]) / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _guarded(connect: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family in {socket.AF_INET, socket.AF_INET6} and not _is_here(address[0]):
            raise RuntimeError(f"A test tried to connect to {address[0]}.")
        return connect(self, address)

    return guarded


def _guarded_lookup(look_up: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(host: Any, *args: Any, **kwargs: Any) -> Any:
        if not _is_here(host):
            raise RuntimeError(f"A test tried to look up {host}.")
        return look_up(host, *args, **kwargs)

    return guarded


def _is_here(host: Any) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in {None, "", "localhost", socket.gethostname()}:
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified

"""Every integration test has the database to itself, empty.

Here are the fixtures of subjects whose tests are in several files, too.
"""

import asyncio
import random
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.requests import Request

from app.config import Settings, settings
from app.devstack import Lease, ensure_running
from app.sandbox import create_sandbox
from app.services.whatsapp import client
from tests.factories import Team
from tests.integration.devstack_users import PROJECT, USER, settings_for, stop_all
from tests.integration.outbox_line import (
    GRAPH_TIMINGS,
    Graph,
    Line,
    close_client,
    keep_webhook,
    make_line,
)
from tests.integration.running_sandbox import QUICK, Receiver, Sandbox, until, viewer
from tests.waiting import wait_until


@pytest.fixture(autouse=True)
def _clean(database: None) -> None:
    """Empty everything before each test."""


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graph]:
    config = settings().model_copy(update={"data_dir": tmp_path_factory.mktemp("sandbox")})

    async def nobody(_: Request) -> None:
        return None

    app = create_sandbox(config, viewer=nobody, timings=GRAPH_TIMINGS, rng=random.Random(7))
    app.add_route("/hook/{account}/{secret}", keep_webhook, methods=["POST"])
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None))
    sandbox = app.state.sandbox

    async def serve() -> None:
        await sandbox.start()
        try:
            await server.serve(sockets=[listener])
        finally:
            await sandbox.stop()

    def run() -> None:
        asyncio.run(serve())

    thread = threading.Thread(target=run, name="sandbox")
    thread.start()
    wait_until(lambda: server.started)
    yield Graph(app, sandbox.store, listener.getsockname()[1])
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def line(graph: Graph, acme: Team, rival: Team) -> Iterator[Line]:
    graph.fail(None)
    client._http()
    yield make_line(graph, acme)
    close_client()


@pytest.fixture
def requests(line: Line) -> Iterator[list[httpx.Request]]:
    """Return what leaves the product's own client from here on."""
    seen: list[httpx.Request] = []
    client._http().event_hooks = {"request": [seen.append]}
    yield seen
    client._http().event_hooks = {}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def sandbox_settings(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, data_dir=tmp_path, secret_keys=("k" * 40,))


@pytest.fixture
async def sandbox(sandbox_settings: Settings, receiver: Receiver) -> AsyncIterator[Sandbox]:
    app = create_sandbox(sandbox_settings, viewer=viewer, timings=QUICK)
    await app.state.sandbox.start()
    running = Sandbox(app, sandbox_settings, receiver)
    yield running
    await running.http.aclose()
    await app.state.sandbox.stop()


@pytest.fixture
async def ana(sandbox: Sandbox) -> int:
    """Return a customer whose first message has arrived, so the window is open."""
    customer = await sandbox.add_ana()
    await sandbox.say("Hi", customer)
    await until(lambda: sandbox.receiver.posts)
    sandbox.receiver.posts.clear()
    return customer


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory that was used once and is not running."""
    data_dir = tmp_path_factory.mktemp("prepared") / "var"
    ensure_running(settings_for(data_dir)).release()
    return data_dir


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Path]:
    data_dir = tmp_path / "var"
    yield data_dir
    stop_all(data_dir)


@pytest.fixture
def data_dir(prepared: Path, tmp_path: Path) -> Iterator[Path]:
    copy = tmp_path / "var"
    shutil.copytree(prepared, copy)
    yield copy
    stop_all(copy)


@pytest.fixture
def lease(data_dir: Path) -> Iterator[Lease]:
    with ensure_running(settings_for(data_dir)) as lease:
        yield lease


@pytest.fixture
def start_user() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    users: list[subprocess.Popen[str]] = []

    def start(data_dir: Path, *wrapper: str, **options: object) -> subprocess.Popen[str]:
        user = subprocess.Popen(
            [sys.executable, *wrapper, "-c", USER, str(data_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=PROJECT,
            **options,
        )
        users.append(user)
        return user

    yield start
    for user in users:
        if user.poll() is None:
            user.kill()
        user.communicate()

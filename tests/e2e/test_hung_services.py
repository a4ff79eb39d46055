"""Services that are neither there nor away: a frozen database, a frozen Redis."""

import signal
import time
from collections.abc import Iterator
from contextlib import suppress

import httpx
import psutil
import pytest

from tests.e2e.stack import META_WAITS_S, Stack, Workspace, make_stack

PROBE_WAITS_S = 4.0


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = make_stack(tmp_path_factory.mktemp("hung") / "data")
    stack.start()
    yield stack
    stack.stop()


@pytest.fixture(scope="module")
def shop(own: Stack) -> Workspace:
    return own.workspace("Hung Shop")


@pytest.fixture
def frozen(own: Stack) -> Iterator[list[psutil.Process]]:
    """Processes to freeze; they go on at the end whatever happens."""
    found: list[psutil.Process] = []
    yield found
    thaw(found)


def thaw(processes: list[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.resume()


def freeze(own: Stack, frozen: list[psutil.Process], name: str) -> None:
    """Freeze every process of a service that works in this stack's data directory."""
    marker = str(own.data_dir)
    servers = [
        process
        for process in psutil.process_iter(["name", "cmdline", "cwd"])
        if name in process.info["name"]
        and (marker in " ".join(process.info["cmdline"] or []) or marker in process.info["cwd"])
    ]
    assert servers
    for server in servers:
        with suppress(psutil.NoSuchProcess):  # a child of the server that has just ended
            for process in (server, *server.children(recursive=True)):
                process.send_signal(signal.SIGSTOP)
                frozen.append(process)


def post(own: Stack, shop: Workspace, text: str) -> tuple[int, float]:
    began = time.monotonic()
    try:
        own.receive(shop, [(text, 1)], name=text)
        status = 200
    except AssertionError:
        status = 503
    return status, time.monotonic() - began


def ask_readiness(own: Stack) -> tuple[httpx.Response, float]:
    began = time.monotonic()
    answer = httpx.get(own.base_url + "/readyz", trust_env=False, timeout=META_WAITS_S)
    return answer, time.monotonic() - began


def stored(own: Stack) -> int:
    return int(own.cli("drain")["messages"]["inbound"])


def test_frozen_database_is_answered_503_in_time_and_then_it_works_again(
    own: Stack, shop: Workspace, frozen: list[psutil.Process]
):
    assert post(own, shop, "before")[0] == 200
    freeze(own, frozen, "postgres")

    answers = [post(own, shop, f"frozen {n}") for n in range(3)]
    readiness, ready_s = ask_readiness(own)
    health = httpx.get(own.base_url + "/healthz", trust_env=False, timeout=1.0)
    print(f"503 after {[round(seconds, 1) for _, seconds in answers]} s, readiness {ready_s:.1f} s")
    thaw(frozen)

    assert {status for status, _ in answers} == {503}
    assert max(seconds for _, seconds in answers) < META_WAITS_S
    assert (readiness.status_code, health.status_code) == (503, 200)
    assert readiness.json()["database"] is False
    assert ready_s < PROBE_WAITS_S
    assert post(own, shop, "after")[0] == 200
    # What was refused may have been stored all the same: then it comes again and is still once.
    assert stored(own) >= 2


def test_frozen_redis_delays_no_webhook(own: Stack, shop: Workspace, frozen: list[psutil.Process]):
    before = stored(own)
    freeze(own, frozen, "valkey")

    answers = [post(own, shop, f"without a bell {n}") for n in range(5)]
    readiness, ready_s = ask_readiness(own)
    print(f"200 after {[round(seconds, 3) for _, seconds in answers]} s")
    thaw(frozen)

    assert {status for status, _ in answers} == {200}
    assert max(seconds for _, seconds in answers) < 1.0
    assert (readiness.status_code, readiness.json()["redis"]) == (503, False)
    assert readiness.json()["database"] is True
    assert ready_s < PROBE_WAITS_S
    assert stored(own) == before + 5

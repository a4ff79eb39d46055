"""The product's processes beside the services, started again when they die, and the faults."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress

import psutil
import redis

from app import crash
from tests.own_product import ROOT, OwnProduct

WEB_POINTS = ("intake.received", "intake.committed", "ring.promised", "message.queued")
WORKER_POINTS = (
    "drain.marked", "drain.applied", "drain.committed",
    "outbox.claimed", "outbox.transmitted", "outbox.recorded",
)  # fmt: skip
# One round of faults: every kind comes, however few rounds a slow machine gets through.
KINDS = (
    *["worker"] * 3, *["web"] * 2, *["child of worker"] * 4,
    *["postgres"] * 2, *["flush"] * 2, "redis",
)  # fmt: skip
POINT_HITS = 3
RESTART_S = 0.2
# PostgreSQL comes up between two of its deaths, or its supervisor's pauses, and with them the
# outage, would grow for as long as the round has nothing else left to kill.
UP_S = 4.0


class Process:
    """One of the product's processes; each start arms the next crash point that needs a hit."""

    def __init__(self, script: str, product: OwnProduct, points: tuple[str, ...]) -> None:
        self.points = points
        self.starts = 0
        self._script = script
        self._config = product.settings
        self._environment = product.environment
        self._process: subprocess.Popen[bytes] | None = None
        self._armed = ""

    @property
    def missing(self) -> list[str]:
        """The crash points that were not hit often enough yet."""
        return [name for name in self.points if crash.hits(self._config, name) < POINT_HITS]

    @property
    def is_spent(self) -> bool:
        """Whether the armed point was hit, so that a new start should arm the next."""
        return bool(self._armed) and self._armed.split("*")[1] == str(
            crash.hits(self._config, self._armed.split("*")[0])
        )

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, *, armed: bool = True) -> None:
        missing = self.missing if armed else []
        self._armed = ""
        if missing:
            name = missing[self.starts % len(missing)]
            self._armed = f"{name}*{crash.hits(self._config, name) + 1}"
        self.starts += 1
        with (self._config.data_dir / f"{self._script}.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, self._script],
                cwd=ROOT,
                env={**self._environment, "CRASH_POINT": self._armed},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def kill_a_child(self, dice: random.Random) -> bool:
        """Kill one process below this one; False when there is none."""
        if self._process is None:
            return False
        with suppress(psutil.NoSuchProcess):
            children = psutil.Process(self._process.pid).children(recursive=True)
            if children:
                dice.choice(children).kill()
                return True
        return False

    def stop(self) -> None:
        if self.is_alive and self._process is not None:
            self._process.terminate()
            self._process.wait(40)


class Faults:
    """Kills something every second or three, and starts again what died."""

    def __init__(self, product: OwnProduct, processes: dict[str, Process], seed: int) -> None:
        self.counts: Counter[str] = Counter()
        self.last_at = time.monotonic()
        self._config = product.settings
        self._lease = product.lease
        self._processes = processes
        self._dice = random.Random(seed)
        self._is_over = threading.Event()
        self._only_crash_points = False
        self._threads = [
            threading.Thread(target=self._hurt, daemon=True),
            threading.Thread(target=self._nurse, daemon=True),
        ]

    @property
    def missing(self) -> list[str]:
        return [name for process in self._processes.values() for name in process.missing]

    @property
    def too_few(self) -> list[str]:
        """The kinds of faults that never came."""
        return [kind for kind in dict.fromkeys(KINDS) if not self.counts[kind]]

    def start(self) -> None:
        for process in self._processes.values():
            process.start()
        for thread in self._threads:
            thread.start()

    def stop_hurting(self) -> None:
        """From now on only the named crash points, each as soon as a process runs again."""
        self._only_crash_points = True

    def end(self) -> None:
        """No more faults; leave everything running, with no crash point armed."""
        self._is_over.set()
        for thread in self._threads:
            thread.join()
        for process in self._processes.values():
            process.kill()
            process.start(armed=False)
        self.last_at = time.monotonic()

    def _nurse(self) -> None:
        while not self._is_over.wait(RESTART_S):
            for name, process in self._processes.items():
                if process.is_spent and process.is_alive:
                    process.kill()
                if not process.is_alive:
                    self.counts[f"{name} died"] += 1
                    process.start()

    def _hurt(self) -> None:
        deck: list[str] = []
        while not self._is_over.wait(self._dice.uniform(1, 3)):
            deck = deck or self._dice.sample(KINDS, len(KINDS))
            if self._only_crash_points:
                continue
            kind = deck.pop()
            if self._do(kind):
                self.counts[kind] += 1
            else:  # its victim was away at that moment: later in the same round
                deck.insert(0, kind)

    def _do(self, kind: str) -> bool:
        match kind:
            case "child of worker":
                return self._processes["worker"].kill_a_child(self._dice)
            case "postgres":  # as pg_ctl -m immediate does; its supervisor starts it again
                return self._kill_postmaster()
            case "flush" | "redis":
                with suppress(redis.RedisError):
                    client = redis.Redis.from_url(self._lease.services.redis_url, socket_timeout=1)
                    if kind == "flush":
                        client.flushall()
                    else:
                        os.kill(int(client.info("server")["process_id"]), signal.SIGKILL)
                    return True
                return False
            case _:
                self._processes[kind].kill()
                return True

    def _kill_postmaster(self) -> bool:
        with suppress(OSError, ValueError, psutil.NoSuchProcess):
            path = self._config.data_dir / "postgres/cluster/postmaster.pid"
            pid = int(path.read_text().split("\n")[0])
            if time.time() - psutil.Process(pid).create_time() > UP_S:
                os.kill(pid, signal.SIGQUIT)
                return True
        return False

"""One server process of the supervisor: started, known to be ready, restarted, stopped.

A server is recognised by its working directory, which is its data directory: that finds one left
behind by a killed supervisor, and is not fooled by a pid that now belongs to somebody else.
"""

import contextlib
import logging
import os
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from app.devstack.errors import DevstackError, explain
from app.devstack.layout import Layout, append_log
from app.devstack.namespaces import ENVIRONMENT, Identity, child_setup

LOOPBACK = "127.0.0.1"
# Below 32768, where the kernel picks no ports for outgoing connections: no accidental collision.
PORTS = range(20000, 32000)
STEADY_S = 60.0
LONGEST_PAUSE_S = 5.0  # nothing works meanwhile
ORPHAN_PATIENCE_S = 3.0
ORPHAN_LIMIT_S = 20.0

logger = logging.getLogger(__name__)


class Service(ABC):
    """A server that should be running; `tick` makes it so after a death."""

    name: str
    title: str
    # Signals to stop it, each with the seconds it gets to comply.
    stop_steps: Sequence[tuple[signal.Signals, float]]

    def __init__(self, layout: Layout, program: Path, *, preferred_port: int | None) -> None:
        self.layout = layout
        self.program = program
        self.port = 0
        self._preferred_port = preferred_port
        self.identity = Identity.SELF
        self.process: subprocess.Popen[bytes] | None = None
        self._spawned_at = 0.0
        self._retry_at: float | None = None
        self._deaths = 0

    @property
    @abstractmethod
    def home(self) -> Path:
        """The data directory, which is the server's working directory."""

    @abstractmethod
    def prepare(self) -> None:
        """Make the data directory fit to start on; may be repeated after a kill at any point."""

    @abstractmethod
    def command(self) -> list[str]:
        """Return the command line; nothing secret on it."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Tell whether the process that was spawned last answers."""

    @abstractmethod
    def addresses(self) -> dict[str, str]:
        """Return this service's addresses under their names in `Ready`."""

    @property
    def log_path(self) -> Path:
        return self.layout.log / f"{self.name}.log"

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def is_restarting(self) -> bool:
        return self._retry_at is not None

    def choose_port(self) -> None:
        """Settle on the preferred port or a free one; after `prepare`, when no orphan has it."""
        self.port = free_port(self._preferred_port)
        self._preferred_port = None

    def spawn(self) -> None:
        """Start the process without waiting for it to be ready."""
        self._spawned_at = time.monotonic()
        try:
            with append_log(self.log_path) as log:
                self.process = subprocess.Popen(  # noqa: S603  # our own binaries
                    self.command(),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd=self.home,
                    env=ENVIRONMENT,
                    start_new_session=True,
                    preexec_fn=child_setup(self.identity),  # noqa: PLW1509  # we have one thread
                )
        except (OSError, subprocess.SubprocessError) as error:
            problem = f"{self.title} could not be started."
            raise explain(problem, str(error)) from error

    def tick(self) -> None:
        """Restart the process if it died: the first time at once, then after growing pauses."""
        if self.is_alive:
            return
        now = time.monotonic()
        if self._retry_at is None:
            self._deaths = 0 if now - self._spawned_at > STEADY_S else self._deaths
            pause_s = min(0.25 * 2**self._deaths, LONGEST_PAUSE_S) if self._deaths else 0.0
            self._deaths += 1
            self._retry_at = now + pause_s
            logger.warning("%s ended unexpectedly, restart in %.1f s", self.title, pause_s)
        if now < self._retry_at:
            return
        # Backends outlive a killed postmaster for a moment; starting beside them is refused.
        if pids := self.processes():
            if now > self._retry_at + ORPHAN_PATIENCE_S:
                signal_all(pids, signal.SIGQUIT)
        else:
            self._retry_at = None
            try:
                self.spawn()
            except DevstackError:
                logger.exception("%s could not be started", self.title)

    def stop(self) -> None:
        """Stop the process, more firmly step by step."""
        if self.process is None:
            return
        for number, patience_s in self.stop_steps:
            if not self.is_alive:
                break
            self.process.send_signal(number)
            try:
                self.process.wait(patience_s)
            except subprocess.TimeoutExpired:
                logger.warning("%s ignored %s for %.0f s", self.title, number.name, patience_s)

    def processes(self) -> list[int]:
        """Return the pids of all processes of this server on this data directory."""
        try:
            home = self.home.stat()
        except FileNotFoundError:
            return []
        return [
            int(entry.name)
            for entry in Path("/proc").iterdir()
            if entry.name.isdigit() and _works_in(entry, home, self.program.name)
        ]

    def wait_for_orphans(self) -> None:
        """Wait until processes of a killed supervisor are gone; they were told to stop by it."""
        began = time.monotonic()
        has_asked = False
        while pids := self.processes():
            waited_s = time.monotonic() - began
            if waited_s > ORPHAN_LIMIT_S:
                raise DevstackError(
                    f"{self.title} still runs on {self.home} as process {pids[0]} and does not "
                    "stop. Stop that process and start again."
                )
            if waited_s > ORPHAN_PATIENCE_S and not has_asked:
                has_asked = True
                signal_all(pids, signal.SIGINT)
            time.sleep(0.02)

    def failure(self) -> DevstackError:
        """Describe why the process ended, from the end of its log."""
        try:
            log = self.log_path.read_text(errors="replace")
        except OSError:
            log = ""
        return explain(f"{self.title} did not start.", log, log_path=self.log_path)


def free_port(preferred: int | None = None) -> int:
    """Return a port nobody listens on: the preferred one if possible, else one by chance."""
    first = int.from_bytes(os.urandom(4), "big")
    candidates = [PORTS[(first + step) % len(PORTS)] for step in range(len(PORTS))]
    if preferred is not None and preferred in PORTS:
        candidates.insert(0, preferred)
    for port in candidates:
        if is_free(port):
            return port
    raise DevstackError(
        f"Every port from {PORTS.start} to {PORTS.stop - 1} is taken. Stop some programs and "
        "start again."
    )


def is_free(port: int) -> bool:
    """Tell whether a server could listen on a port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def signal_all(pids: Sequence[int], number: signal.Signals) -> None:
    """Send a signal to each process that is still there."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _works_in(entry: Path, home: os.stat_result, program: str) -> bool:
    try:
        cwd = (entry / "cwd").stat()
        # The kernel appends " (deleted)" when the wheel was replaced under a running server.
        executable = Path((entry / "exe").readlink()).name.removesuffix(" (deleted)")
    except OSError:
        return False
    return os.path.samestat(cwd, home) and executable == program

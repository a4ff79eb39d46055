"""For entry points: hold the services and point this process's settings at them."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.config import Settings, configure, settings
from app.devstack.lease import ensure_running


@contextmanager
def services() -> Iterator[Settings]:
    """Hold a lease for the block; what has an address of its own is left as it is.

    Raises:
        DevstackError: with a sentence that says what to do.
    """
    with ensure_running(settings()) as lease:
        yield configure(
            database_url=lease.services.database_url,
            database_owner_url=lease.services.database_owner_url,
            redis_url=lease.services.redis_url,
        )

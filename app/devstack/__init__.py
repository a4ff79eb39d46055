"""Embedded PostgreSQL and Valkey: everything the product needs on a machine that has neither.

`ensure_running` gives a lease on services that run for as long as any process holds one. One
supervisor process per `DATA_DIR` keeps them up (`supervisor`); users and supervisor agree through
file locks (`layout`), so no kill of any of them leaves something running or something locked.
"""

from app.devstack.doctor import diagnose
from app.devstack.errors import DevstackError
from app.devstack.lease import Lease, Services, ensure_running

__all__ = ["DevstackError", "Lease", "Services", "diagnose", "ensure_running"]

"""The database's own life: migrated at start-up and by the operator, checked by every process.

`migrations` changes it over the owner's connection, `checks` asks whether it fits, `roles` are who
may sign in, and `problems` says in sentences what is wrong.
"""

from app.services.schema.checks import check, check_role, diagnose, prepare
from app.services.schema.migrations import alembic_config, is_applied, is_current, migrate

__all__ = [
    "alembic_config",
    "check",
    "check_role",
    "diagnose",
    "is_applied",
    "is_current",
    "migrate",
    "prepare",
]

"""Who may touch which row: PostgreSQL roles, grants and row-level policies.

Derived from the tables, applied after every migration, safe to repeat: a table with a workspace
cannot be forgotten. The group roles are fixed names; the login roles of DATABASE_URL and of the
drains are members of them. `owner` is whoever migrates.
"""

import hashlib
from collections.abc import Iterable, Iterator

from sqlmodel import SQLModel

APP_ROLE = "inbox_app"
DRAIN_ROLE = "inbox_drain"

# Tables of the installation, not of a workspace.
GLOBAL_TABLES = frozenset(
    {
        "users",
        "sessions",
        "plans",
        "webhook_events",
        "messages_unprocessed",
        "drain_marks",
        "oauth_accounts",
        "verification_tokens",
        "recovery_codes",
        "mails",
        "pictures",
        "alembic_version",
    }
)
# The application adds to these and reads them; nobody changes what was written.
APPEND_ONLY_TABLES = frozenset({"audit_entries", "consent_entries"})

CURRENT_WORKSPACE = "nullif(current_setting('app.workspace_id', true), '')::uuid"


def workspace_tables() -> dict[str, str]:
    """Return every table under row-level security and its column that names the workspace."""
    return {
        table.name: "id" if table.name == "workspaces" else "workspace_id"
        for table in SQLModel.metadata.sorted_tables
        if table.name not in GLOBAL_TABLES
    }


def digest(functions: Iterable[str]) -> str:
    """Return what stands for the policies and functions of this version.

    Kept as the comment of Alembic's table, which whoever migrates owns, as the schema they may not
    (PostgreSQL 15 gives it to the owner of the database). Applying them locks every table, so it is
    done only when they have changed.
    """
    text = "\n".join([*functions, *policy_statements()])
    return "policies " + hashlib.sha256(text.encode()).hexdigest()


def role_statements() -> Iterator[str]:
    """Yield the SQL that creates the group roles where they are missing."""
    for role in (APP_ROLE, DRAIN_ROLE):
        yield (
            f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN "
            f"CREATE ROLE {role} NOLOGIN; END IF; "
            "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        )


def policy_statements() -> Iterator[str]:
    """Yield the SQL that grants, and that isolates workspaces from each other."""
    for role in (APP_ROLE, DRAIN_ROLE):
        yield f"GRANT USAGE ON SCHEMA public TO {role}"
        yield f"GRANT SELECT ON alembic_version TO {role}"
    for table in SQLModel.metadata.sorted_tables:
        rights = "SELECT, INSERT" if table.name in APPEND_ONLY_TABLES else "ALL"
        yield f"REVOKE ALL ON {table.name} FROM {APP_ROLE}, {DRAIN_ROLE}"
        yield f"GRANT {_dml(rights)} ON {table.name} TO {APP_ROLE}, {DRAIN_ROLE}"
    for name, column in workspace_tables().items():
        yield f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY"
        yield f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY"
        own = f"{column} = {CURRENT_WORKSPACE}"
        yield from _policy(name, "own_workspace", APP_ROLE, own)
        yield from _policy(name, "all_workspaces", DRAIN_ROLE, "true")
        yield from _policy(name, "migrations", "CURRENT_USER", "true")


def _dml(rights: str) -> str:
    return "SELECT, INSERT, UPDATE, DELETE" if rights == "ALL" else rights


def _policy(table: str, name: str, role: str, condition: str) -> Iterator[str]:
    yield f"DROP POLICY IF EXISTS {name} ON {table}"
    yield (
        f"CREATE POLICY {name} ON {table} TO {role} USING ({condition}) WITH CHECK ({condition})"
    )

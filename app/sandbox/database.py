"""The sandbox's SQLite file: schema, one connection per process, short transactions.

Several processes may write at once (WAL and a busy timeout). Every call may wait for another
process's lock, so code on an event loop reaches it through `asyncio.to_thread` only.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BUSY_TIMEOUT_S = 10

SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (
    waba_id TEXT PRIMARY KEY,
    workspace TEXT NOT NULL,
    access_token TEXT NOT NULL UNIQUE,
    app_id TEXT NOT NULL,
    app_secret TEXT NOT NULL,
    verify_token TEXT NOT NULL,
    callback_url TEXT,                        -- NULL: updates wait until there is one
    is_subscribed INTEGER NOT NULL DEFAULT 1, -- 0: updates are not made at all
    is_token_expired INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS numbers (
    meta_phone_number_id TEXT PRIMARY KEY,
    waba_id TEXT NOT NULL REFERENCES accounts,
    phone TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    is_verified INTEGER NOT NULL DEFAULT 1,   -- by a code
    is_registered INTEGER NOT NULL DEFAULT 1, -- with a PIN; only then it sends and receives
    pin TEXT,
    code TEXT,                                -- the newest code, until it is used
    code_method TEXT,
    code_until REAL NOT NULL DEFAULT 0,
    codes_asked TEXT NOT NULL DEFAULT '[]',   -- when, as JSON
    registrations TEXT NOT NULL DEFAULT '[]', -- the same
    quality TEXT NOT NULL DEFAULT 'GREEN'
);
CREATE TABLE IF NOT EXISTS customers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace TEXT NOT NULL,
    name TEXT NOT NULL,
    wa_id TEXT NOT NULL,                      -- the phone number, digits only
    user_id TEXT NOT NULL,                    -- business-scoped user id
    is_online INTEGER NOT NULL DEFAULT 1,
    shows_receipts INTEGER NOT NULL DEFAULT 1,
    wants_marketing INTEGER NOT NULL DEFAULT 1,
    hides_phone INTEGER NOT NULL DEFAULT 0,   -- businesses get the user id only
    UNIQUE (workspace, wa_id)
);
CREATE INDEX IF NOT EXISTS customers_by_user_id ON customers (workspace, user_id);
CREATE TABLE IF NOT EXISTS threads (
    meta_phone_number_id TEXT NOT NULL REFERENCES numbers,
    customer_id INTEGER NOT NULL REFERENCES customers,
    window_expires_at REAL NOT NULL DEFAULT 0,
    typing_until REAL NOT NULL DEFAULT 0,
    PRIMARY KEY (meta_phone_number_id, customer_id)
);
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    wamid TEXT NOT NULL UNIQUE,
    meta_phone_number_id TEXT NOT NULL REFERENCES numbers,
    customer_id INTEGER NOT NULL REFERENCES customers,
    is_from_customer INTEGER NOT NULL,
    type TEXT NOT NULL,
    content TEXT NOT NULL,                    -- Meta's member of that type, as JSON
    beside TEXT NOT NULL DEFAULT '{}',        -- what stands beside it, as JSON
    context_wamid TEXT,
    opaque TEXT,                              -- biz_opaque_callback_data
    category TEXT NOT NULL DEFAULT 'service',
    sent_at REAL NOT NULL,
    arrived_at REAL,                          -- NULL: the customer is offline
    accepted_at REAL,                         -- of a customer's message: the webhook got its 200
    read_at REAL,
    is_failed INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS messages_of_a_chat
    ON messages (meta_phone_number_id, customer_id, id);
CREATE INDEX IF NOT EXISTS messages_waiting ON messages (customer_id) WHERE arrived_at IS NULL;
CREATE TABLE IF NOT EXISTS updates (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    meta_phone_number_id TEXT NOT NULL REFERENCES numbers,
    customer_id INTEGER NOT NULL,
    field TEXT NOT NULL DEFAULT 'messages',   -- changes[].field
    value TEXT NOT NULL,                      -- changes[].value, as JSON
    created_at REAL NOT NULL,
    due_at REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS updates_due ON updates (due_at, id);
CREATE TABLE IF NOT EXISTS templates (
    id TEXT PRIMARY KEY,
    waba_id TEXT NOT NULL REFERENCES accounts,
    name TEXT NOT NULL,
    language TEXT NOT NULL,
    category TEXT NOT NULL,
    parameter_format TEXT NOT NULL,
    components TEXT NOT NULL,                 -- as JSON
    verdict TEXT NOT NULL,                    -- APPROVED, or why not; it counts from:
    reviewed_at REAL NOT NULL,
    edited_at TEXT NOT NULL DEFAULT '[]',     -- when, as JSON
    UNIQUE (waba_id, name, language)
);
CREATE TABLE IF NOT EXISTS media (
    id TEXT PRIMARY KEY,
    meta_phone_number_id TEXT NOT NULL REFERENCES numbers,
    content_type TEXT NOT NULL,
    filename TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    data BLOB NOT NULL,
    created_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS media_links (
    token TEXT PRIMARY KEY,
    media_id TEXT NOT NULL,
    until REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS behaviours (
    scope TEXT PRIMARY KEY,                   -- '', 'workspace:…' or 'number:…'
    workspace TEXT,                           -- of the last two
    settings TEXT NOT NULL                    -- JSON, only what was set
);
CREATE TABLE IF NOT EXISTS versions (
    workspace TEXT PRIMARY KEY,
    version INTEGER NOT NULL                  -- grows with every change the phone page shows
);
"""

# Of files made before the sandbox knew these.
NEW_COLUMNS = {
    "accounts": {"is_token_expired": "INTEGER NOT NULL DEFAULT 0"},
    "customers": {
        "wants_marketing": "INTEGER NOT NULL DEFAULT 1",
        "hides_phone": "INTEGER NOT NULL DEFAULT 0",
    },
    "messages": {"beside": "TEXT NOT NULL DEFAULT '{}'"},
    "updates": {"field": "TEXT NOT NULL DEFAULT 'messages'"},
    "numbers": {
        "quality": "TEXT NOT NULL DEFAULT 'GREEN'",
        "is_verified": "INTEGER NOT NULL DEFAULT 1",
        "is_registered": "INTEGER NOT NULL DEFAULT 1",
        "pin": "TEXT",
        "code": "TEXT",
        "code_method": "TEXT",
        "code_until": "REAL NOT NULL DEFAULT 0",
        "codes_asked": "TEXT NOT NULL DEFAULT '[]'",
        "registrations": "TEXT NOT NULL DEFAULT '[]'",
    },
}


class Database:
    """One connection, opened on first use, shared by the threads of this process under a lock."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._depth = 0
        self._opened: sqlite3.Connection | None = None

    def close(self) -> None:
        with self._lock:
            if self._opened:
                self._opened.close()
                self._opened = None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit or roll back everything inside; an inner transaction joins the outer one."""
        with self._lock:
            if self._depth:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            self._depth = 1
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            else:
                self._connection.execute("COMMIT")
            finally:
                self._depth = 0

    def rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def row(self, sql: str, *values: object) -> sqlite3.Row | None:
        return next(iter(self.rows(sql, *values)), None)

    @property
    def _connection(self) -> sqlite3.Connection:
        if self._opened is None:
            self._opened = _open(self._path)
        return self._opened

    def run(self, sql: str, *values: object) -> int:
        """Execute one statement and return the id of the row it inserted, if it did."""
        with self._lock:
            return self._connection.execute(sql, values).lastrowid or 0


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    connection = sqlite3.connect(
        path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    path.chmod(0o600)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.executescript(SCHEMA)
    _add_what_is_missing(connection)
    return connection


def _add_what_is_missing(connection: sqlite3.Connection) -> None:
    """Bring a file of an earlier version to this one."""
    connection.execute("BEGIN IMMEDIATE")
    columns = {row["name"] for row in connection.execute("PRAGMA table_info(messages)")}
    if "accepted_at" not in columns:
        connection.execute("ALTER TABLE messages ADD COLUMN accepted_at REAL")
        connection.execute("UPDATE messages SET accepted_at = arrived_at")
    for table, wanted in NEW_COLUMNS.items():
        columns = {row["name"] for row in connection.execute(f"PRAGMA table_info({table})")}
        for name, kind in wanted.items():
            if name not in columns:
                connection.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind}")
    connection.execute("COMMIT")

"""The database edge: one transaction per edge, effects after its commit.

Services get a `Session` and never commit. What must happen outside (ring a bell, push an event)
is registered with `after_commit` and dropped on rollback. A session bound to a workspace carries
it into PostgreSQL as `app.workspace_id`, which the row-level policies read.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import Connection as SqlConnection
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session

from app import log
from app.config import settings
from app.errors import Unavailable

POOL_SIZE = 10
# SQLSTATE classes: connection, operator intervention, out of resources.
CONNECTION_LOSS = frozenset({"08", "57", "53"})
WORKSPACE = "workspace_id"
EFFECTS = "effects"

Effect = Callable[[], None]
Connection = psycopg.Connection[tuple[Any, ...]]  # plain, for SQL that works on whole batches


class DbRole(StrEnum):
    """Who connects (decision 0004). None is a superuser."""

    APP = "app"
    DRAIN = "drain"
    OWNER = "owner"


class WaitInsideTransaction(RuntimeError):
    """A provider was asked, or a password hashed, while a transaction was open (decision 0002)."""


class BlockingCallOnLoop(RuntimeError):
    """A database session was opened on a thread that runs an event loop: everybody would wait."""


def url(role: DbRole = DbRole.APP) -> str:
    """Return the address for one role, as libpq reads it."""
    if role is DbRole.OWNER:
        return settings().database_owner_url
    if role is DbRole.APP:
        return settings().database_url
    base = make_url(settings().database_url)
    drain = base.set(
        username=f"{base.username}_drain", password=settings().derive("database role: drain")
    )
    return drain.render_as_string(hide_password=False)


def connect_args(*, connect_timeout_s: int = 5, statement_timeout_s: int = 30) -> dict[str, Any]:
    """Return what every connection of ours is opened with, for psycopg."""
    return {
        "connect_timeout": connect_timeout_s,
        "application_name": "app",
        "options": "-c timezone=UTC -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s"
        f" -c statement_timeout={statement_timeout_s}s",
    }


_is_inside: ContextVar[bool] = ContextVar("_is_inside", default=False)
_engines: dict[str, Engine] = {}
_lock = threading.Lock()


def _make_engine(address: str) -> Engine:
    return create_engine(
        make_url(address).set(drivername="postgresql+psycopg"),
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=10,
        pool_pre_ping=True,
        pool_recycle=1800,
        connect_args=connect_args(),
    )


@event.listens_for(Session, "after_begin")
def _bind_workspace(session: Session, _transaction: object, connection: SqlConnection) -> None:
    workspace_id = session.info.get(WORKSPACE)
    if workspace_id is not None:  # local to the transaction: plain SET would leak through the pool
        _set_workspace(connection, workspace_id)


def engine(role: DbRole = DbRole.APP) -> Engine:
    """Return the pooled engine of a role."""
    address = url(role)
    with _lock:
        if address not in _engines:
            _engines[address] = _make_engine(address)
        return _engines[address]


def dispose(*, close: bool = True) -> None:
    """Forget every pool of this process; a fork leaves the connections to its parent's pools."""
    with _lock:
        for pooled in _engines.values():
            pooled.dispose(close=close)
        _engines.clear()


@contextmanager
def transaction(
    workspace_id: UUID | None = None, *, role: DbRole = DbRole.APP
) -> Iterator[Session]:
    """Open the one transaction of an edge: commit at the end, then run its effects.

    With a `workspace_id` the session sees and writes that workspace only. Opened at four places:
    a UI call, an HTTP request, a job, the command line.

    Raises:
        BlockingCallOnLoop: on a thread with a running event loop.
        Unavailable: the database cannot be reached.
    """
    refuse_on_event_loop()
    session = Session(engine(role), expire_on_commit=False)
    session.info.update({WORKSPACE: workspace_id, EFFECTS: []})
    outer = _is_inside.set(True)
    try:
        with session:
            yield session
            session.commit()
    except (OperationalError, InterfaceError) as error:
        if error.connection_invalidated or is_connection_loss(error.orig):
            raise Unavailable from error
        raise
    except PoolTimeout as error:
        raise Unavailable from error
    finally:
        _is_inside.reset(outer)
    _run(session.info[EFFECTS])


def after_commit(session: Session, effect: Effect) -> None:
    """Run `effect` once the transaction has committed; never on rollback."""
    session.info[EFFECTS].append(effect)


def bind_workspace(session: Session, workspace_id: UUID) -> None:
    """Make the rest of this transaction see and write one workspace.

    For edges that learn the workspace only inside: signing up, signing in.
    """
    session.info[WORKSPACE] = workspace_id
    _set_workspace(session.connection(), workspace_id)


@contextmanager
def connect(role: DbRole = DbRole.DRAIN) -> Iterator[Connection]:
    """Open a plain psycopg connection, for the drains, whose SQL works on whole batches.

    Raises:
        Unavailable: the database cannot be reached.
    """
    refuse_on_event_loop()
    try:
        with psycopg.connect(url(role), **connect_args()) as connection:
            yield connection
    except psycopg.OperationalError as error:
        if is_connection_loss(error):
            raise Unavailable from error
        raise


def driver(session: Session) -> Connection:
    """Return the plain connection of a session's transaction, for SQL shared with the drains.

    What the session holds and has not written yet is written first.
    """
    session.flush()
    plain: Any = session.connection().connection.driver_connection
    return plain  # type: ignore[no-any-return]  # SQLAlchemy does not know its type


def refuse_inside_transaction() -> None:
    """Raise WaitInsideTransaction where a long wait would hold locks and a connection."""
    if _is_inside.get():
        raise WaitInsideTransaction("Wait before the transaction, or after it.")


def refuse_on_event_loop() -> None:
    """Raise BlockingCallOnLoop where a wait would stop every open page."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise BlockingCallOnLoop("Use `await call(…)` or a thread: this one runs the event loop.")


def _set_workspace(connection: SqlConnection, workspace_id: UUID) -> None:
    connection.execute(
        text("select set_config('app.workspace_id', :id, true)"), {"id": str(workspace_id)}
    )


def _run(effects: list[Effect]) -> None:
    for effect in effects:
        try:
            effect()
        except Exception:  # noqa: BLE001  # the commit stands; sweeps and resyncs close what an effect missed
            log.get(__name__).exception("effect_failed")


def is_connection_loss(error: BaseException | None) -> bool:
    """Tell whether the database is away, rather than that it refused this statement."""
    if not isinstance(error, psycopg.Error):
        return False
    if error.sqlstate is None:  # not said by the server: either the line is cut or our data are bad
        return isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError))
    return error.sqlstate[:2] in CONNECTION_LOSS

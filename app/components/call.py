"""The UI edge: from a click to a service and back into words.

`await call(service, …)` hops to a thread, opens the transaction, checks again that the session and
the membership are live, runs, commits, runs effects and returns a frozen view; `ask` does so for
services that wait, for a provider or a hash, between transactions of their own. `@action` wraps
event handlers: expected errors become words. A double click is the button's affair.
"""

import asyncio
import contextvars
import functools
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Concatenate, ParamSpec, TypeVar

from nicegui import context, ui
from sqlmodel import Session

from app import db, log
from app.actor import Actor
from app.components import feedback
from app.errors import AppError, NotAuthenticated
from app.i18n import gettext as _
from app.ids import new_id
from app.services import sessions

P = ParamSpec("P")
R = TypeVar("R")

_threads = ThreadPoolExecutor(db.POOL_SIZE, "call")


async def in_thread(function: Callable[..., R], *args: Any, **kwargs: Any) -> R:
    """Run a blocking function on the pool, with this task's context variables."""
    ctx = contextvars.copy_context()
    bound = functools.partial(ctx.run, function, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(_threads, bound)


async def call(
    actor: Actor,
    service: Callable[Concatenate[Session, Actor, P], R],
    *args: P.args,
    **kwargs: P.kwargs,
) -> R:
    """Run a service function as this person, in a transaction of its own.

    Raises:
        AppError: whatever the service refuses; NotAuthenticated when the session has ended.
    """
    return await in_thread(_transact, actor, service, *args, **kwargs)


async def ask(
    actor: Actor, service: Callable[Concatenate[Actor, P], R], *args: P.args, **kwargs: P.kwargs
) -> R:
    """Run a service function that opens its own transactions, since it waits for something between.

    Raises:
        AppError: whatever the service refuses; NotAuthenticated when the session has ended.
    """
    return await in_thread(_ask, actor, service, *args, **kwargs)


def action(handler: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """Wrap an async event handler: expected errors are shown, as words.

    They are shown even when what was clicked is gone by then, since one has gone on.
    """

    @functools.wraps(handler)
    async def wrapped(*args: Any, **kwargs: Any) -> None:
        page = _page()
        try:
            await handler(*args, **kwargs)
        except NotAuthenticated:
            with page:
                ui.navigate.to("/sign-in")
        except AppError as error:
            with page:
                feedback.toast(error.explanation, kind="error")

    return wrapped


def _page() -> AbstractContextManager[object]:
    """Return the frame of the page that this runs for; nothing where it runs for none."""
    try:
        return context.client.layout
    except RuntimeError:
        return nullcontext()


def report_unexpected(error: Exception) -> None:
    """Say that something went wrong, with a reference that the log has too."""
    reference = new_id().hex[-6:].upper()
    log.get(__name__).error("unexpected", reference=reference, exc_info=error)
    if context.client.has_socket_connection:
        feedback.toast(
            _("Something went wrong. Reference {reference}.").format(reference=reference),
            kind="error",
        )


def _transact(actor: Actor, service: Callable[..., R], *args: Any, **kwargs: Any) -> R:
    with db.transaction(actor.workspace_id) as session:
        sessions.require_live(session, actor)
        return service(session, actor, *args, **kwargs)


def _ask(actor: Actor, service: Callable[..., R], *args: Any, **kwargs: Any) -> R:
    with db.transaction(actor.workspace_id) as session:
        sessions.require_live(session, actor)
    return service(actor, *args, **kwargs)

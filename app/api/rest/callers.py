"""Who calls the REST API, a key or a signed-in browser, and how often they may."""

import asyncio
from dataclasses import dataclass

from starlette.requests import Request

from app import db
from app.actor import Actor
from app.db import bind_workspace
from app.errors import NotAuthenticated, RateLimited
from app.i18n import mark
from app.services import api_keys, rate_limits
from app.services.rate_limits import Ration, address_key
from app.services.sessions import SessionView
from app.web import client_of, find_session, require_same_origin

SAFE_METHODS = frozenset({"GET", "HEAD"})
# A minute: of a browser, which nobody pays for by the call, and of an address that names nobody.
SESSION_CALLS, ADDRESS_CALLS = 300, 60


class KeyRefused(NotAuthenticated):
    """A key that is none of ours, or that has expired or was revoked: never told apart."""

    code = "invalid_api_key"
    sentence = mark("This API key is not valid. It may have expired, or somebody revoked it.")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and what their calls are counted as."""

    actor: Actor
    counted_as: str
    calls_per_minute: int


async def admit(request: Request) -> Caller:
    """Return who calls and count the call; `request.state.ration` says what is left.

    Raises:
        NotAuthenticated: neither a live key nor a live sign-in.
        ForeignOrigin: a change that a browser asks for, from a page that is not ours.
        RateLimited: the calls of this minute are used up.
    """
    try:
        caller = await _find(request)
    except NotAuthenticated:
        await count(request)
        raise
    await _count(request, caller.counted_as, caller.calls_per_minute)
    if caller.actor.session_id is not None and request.method not in SAFE_METHODS:
        require_same_origin(request)
    return caller


async def count(request: Request) -> None:
    """Count a call of somebody who is nobody yet, by the address.

    Raises:
        RateLimited: the calls of this minute are used up.
    """
    address = address_key(client_of(request).ip)
    await _count(request, f"address:{address}", ADDRESS_CALLS)


async def count_anybody(request: Request) -> None:
    """Count a call that no operation answers: of its key or sign-in, or of the address.

    Raises:
        RateLimited: the calls of this minute are used up.
    """
    try:
        caller = await _find(request)
    except NotAuthenticated:
        await count(request)
    else:
        await _count(request, caller.counted_as, caller.calls_per_minute)


def headers_of(ration: Ration) -> dict[str, str]:
    """Return what every response says about the limit."""
    return {
        "X-RateLimit-Limit": str(ration.limit),
        "X-RateLimit-Remaining": str(ration.remaining),
        "X-RateLimit-Reset": str(ration.reset_at),
    }


async def _find(request: Request) -> Caller:
    header = request.headers.get("authorization")
    if header is not None:
        scheme, _space, secret = header.partition(" ")
        if scheme.lower() != "bearer":
            raise KeyRefused
        return await asyncio.to_thread(_by_key, secret.strip())
    session = await find_session(request)
    if session is None:
        raise NotAuthenticated
    return _by_session(session)


def _by_key(secret: str) -> Caller:
    with db.transaction() as session:
        found = api_keys.find_caller(session, secret)
        if found is None:
            raise KeyRefused
        bind_workspace(session, found.actor.workspace_id)
        api_keys.note_use(session, found.actor)
    return Caller(found.actor, f"key:{found.key_id}", found.calls_per_minute)


def _by_session(view: SessionView) -> Caller:
    return Caller(view.actor, f"session:{view.id}", SESSION_CALLS)


async def _count(request: Request, counted_as: str, calls_per_minute: int) -> None:
    ration = await asyncio.to_thread(rate_limits.take_call, counted_as, calls_per_minute)
    request.state.ration = ration
    if not ration.is_allowed:
        raise RateLimited(ration.retry_after_s)

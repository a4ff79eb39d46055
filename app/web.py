"""What pages and HTTP routes share: who asks, from where, and is the request our own.

The look-up of a session is one function for the gate, the page dependency and the tests. It is
remembered for five seconds; a revocation forgets it at once.
"""

import asyncio
import contextvars
import functools
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Concatenate, ParamSpec, TypeVar
from uuid import UUID

from fastapi import Depends
from sqlmodel import Session
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from app import db, paths
from app.config import is_loopback, settings
from app.crypto import hash_token
from app.errors import NotAuthenticated, PermissionDenied, Unavailable
from app.i18n import mark
from app.services import passwords, rate_limits, sessions
from app.services.rate_limits import Limit, address_key
from app.services.sessions import SessionView
from app.services.sign_ins import Client

P = ParamSpec("P")
R = TypeVar("R")

REMEMBER_S = 5.0
REFUSAL_S = 0.25  # longer than a password takes to check
MAX_REMEMBERED = 10_000
MAX_NEXT = 2_000
MAX_WAITING = 50  # of passwords: the last one waits two seconds
# A path, perhaps with a query and a fragment: one slash, then neither a host nor a scheme.
SAFE_NEXT = re.compile(r"/(?!/)(?:(?!://)[^\s\\\x00-\x1f\x7f])*")
ENCODED_TRICKS = re.compile(r"%(?:25|2f|5c|[01][0-9a-f]|7f)", re.IGNORECASE)


class ForeignOrigin(PermissionDenied):
    """A change that the page of another site has asked for."""

    code = "foreign_origin"
    sentence = mark("This was not sent from our own page, so nothing was done. Please try again.")


_hashers = ThreadPoolExecutor(passwords.PARALLEL, "password")
_hashing = 0
_remembered: dict[bytes, tuple[float, SessionView]] = {}
_generation = 0


async def find_session(connection: HTTPConnection) -> SessionView | None:
    """Return the live sign-in behind a request's cookie, at most five seconds old."""
    token = connection.cookies.get(settings().session_cookie)
    if not token or len(token) > 200:  # noqa: PLR2004  # ours are 43 characters
        return None
    key, now = hash_token(token), time.monotonic()
    known = _remembered.get(key)
    if known and now - known[0] < REMEMBER_S:
        return known[1]
    generation = _generation
    view = await asyncio.to_thread(_look_up, token)
    if view is None:
        _remembered.pop(key, None)
        return None
    if generation != _generation:  # forgotten while it was looked up: it may be a revoked one
        return view
    if len(_remembered) >= MAX_REMEMBERED:
        _remembered.clear()
    _remembered[key] = (now, view)
    return view


async def person_of(connection: HTTPConnection) -> tuple[UUID, UUID] | None:
    """Return whose live sign-in a cookie is, and the sign-in, in whatever workspace or none."""
    token = connection.cookies.get(settings().session_cookie)
    if not token or len(token) > 200:  # noqa: PLR2004  # ours are 43 characters
        return None
    return await transact(sessions.find_person, token)


async def transact(
    service: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs
) -> R:
    """Run a service for somebody who is nobody yet, in a transaction of its own, on a thread.

    Raises:
        AppError: whatever the service refuses; Unavailable when the database is away.
    """

    def run() -> R:
        with db.transaction() as session:
            return service(session, *args, **kwargs)

    return await asyncio.to_thread(run)


async def hashing(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run what hashes a password on threads of its own: a burst of sign-ins waits only for itself.

    Raises:
        AppError: whatever the function refuses; Unavailable when fifty are waiting already.
    """
    global _hashing  # noqa: PLW0603  # how many there are, of this process
    if _hashing >= passwords.PARALLEL + MAX_WAITING:
        raise Unavailable
    bound = functools.partial(contextvars.copy_context().run, function, *args, **kwargs)
    _hashing += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_hashers, bound)
    finally:
        _hashing -= 1


async def count(request: HTTPConnection, *tries: tuple[Limit, str]) -> None:
    """Count a request under limits; an empty key is the address that it came from.

    Raises:
        RateLimited: one of them is used up.
    """
    address = address_key(client_of(request).ip)
    keyed = [(limit, key or address) for limit, key in tries]
    await asyncio.to_thread(rate_limits.require, *keyed)


def set_session_cookie(response: Response, token: str) -> None:
    """Sign the browser in that gets this response."""
    response.set_cookie(
        settings().session_cookie,
        token,
        max_age=int(sessions.ABSOLUTE.total_seconds()),
        httponly=True,
        secure=settings().is_https,
        samesite="lax",
        path="/",
    )


async def sign_out(request: Request, response: Response) -> None:
    """End the sign-in of a request and its open pages; the browser forgets the cookie."""
    token = request.cookies.get(settings().session_cookie)
    if token:
        await transact(sessions.revoke_token, token)
        forget_sessions()
    response.delete_cookie(settings().session_cookie, path="/", secure=settings().is_https)
    response.headers["Clear-Site-Data"] = '"cache"'


async def take_as_long_as_any(began: float) -> None:
    """Wait until an answer has taken as long as it would for anybody, known or not.

    Somebody who is known costs some milliseconds more: a line in their diary, a mail. `began` is
    `time.monotonic()` when the request came.
    """
    await asyncio.sleep(max(0.0, began + REFUSAL_S - time.monotonic()))


def forget_sessions() -> None:
    """Look every session up again: after a sign-out, a revocation, a change of role."""
    global _generation  # noqa: PLW0603  # it dates what is remembered
    _generation += 1
    _remembered.clear()


async def require_session(request: Request) -> SessionView:
    """Return the live sign-in of a page request.

    Raises:
        NotAuthenticated: there is none.
    """
    view: SessionView | None = getattr(request.state, "session", None)
    view = view or await find_session(request)
    if view is None:
        raise NotAuthenticated
    return view


CurrentSession = Annotated[SessionView, Depends(require_session)]


def refuse_foreign_page(request: Request) -> None:
    """Refuse what another site's page has sent, where no sign-in is at stake.

    A browser always names the origin of a POST. What names none is no browser, so there is no
    signed-in person whom it could trick.

    Raises:
        ForeignOrigin: the page is not ours.
    """
    if "origin" in request.headers or "sec-fetch-site" in request.headers:
        require_same_origin(request)


def require_same_origin(request: Request) -> None:
    """Refuse a state-changing request that another site's page has sent.

    Raises:
        ForeignOrigin: neither Origin nor Sec-Fetch-Site says that it is ours.
    """
    origin = request.headers.get("origin")
    if origin is not None:
        if origin not in allowed_origins():
            raise ForeignOrigin
        return
    if request.headers.get("sec-fetch-site") not in {"same-origin", "none"}:
        raise ForeignOrigin


def allowed_hosts() -> frozenset[str]:
    """Return the Host headers that we answer to: the public address, and loopback in trials."""
    config = settings()
    hosts = {config.public_url.split("://", 1)[1]}
    if not config.is_production or is_loopback(config.public_host):
        hosts |= {f"{name}:{config.port}" for name in ("127.0.0.1", "localhost", "[::1]")}
    return frozenset(host.lower() for host in hosts)


def allowed_origins() -> frozenset[str]:
    """Return the origins whose pages may talk to us."""
    scheme = settings().public_url.split("://", 1)[0]
    return frozenset({settings().public_url, *(f"{scheme}://{host}" for host in allowed_hosts())})


def client_of(request: HTTPConnection) -> Client:
    """Return where a request came from."""
    return Client(
        ip=request.client.host if request.client else None,
        user_agent=request.headers.get("user-agent"),
    )


def safe_next(target: str | None, *, default: str = paths.DASHBOARD) -> str:
    """Return a path of this site to go to after signing in, or the default.

    Encoded slashes and line ends are refused, too: who decodes a path once more must not leave.
    """
    if not target or len(target) > MAX_NEXT or not SAFE_NEXT.fullmatch(target):
        return default
    return default if ENCODED_TRICKS.search(target.partition("?")[0]) else target


def _look_up(token: str) -> SessionView | None:
    with db.transaction() as session:
        view = sessions.find(session, token)
        if view is not None:
            sessions.touch(session, view)
        return view

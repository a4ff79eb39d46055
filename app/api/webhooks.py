"""Where Meta talks to us. Plain Starlette routes: the hot path of the product.

A body is verified over its raw bytes, committed, and only then answered; nothing is parsed here.
"""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from app import db, log
from app.api.intake import committer
from app.errors import AppError, NotFound, Unavailable
from app.i18n import mark
from app.ids import parse_id
from app.models.enums import WebhookEventType
from app.services import webhook_events
from app.services.webhook_events import SigningView
from app.services.whatsapp import signatures

REMEMBER_S = 1.0
LOOK_UP_S = 2.0
LOOK_UPS = 3  # at the same time


class WrongSignature(AppError):
    """Not signed with the account's app secret."""

    code, status = "wrong_signature", 401
    sentence = mark("The signature is missing or wrong.")


class WrongVerifyToken(AppError):
    """Not the token that the account was given."""

    code, status = "wrong_verify_token", 403
    sentence = mark("The verify token is not right.")


class IncompleteBody(AppError):
    """The sender went away in the middle."""

    code, status = "incomplete_body", 400
    sentence = mark("The body is not complete.")


# How accounts sign, for a second: one look-up per account and not per webhook. A body that does not
# fit is looked up afresh, so a secret counts from the moment in which it was replaced.
_signing: dict[UUID, tuple[float, SigningView]] = {}
# Whoever guesses signatures or accounts has us look up as often as they post; a few connections are
# all that they can take from the rest.
_threads = ThreadPoolExecutor(LOOK_UPS, "signing")


async def verify(request: Request) -> Response:
    """Answer Meta's verification of an address: the challenge as plain text, or 403."""
    query = request.query_params
    try:
        view = await _signing_of(request, afresh=True)
        if not webhook_events.is_verification(
            view, query.get("hub.mode"), query.get("hub.verify_token")
        ):
            raise WrongVerifyToken
    except NotFound:
        return PlainTextResponse(WrongVerifyToken().message, WrongVerifyToken.status)
    except AppError as error:
        return PlainTextResponse(error.message, error.status)
    return PlainTextResponse(query.get("hub.challenge", ""))


async def receive(request: Request) -> Response:
    """Store a signed body, then answer 200; whatever else is answered, nothing is stored."""
    try:
        view = await _signing_of(request)
        body = await _body(request)
        signature = request.headers.get(signatures.HEADER)
        if not signatures.is_valid(view.app_secrets, body, signature):
            view = await _signing_of(request, afresh=True)
            if not signatures.is_valid(view.app_secrets, body, signature):
                log.get(__name__).warning("webhook_refused", account_id=_named(view))
                raise WrongSignature
        await committer.store(WebhookEventType.WHATSAPP, view.account_id, body)
    except AppError as error:
        return PlainTextResponse(error.message, error.status)
    return PlainTextResponse("OK")


async def _signing_of(request: Request, *, afresh: bool = False) -> SigningView:
    text = request.path_params.get("account")
    if text is None:
        return webhook_events.platform_signing()
    account_id = parse_id(text)
    if account_id is None:
        raise NotFound
    now = time.monotonic()
    known = _signing.get(account_id)
    if known and now - known[0] < REMEMBER_S and not afresh:
        return known[1]
    try:
        loop = asyncio.get_running_loop()
        asked = loop.run_in_executor(_threads, _look_up, account_id)
        view = await asyncio.wait_for(asked, LOOK_UP_S)
    except (Unavailable, TimeoutError) as error:
        # A stale secret is still this account's; storing will tell whether we can answer.
        if known and not afresh:
            return known[1]
        raise Unavailable from error
    _signing[account_id] = (now, view)
    return view


def _named(view: SigningView) -> str:
    return str(view.account_id) if view.account_id else "platform"


def _look_up(account_id: UUID) -> SigningView:
    with db.transaction() as session:
        return webhook_events.signing(session, account_id)


async def _body(request: Request) -> bytes:
    """Return the raw body; `app.limits` has cut off what is larger than a webhook may be."""
    try:
        return await request.body()
    except ClientDisconnect as error:
        raise IncompleteBody from error

"""Signing in with a provider: out, and back with what it sends."""

import asyncio
from typing import assert_never

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.config import settings
from app.errors import AppError, PermissionDenied
from app.i18n import gettext as _
from app.models.enums import TokenPurpose
from app.pages.doors.door import SEE_OTHER, again, new_router, next_of, read_form, signed_in
from app.services import sign_ins
from app.services.oauth import accounts
from app.services.oauth import client as protocol
from app.services.oauth.accounts import (
    CodeNeeded,
    Linked,
    Outcome,
    PasswordNeeded,
    Refused,
    SignedIn,
)
from app.services.rate_limits import Limit, account_key
from app.services.sign_ins import SecondFactorRequired
from app.services.tokens import LIVES
from app.templating import render
from app.web import (
    client_of,
    count,
    find_session,
    hashing,
    require_same_origin,
    safe_next,
    transact,
)

COOKIE = "oauth"
PATH = "/api/auth/oauth/{name}"

router = new_router()


@router.get(PATH)
async def begin(request: Request, name: str) -> Response:
    """Send the browser to the provider; with `link=1` to add it to the account at hand."""
    session = await find_session(request)
    linking = session.actor if session and "link" in request.query_params else None
    if linking is not None:  # a link on another site must not add its identity to this account
        require_same_origin(request)
    await count(request, (Limit.SIGN_IN_ADDRESS, ""))
    target = safe_next(request.query_params.get("next"))
    begun = await transact(accounts.begin, name, target=target, linking=linking)
    url = await asyncio.to_thread(protocol.authorization_url, begun.provider, begun.state)
    response = RedirectResponse(url, SEE_OTHER)
    response.set_cookie(
        COOKIE,
        begun.browser_secret,
        max_age=int(LIVES[TokenPurpose.OAUTH].total_seconds()),
        httponly=True,
        secure=settings().is_https,
        samesite="lax",
        path="/api/auth/oauth/",
    )
    return response


@router.get(PATH + "/callback")
async def come_back(request: Request, name: str) -> Response:
    """Take what the provider sent; every failure is a page that leads back to the door."""
    query = request.query_params
    if "error" in query:
        raise ProviderDeclined
    state = query.get("state", "")
    came = await transact(
        accounts.come_back, name, state=state, browser_secret=request.cookies.get(COOKIE, "")
    )
    code = query.get("code", "")
    identity = await asyncio.to_thread(protocol.identify, came.provider, state=state, code=code)
    return await _answer(await transact(accounts.decide, came, identity, client_of(request)))


@router.post("/sign-in/link")
async def link(request: Request) -> Response:
    """Sign in by password to add the identity that waits."""
    form = await read_form(request)
    ticket, email = form.get("ticket", ""), form.get("email", "")
    try:
        await count(
            request, (Limit.SIGN_IN_ACCOUNT, account_key(email)), (Limit.SIGN_IN_ADDRESS, "")
        )
        outcome = await hashing(
            sign_ins.sign_in,
            email=email,
            password=form.get("password", ""),
            code=form.get("code") or None,
            client=client_of(request),
        )
        token = outcome.token_or_raise()
        target = await transact(accounts.link_waiting, ticket, token)
    except SecondFactorRequired as step:
        return again("link_account.html", form, step, ticket=ticket, asks_code=True)
    except AppError as error:
        return again("link_account.html", form, error, ticket=ticket, asks_code="code" in form)
    return await _answer(SignedIn(token, target))


class ProviderDeclined(PermissionDenied):
    """The person, or the provider, said no."""

    code = "provider_declined"

    def __init__(self) -> None:
        super().__init__(_("The provider did not let you in. Please try again, or another way."))


async def _answer(outcome: Outcome) -> Response:
    match outcome:
        case Refused():
            raise outcome.error
        case SignedIn():
            response = await signed_in(outcome.token, safe_next(outcome.target))
        case CodeNeeded():
            response = render(
                "second_factor.html", ticket=outcome.ticket, next=next_of(outcome.target)
            )
        case Linked():
            response = RedirectResponse(safe_next(outcome.target), SEE_OTHER)
        case PasswordNeeded():
            response = render(
                "link_account.html",
                ticket=outcome.ticket,
                values={"email": outcome.email or ""},
                next=next_of(outcome.target),
                asks_code=False,
            )
        case _:
            assert_never(outcome)
    response.delete_cookie(COOKIE, path="/api/auth/oauth/")
    return response

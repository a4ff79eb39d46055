"""Signing in, perhaps with a code, and signing out."""

import time

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app import web
from app.errors import AppError
from app.i18n import gettext as _
from app.pages.doors.door import (
    HOME,
    NEW_WORKSPACE,
    SEE_OTHER,
    again,
    new_router,
    next_of,
    read_form,
    require_filled,
    signed_in,
)
from app.services import oauth, sign_ins
from app.services.rate_limits import Limit, account_key
from app.services.sign_ins import SecondFactorRequired
from app.templating import render
from app.web import (
    client_of,
    count,
    find_session,
    hashing,
    person_of,
    require_same_origin,
    safe_next,
    take_as_long_as_any,
    transact,
)

router = new_router()


@router.get("/sign-in")
async def sign_in_form(request: Request) -> Response:
    """Show the form; who is signed in goes straight on."""
    target = request.query_params.get("next")
    if await find_session(request):
        return RedirectResponse(safe_next(target), SEE_OTHER)
    if await person_of(request):  # signed in, and in no workspace at the moment
        return RedirectResponse(NEW_WORKSPACE, SEE_OTHER)
    return render(
        "sign_in.html",
        next=next_of(target),
        providers=oauth.providers(),
        values={"email": request.query_params.get("email", "")[:254]},
        notice=_notice(request.query_params.get("notice")),
    )


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Check the password, set the cookie, go where the person wanted to go."""
    began = time.monotonic()
    form = await read_form(request)
    try:
        require_filled(
            form, {"email": _("Write your e-mail address."), "password": _("Write your password.")}
        )
        await count(
            request,
            (Limit.SIGN_IN_ACCOUNT, account_key(form["email"])),
            (Limit.SIGN_IN_ADDRESS, ""),
        )
        outcome = await hashing(
            sign_ins.sign_in,
            email=form["email"],
            password=form["password"],
            client=client_of(request),
        )
        token = outcome.token_or_raise()
    except SecondFactorRequired as step:
        return render("second_factor.html", ticket=step.ticket, next=next_of(form.get("next")))
    except AppError as error:
        await take_as_long_as_any(began)
        return again("sign_in.html", form, error, providers=oauth.providers(), notice=None)
    return await signed_in(token, safe_next(form.get("next")))


@router.post("/sign-in/code")
async def sign_in_with_code(request: Request) -> Response:
    """Check the code that the password alone was not enough for."""
    form = await read_form(request)
    ticket = form.get("ticket", "")
    try:
        require_filled(form, {"code": _("Type the code that your authenticator app shows.")})
        outcome = await transact(
            sign_ins.finish, ticket=ticket, code=form["code"], client=client_of(request)
        )
        token = outcome.token_or_raise()
    except AppError as error:
        return again("second_factor.html", {**form, "code": ""}, error, ticket=ticket)
    return await signed_in(token, safe_next(form.get("next")))


@router.get("/sign-out")
async def sign_out_form(request: Request) -> Response:
    """Ask: a link that signs out would be a link that anybody can send."""
    if not await person_of(request):
        return RedirectResponse("/sign-in", SEE_OTHER)
    return render("sign_out.html", back=HOME if await find_session(request) else NEW_WORKSPACE)


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """End the session and its open pages."""
    require_same_origin(request)
    response = RedirectResponse("/sign-in", SEE_OTHER)
    await web.sign_out(request, response)
    return response


def _notice(name: str | None) -> str | None:
    """Return the sentence above the form; a name that we do not know says nothing."""
    return {
        "password": _("Your password was changed. Sign in with the new one."),
        "ended": _("You were signed out. Sign in again to go on."),
    }.get(name or "")

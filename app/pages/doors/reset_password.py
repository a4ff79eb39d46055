"""A forgotten password: ask for a link, then choose another password with it."""

import time

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.errors import AppError
from app.i18n import gettext as _
from app.pages.doors.door import SEE_OTHER, again, new_router, read_form, require_filled
from app.services import password_changes, passwords
from app.services.rate_limits import Limit, account_key
from app.services.tokens import TokenSpent
from app.templating import render
from app.web import client_of, count, forget_sessions, hashing, take_as_long_as_any, transact

router = new_router()


@router.get("/reset-password")
async def form_of(request: Request) -> Response:
    """Ask for the address, or, behind a mailed link, for the new password."""
    token = request.query_params.get("token")
    if token is None:
        return render("forgot_password.html")
    if not await transact(password_changes.is_live, token):
        raise TokenSpent
    return render("reset_password.html", token=token)


@router.post("/reset-password")
async def reset(request: Request) -> Response:
    """Mail a link, or take the new password of who has one."""
    form = await read_form(request)
    return await (_choose(request, form) if "token" in form else _ask(request, form))


async def _ask(request: Request, form: dict[str, str]) -> Response:
    began = time.monotonic()
    try:
        require_filled(form, {"email": _("Write your e-mail address.")})
        await count(
            request,
            (Limit.RESET_ACCOUNT, account_key(form["email"])),
            (Limit.RESET_ADDRESS, ""),
        )
        await transact(password_changes.ask, form["email"])
    except AppError as error:
        return again("forgot_password.html", form, error)
    await take_as_long_as_any(began)
    return render("forgot_password_sent.html", email=form["email"].strip()[:254])


async def _choose(request: Request, form: dict[str, str]) -> Response:
    try:
        await count(request, (Limit.RESET_ADDRESS, ""))
        chosen = await hashing(passwords.choose, form.get("password", ""))
        await transact(password_changes.reset, form["token"], chosen, ip=client_of(request).ip)
    except TokenSpent:
        raise
    except AppError as error:
        return again("reset_password.html", form, error, token=form["token"])
    forget_sessions()
    return RedirectResponse("/sign-in?notice=password", SEE_OTHER)

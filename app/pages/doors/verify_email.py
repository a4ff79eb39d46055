"""Confirming one's address: the mailed link, and what to do while it does not come."""

from collections.abc import Callable
from typing import Any

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.db import bind_workspace
from app.errors import AppError, NotAuthenticated
from app.pages.doors.door import HOME, SEE_OTHER, again, new_router, read_form
from app.services import sessions, verification
from app.services.rate_limits import Limit
from app.services.sessions import SessionView
from app.templating import render
from app.web import count, find_session, forget_sessions, require_same_origin, transact

router = new_router()
PATH = "/verify-email"
WAITING = "verify_email_sent.html"


@router.get(PATH)
async def form_of(request: Request) -> Response:
    """Show the button: a mail reader that opens links must not use them up.

    Without a link: where it was sent, to who is signed in and has not opened it.
    """
    if token := request.query_params.get("token", ""):
        return render("verify_email.html", token=token)
    session = await find_session(request)
    if session is None:
        return RedirectResponse(f"/sign-in?next={PATH}", SEE_OTHER)
    waiting = await transact(_as, session, verification.awaited)
    if waiting is None:
        return RedirectResponse("/settings/profile", SEE_OTHER)
    return render(WAITING, address=waiting.address, is_sent="sent" in request.query_params)


@router.post(PATH)
async def verify(request: Request) -> Response:
    """Spend the mailed link."""
    form = await read_form(request)
    await count(request, (Limit.VERIFY_ADDRESS, ""))
    await transact(verification.verify, form.get("token", ""))
    forget_sessions()
    target = HOME if await find_session(request) else "/sign-in"
    return render("verified.html", target=target)


@router.post(f"{PATH}/resend")
async def resend(request: Request) -> Response:
    """Mail the link again."""
    return await _mail(request, verification.ask_again)


@router.post(f"{PATH}/address")
async def change_address(request: Request) -> Response:
    """Mail the link to another address, which becomes the person's own when it is opened."""
    form = await read_form(request)
    return await _mail(request, verification.change_address, email=form.get("email", ""))


async def _mail(request: Request, service: Callable[..., None], **values: str) -> Response:
    session = await find_session(request)
    if session is None:
        raise NotAuthenticated
    require_same_origin(request)
    try:
        await count(request, (Limit.VERIFY_ADDRESS, ""))
        await transact(_as, session, service, **values)
    except verification.AlreadyVerified:
        return RedirectResponse("/settings/profile", SEE_OTHER)
    except AppError as error:
        waiting = await transact(_as, session, verification.awaited)
        return again(WAITING, values, error, address=waiting.address if waiting else "")
    return RedirectResponse(f"{PATH}?sent=1", SEE_OTHER)


def _as(session: Session, view: SessionView, service: Callable[..., Any], /, **values: str) -> Any:
    """Run a service for who is signed in, as a click inside would."""
    bind_workspace(session, view.workspace_id)
    sessions.require_live(session, view.actor)
    return service(session, view.actor, **values)

"""The doors, as plain HTML forms: no socket, no script needed, the route sets the cookie."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app import db
from app.config import settings
from app.errors import AppError, Unavailable, ValidationFailed
from app.i18n import gettext as _
from app.services import sessions, users
from app.services.users import Client
from app.templating import error_page, render
from app.web import (
    ForeignOrigin,
    client_of,
    find_session,
    forget_sessions,
    require_same_origin,
    safe_next,
)

HOME = "/dashboard"
SEE_OTHER, TOO_LARGE = 303, 413


class Door(APIRoute):
    """A route that people stand before: its refusals are pages."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def answer_in_words(request: Request) -> Response:
            try:
                return await answer(request)
            except AppError as error:
                return refusal_page(error)
            except HTTPException as error:
                return error_page(
                    error.status_code,
                    _("We could not read this form"),
                    _("Please go back, reload the page and try again."),
                )

        return answer_in_words


router = APIRouter(include_in_schema=False, route_class=Door)


@router.get("/")
async def landing(request: Request) -> Response:
    """Send people on to their work, or to the door."""
    return RedirectResponse(HOME if await find_session(request) else "/sign-in", SEE_OTHER)


@router.get("/sign-in")
async def sign_in_form(request: Request) -> Response:
    """Show the form; who is signed in goes straight on."""
    target = request.query_params.get("next")
    if await find_session(request):
        return RedirectResponse(safe_next(target), SEE_OTHER)
    return render("sign_in.html", next=_next(target))


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Check the password, set the cookie, go where the person wanted to go."""
    form = await _form(request)
    try:
        _require_filled(form)
        token = await asyncio.to_thread(
            _sign_in, form.get("email", ""), form.get("password", ""), client_of(request)
        )
    except AppError as error:
        return _again("sign_in.html", form, error)
    return _signed_in(token, safe_next(form.get("next")))


@router.get("/sign-up")
async def sign_up_form(request: Request) -> Response:
    """Show the form; who is signed in goes straight on."""
    if await find_session(request):
        return RedirectResponse(safe_next(request.query_params.get("next")), SEE_OTHER)
    return render("sign_up.html", next=_next(request.query_params.get("next")))


@router.post("/sign-up")
async def sign_up(request: Request) -> Response:
    """Make the person, the workspace and its trial; sign in."""
    form = await _form(request)
    try:
        token = await asyncio.to_thread(_sign_up, form, client_of(request))
    except AppError as error:
        return _again("sign_up.html", form, error)
    return _signed_in(token, safe_next(form.get("next")))


@router.get("/sign-out")
async def sign_out_form(request: Request) -> Response:
    """Ask: a link that signs out would be a link that anybody can send."""
    if not await find_session(request):
        return RedirectResponse("/sign-in", SEE_OTHER)
    return render("sign_out.html")


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """End the session and its open pages."""
    require_same_origin(request)
    token = request.cookies.get(settings().session_cookie)
    if token:
        await asyncio.to_thread(_sign_out, token)
        forget_sessions()
    response = RedirectResponse("/sign-in", SEE_OTHER)
    response.delete_cookie(settings().session_cookie, path="/", secure=settings().is_https)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def refusal_page(error: AppError) -> Response:
    """Return the page for what was asked for and not done."""
    match error:
        case ForeignOrigin():
            title = _("This did not come from our page")
        case Unavailable():
            title = _("Not available at the moment")
        case _ if error.status == TOO_LARGE:
            title = _("This is too large")
        case _:
            title = _("This did not work")
    return error_page(error.status, title, error.explanation)


def not_found_page() -> Response:
    """Return the page for what does not exist, or is another workspace's: the two look the same."""
    return error_page(
        404, _("There is nothing here"), _("The page does not exist, or it was moved or removed.")
    )


async def _form(request: Request) -> dict[str, str]:
    """Read a form that one of our own pages has sent; a browser always says where it is from."""
    require_same_origin(request)
    async with request.form(max_files=0, max_fields=20) as form:
        return {name: value for name, value in form.items() if isinstance(value, str)}


def _again(template: str, form: dict[str, str], error: AppError) -> Response:
    errors = dict(error.fields) if isinstance(error, ValidationFailed) else {"form": error.message}
    if isinstance(error, users.EmailTaken):
        errors = {"email": error.message}
    if "workspace_name" in errors:
        errors["workspace"] = errors.pop("workspace_name")
    shown: dict[str, Any] = {name: value for name, value in form.items() if name != "password"}
    return render(
        template, status=error.status, errors=errors, values=shown, next=_next(form.get("next"))
    )


def _next(target: str | None) -> str:
    """Return where a form should lead, nothing for the usual place."""
    return safe_next(target, default="")


def _require_filled(form: dict[str, str]) -> None:
    asked = {"email": _("Write your e-mail address."), "password": _("Write your password.")}
    if missing := {name: text for name, text in asked.items() if not form.get(name)}:
        raise ValidationFailed(missing)


def _signed_in(token: str, target: str) -> Response:
    response = RedirectResponse(target, SEE_OTHER)
    response.set_cookie(
        settings().session_cookie,
        token,
        max_age=int(sessions.ABSOLUTE.total_seconds()),
        httponly=True,
        secure=settings().is_https,
        samesite="lax",
        path="/",
    )
    return response


def _sign_in(email: str, password: str, client: Client) -> str:
    with db.transaction() as session:
        return users.sign_in(session, email=email, password=password, client=client)


def _sign_up(form: dict[str, str], client: Client) -> str:
    with db.transaction() as session:
        created = users.sign_up(
            session,
            name=form.get("name", ""),
            email=form.get("email", ""),
            password=form.get("password", ""),
            workspace_name=form.get("workspace", ""),
        )
        return users.start_session(session, created.user_id, client=client)


def _sign_out(token: str) -> None:
    with db.transaction() as session:
        sessions.revoke_token(session, token)

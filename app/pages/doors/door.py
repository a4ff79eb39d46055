"""What all doors share: refusals are pages, forms are our own, signing in sets the cookie."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.errors import (
    AppError,
    MethodNotAllowed,
    NotFound,
    RateLimited,
    Unavailable,
    ValidationFailed,
)
from app.i18n import gettext as _
from app.services import sessions, users
from app.services.tokens import TokenSpent
from app.templating import error_page, render
from app.theme_cookie import cookies_of
from app.web import ForeignOrigin, refuse_foreign_page, safe_next, set_session_cookie, transact

HOME = "/dashboard"
NEW_WORKSPACE = "/workspaces/new"
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


def new_router() -> APIRouter:
    """Return a router whose routes are doors."""
    return APIRouter(include_in_schema=False, route_class=Door)


async def read_form(request: Request) -> dict[str, str]:
    """Read a form; one that another site's page has sent is refused."""
    refuse_foreign_page(request)
    async with request.form(max_files=0, max_fields=20) as form:
        return {name: value for name, value in form.items() if isinstance(value, str)}


def require_filled(form: Mapping[str, str], asked: Mapping[str, str]) -> None:
    """Raise ValidationFailed with the sentence of each field that is empty."""
    if missing := {name: text for name, text in asked.items() if not form.get(name, "").strip()}:
        raise ValidationFailed(missing)


def again(template: str, form: Mapping[str, str], error: AppError, **values: Any) -> Response:
    """Show a form once more, with what was typed (never a password) and what is wrong."""
    errors = dict(error.fields) if isinstance(error, ValidationFailed) else {"form": error.message}
    if isinstance(error, users.EmailTaken):
        errors = {"email": error.message}
    shown = {name: value for name, value in form.items() if "password" not in name}
    response = render(
        template,
        status=error.status,
        errors=errors,
        values=shown,
        next=next_of(form.get("next")),
        **values,
    )
    if isinstance(error, RateLimited):
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


def next_of(target: str | None) -> str:
    """Return where a form should lead, nothing for the usual place."""
    return safe_next(target, default="")


async def signed_in(token: str, target: str) -> Response:
    """Set the cookie of a new sign-in and go on; the theme of the profile comes along."""
    response = RedirectResponse(target, SEE_OTHER)
    set_session_cookie(response, token)
    view = await transact(sessions.find, token)
    for cookie in cookies_of(view.theme, None) if view else []:
        response.headers.append("set-cookie", cookie)
    return response


def refusal_page(error: AppError) -> Response:
    """Return the page for what was asked for and not done."""
    match error:
        case NotFound():
            return not_found_page()
        case ForeignOrigin():
            title = _("This did not come from our page")
        case Unavailable():
            title = _("Not available at the moment")
        case TokenSpent():
            title = _("This link is not good any more")
        case RateLimited():
            title = _("That was too often")
        case _ if error.status == TOO_LARGE:
            title = _("This is too large")
        case _:
            title = _("This did not work")
    page = error_page(error.status, title, error.explanation)
    if isinstance(error, MethodNotAllowed):
        page.headers["Allow"] = ", ".join(error.allowed)
    if isinstance(error, RateLimited):
        page.headers["Retry-After"] = str(error.retry_after_s)
    return page


def not_found_page() -> Response:
    """Return the page for what does not exist, or is another workspace's: the two look the same."""
    return error_page(
        404, _("There is nothing here"), _("The page does not exist, or it was moved or removed.")
    )

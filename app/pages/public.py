"""Everything a visitor can reach: the public pages and the doors, as server-rendered HTML."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app import paths
from app.i18n import gettext as _
from app.pages.doors import (
    dev_mail,
    invitation,
    new_workspace,
    oauth,
    reset_password,
    sign_in,
    sign_up,
    verify_email,
)
from app.pages.doors.door import HOME, SEE_OTHER
from app.templating import error_page
from app.web import find_session

router = APIRouter(include_in_schema=False)
for door in (
    sign_in,
    sign_up,
    verify_email,
    reset_password,
    invitation,
    new_workspace,
    oauth,
    dev_mail,
):
    router.include_router(door.router)


@router.get("/")
async def landing(request: Request) -> Response:
    """Send people on to their work, or to the door."""
    return RedirectResponse(HOME if await find_session(request) else "/sign-in", SEE_OTHER)


@router.get(paths.TOO_MANY_PAGES)
async def too_many_pages(_request: Request) -> Response:
    """Tell somebody why a page of theirs has closed; loading it again at once would close more."""
    return error_page(
        200,
        _("This page was put to rest"),
        _("You have opened so many pages at once that we closed the oldest of them."),
    )

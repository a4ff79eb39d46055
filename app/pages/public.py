"""Everything a visitor can reach: the public pages and the doors, as server-rendered HTML."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.pages.doors import (
    dev_mail,
    invitation,
    new_workspace,
    oauth,
    reset_password,
    sign_in,
    sign_up,
)
from app.pages.doors.door import HOME, SEE_OTHER
from app.web import find_session

router = APIRouter(include_in_schema=False)
for door in (sign_in, sign_up, reset_password, invitation, new_workspace, oauth, dev_mail):
    router.include_router(door.router)


@router.get("/")
async def landing(request: Request) -> Response:
    """Send people on to their work, or to the door."""
    return RedirectResponse(HOME if await find_session(request) else "/sign-in", SEE_OTHER)

"""Making another workspace; also the way on for somebody who is in none."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.errors import AppError, NotAuthenticated
from app.pages.doors.door import HOME, NEW_WORKSPACE, SEE_OTHER, again, new_router, read_form
from app.services import workspaces
from app.services.rate_limits import Limit
from app.templating import render
from app.web import (
    count,
    find_session,
    forget_sessions,
    person_of,
    require_same_origin,
    transact,
)

router = new_router()


@router.get(NEW_WORKSPACE)
async def form_of(request: Request) -> Response:
    """Ask for the name."""
    if await person_of(request) is None:
        return RedirectResponse(f"/sign-in?next={NEW_WORKSPACE}", SEE_OTHER)
    return render("new_workspace.html", has_workspace=bool(await find_session(request)))


@router.post(NEW_WORKSPACE)
async def create(request: Request) -> Response:
    """Make the workspace and go there."""
    form = await read_form(request)
    person = await person_of(request)
    if person is None:
        raise NotAuthenticated
    require_same_origin(request)
    try:
        user_id, sign_in = person
        await count(request, (Limit.FOUND_ACCOUNT, str(user_id)))
        await transact(workspaces.create, user_id, form.get("name", ""), sign_in=sign_in)
    except AppError as error:
        has_workspace = bool(await find_session(request))
        return again("new_workspace.html", form, error, has_workspace=has_workspace)
    forget_sessions()
    return RedirectResponse(HOME, SEE_OTHER)

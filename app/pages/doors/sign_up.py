"""Making an account and a workspace."""

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.errors import AppError
from app.pages.doors.door import SEE_OTHER, again, new_router, next_of, read_form, signed_in
from app.services import oauth, passwords, sign_ins, users
from app.services.passwords import NewPassword
from app.services.rate_limits import Limit
from app.services.sign_ins import Client
from app.templating import render
from app.web import client_of, count, find_session, hashing, safe_next, transact

router = new_router()


@router.get("/sign-up")
async def sign_up_form(request: Request) -> Response:
    """Show the form; who is signed in goes straight on."""
    target = request.query_params.get("next")
    if await find_session(request):
        return RedirectResponse(safe_next(target), SEE_OTHER)
    return render("sign_up.html", next=next_of(target), providers=oauth.providers())


@router.post("/sign-up")
async def sign_up(request: Request) -> Response:
    """Make the person, the workspace and its trial; sign in.

    A fresh account is signed in at once, so a known address cannot look the same here; its owner
    gets a mail (docs/decisions/0023).
    """
    form = await read_form(request)
    try:
        await count(request, (Limit.SIGN_UP_ADDRESS, ""))
        password = await hashing(passwords.choose, form.get("password", ""))
        token = await transact(_sign_up, form, password, client_of(request))
    except AppError as error:
        if isinstance(error, users.EmailTaken):
            await transact(users.tell_owner, form["email"])
        return again("sign_up.html", form, error, providers=oauth.providers())
    return await signed_in(token, safe_next(form.get("next")))


def _sign_up(session: Session, form: dict[str, str], password: NewPassword, client: Client) -> str:
    created = users.sign_up(
        session,
        name=form.get("name", ""),
        email=form.get("email", ""),
        password=password,
        workspace=form.get("workspace", ""),
    )
    return sign_ins.start(session, created.user_id, client=client)

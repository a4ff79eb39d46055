"""An invitation: what it offers, then joining with the account at hand or a new one."""

from typing import Any

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.errors import AppError
from app.pages.doors.door import HOME, SEE_OTHER, again, new_router, read_form, signed_in
from app.services import invitations, passwords, sign_ins
from app.services.invitations import OfferView
from app.services.passwords import NewPassword
from app.services.rate_limits import Limit
from app.services.sign_ins import Client
from app.services.words import role_name
from app.templating import render
from app.web import (
    client_of,
    count,
    forget_sessions,
    hashing,
    person_of,
    require_same_origin,
    transact,
)

router = new_router()
PATH = "/invitations/{token}"


@router.get(PATH)
async def offer_page(request: Request, token: str) -> Response:
    """Say who invites to what, and how to join."""
    offer = await transact(invitations.look_at, token)
    return render("invitation.html", **await _values(request, token, offer))


@router.post(PATH)
async def accept(request: Request, token: str) -> Response:
    """Join: with the sign-in at hand, or with an account that is made for it."""
    form = await read_form(request)
    person = await person_of(request)
    if person is not None:
        require_same_origin(request)
    try:
        if person is not None:
            user_id, sign_in = person
            await transact(invitations.accept, token, user_id, sign_in=sign_in)
            forget_sessions()
            return RedirectResponse(HOME, SEE_OTHER)
        await count(request, (Limit.SIGN_UP_ADDRESS, ""))
        password = await hashing(passwords.choose, form.get("password", ""))
        new_token = await transact(_join, token, form, password, client_of(request))
    except AppError as error:
        offer = await transact(invitations.look_at, token)
        return again("invitation.html", form, error, **await _values(request, token, offer))
    return await signed_in(new_token, HOME)


async def _values(request: Request, token: str, offer: OfferView) -> dict[str, Any]:
    return {
        "token": token,
        "offer": offer,
        "role": role_name(offer.role),
        "person": await person_of(request),
    }


def _join(
    session: Session, token: str, form: dict[str, str], password: NewPassword, client: Client
) -> str:
    user_id = invitations.join(session, token, name=form.get("name", ""), password=password)
    return sign_ins.start(session, user_id, client=client)

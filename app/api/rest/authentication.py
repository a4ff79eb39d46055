"""Signing up, in and out, for programs that stand in for a browser."""

import time
from typing import Any
from uuid import UUID

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app import web
from app.api.rest.operation import NO_CONTENT, new_router, public
from app.api.rest.shapes import Answer, Body, Text
from app.errors import NotAuthenticated, ValidationFailed
from app.services import password_changes, passwords, sessions, sign_ins, users, verification
from app.services.rate_limits import Limit, account_key
from app.services.sessions import SessionView
from app.services.users import EmailTaken
from app.web import (
    client_of,
    count,
    find_session,
    forget_sessions,
    hashing,
    refuse_foreign_page,
    take_as_long_as_any,
    transact,
)

router = new_router("Authentication")
ACCEPTED = 202


class NewAccount(Body):
    """Who signs up, and the workspace that is made for them."""

    email: Text
    password: Text
    name: Text
    workspace_name: Text


class Credentials(Body):
    """Who signs in; `code` where a second factor is on."""

    email: Text
    password: Text
    code: Text | None = None


class Address(Body):
    """Whose password was forgotten."""

    email: Text


class NewPassword(Body):
    """The mailed token and the password to have from now on."""

    token: Text
    password: Text


class MailedToken(Body):
    """The token of a mailed link."""

    token: Text


class User(Answer):
    """The person who is signed in."""

    id: UUID
    name: str
    email: str
    image: str | None
    email_verified: bool
    time_zone: str


class Workspace(Answer):
    """The workspace that the sign-in is in, and what the person is there."""

    id: UUID
    name: str
    logo: str | None
    time_zone: str
    role: str


class SignedIn(Answer):
    """A live sign-in. Who is a member of no workspace has none."""

    user: User
    workspace: Workspace


class Accepted(Answer):
    """The same for everybody: nobody learns here who has an account."""

    status: str = "accepted"


@router.post("/auth/sign-up", status_code=ACCEPTED)
@public
async def sign_up(request: Request, body: NewAccount) -> Accepted:
    """Make an account and a workspace; a known address gets a mail that says so."""
    began = time.monotonic()
    refuse_foreign_page(request)
    await count(request, (Limit.SIGN_UP_ADDRESS, ""))
    try:
        await transact(_sign_up, body, await hashing(passwords.choose, body.password))
    except EmailTaken:
        await transact(users.tell_owner, body.email)
    await take_as_long_as_any(began)
    return Accepted()


@router.post("/auth/sign-in")
@public
async def sign_in(request: Request, body: Credentials) -> SignedIn:
    """Check the password, and the code where one is asked; set the cookie."""
    began = time.monotonic()
    refuse_foreign_page(request)
    await count(
        request, (Limit.SIGN_IN_ACCOUNT, account_key(body.email)), (Limit.SIGN_IN_ADDRESS, "")
    )
    outcome = await hashing(
        sign_ins.sign_in,
        email=body.email,
        password=body.password,
        code=body.code,
        client=client_of(request),
    )
    if outcome.token is None:
        await take_as_long_as_any(began)
    token = outcome.token_or_raise()
    view = await transact(sessions.find, token)
    if view is None:  # a member of no workspace: the browser's doors lead on to making one
        await transact(sessions.revoke_token, token)
        raise NotAuthenticated
    response: Any = JSONResponse(_signed_in(view).model_dump(mode="json", by_alias=True))
    web.set_session_cookie(response, token)
    return response  # type: ignore[no-any-return]  # FastAPI passes a response on as it is


@router.post("/auth/sign-out", status_code=NO_CONTENT)
@public
async def sign_out(request: Request) -> Response:
    """End the sign-in and its open pages."""
    web.require_same_origin(request)
    response = Response(status_code=NO_CONTENT)
    await web.sign_out(request, response)
    return response


@router.get("/auth/session")
@public
async def get_session(request: Request) -> SignedIn:
    """Return who is signed in, and where."""
    view = await find_session(request)
    if view is None:
        raise NotAuthenticated
    return _signed_in(view)


@router.post("/auth/forgot-password", status_code=ACCEPTED)
@public
async def forgot_password(request: Request, body: Address) -> Accepted:
    """Mail a link to who has this address."""
    began = time.monotonic()
    refuse_foreign_page(request)
    await count(request, (Limit.RESET_ACCOUNT, account_key(body.email)), (Limit.RESET_ADDRESS, ""))
    await transact(password_changes.ask, body.email)
    await take_as_long_as_any(began)
    return Accepted()


@router.post("/auth/reset-password", status_code=NO_CONTENT)
@public
async def reset_password(request: Request, body: NewPassword) -> Response:
    """Spend a mailed token on a new password; ends all sign-ins."""
    refuse_foreign_page(request)
    await count(request, (Limit.RESET_ADDRESS, ""))
    chosen = await hashing(passwords.choose, body.password)
    await transact(password_changes.reset, body.token, chosen, ip=client_of(request).ip)
    forget_sessions()
    return Response(status_code=NO_CONTENT)


@router.post("/auth/verify-email", status_code=NO_CONTENT)
@public
async def verify_email(request: Request, body: MailedToken) -> Response:
    """Spend a mailed token: the address is proven."""
    refuse_foreign_page(request)
    await count(request, (Limit.VERIFY_ADDRESS, ""))
    await transact(verification.verify, body.token)
    forget_sessions()
    return Response(status_code=NO_CONTENT)


def _sign_up(session: Session, body: NewAccount, password: passwords.NewPassword) -> None:
    try:
        users.sign_up(
            session,
            name=body.name,
            email=body.email,
            password=password,
            workspace=body.workspace_name,
        )
    except ValidationFailed as error:
        ours = {"workspace": "workspace_name"}  # the form's field has another name than the member
        raise ValidationFailed(
            {ours.get(name, name): sentence for name, sentence in error.fields.items()}
        ) from error


def _signed_in(view: SessionView) -> SignedIn:
    return SignedIn(
        user=User(
            id=view.user_id,
            name=view.user_name,
            email=view.user_email,
            image=view.user_image,
            email_verified=view.is_verified,
            time_zone=view.time_zone,
        ),
        workspace=Workspace(
            id=view.workspace_id,
            name=view.workspace_name,
            logo=view.workspace_logo,
            time_zone=view.workspace_time_zone,
            role=view.role,
        ),
    )

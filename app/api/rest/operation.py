"""How an operation of the REST API runs: who, may they, once only, one transaction, one shape.

The order of refusals is fixed for programs: 401, 429, 403, 422, 404, 402, 409. Who asks and whether
they may is therefore known before FastAPI looks at the body.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from functools import wraps
from typing import Annotated, Any, ParamSpec

from fastapi import APIRouter, Depends
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic.alias_generators import to_camel
from sqlmodel import Session
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from app import db, paths
from app.actor import Actor, Permission
from app.api.refusals import error_response
from app.api.rest.callers import admit, count, headers_of
from app.api.rest.invalid import refusal_of
from app.api.rest.shapes import Refusal
from app.crypto import digest_of
from app.errors import AppError
from app.services import idempotency, sessions
from app.services.idempotency import Answer

P = ParamSpec("P")
Endpoint = Callable[P, BaseModel | None]

NO_CONTENT = 204
IDEMPOTENCY_KEY = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"


class Operation(APIRoute):
    """A route of the REST API. Its endpoint says who may call it: `operation` or `public`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()
        permission: Permission | None = self.endpoint.permission  # type: ignore[attr-defined]  # decorators

        async def handle(request: Request) -> Response:
            try:
                if permission is None:
                    await count(request)
                else:
                    caller = await admit(request)
                    caller.actor.require(permission)
                    request.state.actor = caller.actor
                response = await answer(request)
            except AppError as error:
                response = error_response(error)
            except (RequestValidationError, HTTPException) as error:
                response = error_response(refusal_of(error))
            if (ration := getattr(request.state, "ration", None)) is not None:
                response.headers.update(headers_of(ration))
            return response

        return handle


@dataclass(slots=True)
class Call:
    """One call: who calls, what they sent, and the transaction in which it is done."""

    actor: Actor
    request: Request
    body: bytes
    session: Session = field(init=False)


async def _call_of(request: Request) -> Call:
    return Call(request.state.actor, request, await request.body())


async def _upload_of(request: Request) -> Call:
    """Return a call that brings a file, which stays where the form has put it: on the disk."""
    file = (await request.form()).get("file")
    if not isinstance(file, UploadFile):
        return Call(request.state.actor, request, b"")
    digest = await asyncio.to_thread(digest_of, file.file)
    return Call(request.state.actor, request, digest + (file.filename or "").encode())


UploadCall = Annotated[Call, Depends(_upload_of)]
CurrentCall = Annotated[Call, Depends(_call_of)]


def new_router(tag: str) -> APIRouter:
    """Return a router whose routes are operations, listed under a heading."""
    return APIRouter(
        prefix=paths.API.removesuffix("/"),
        tags=[tag],
        route_class=Operation,
        generate_unique_id_function=lambda route: to_camel(route.name),
        responses={422: {"model": Refusal, "description": "A member is missing or unacceptable."}},
    )


def public(endpoint: Callable[P, Any]) -> Callable[P, Any]:
    """Mark an endpoint that asks for neither key nor sign-in; calls are counted by address."""
    endpoint.permission = None  # type: ignore[attr-defined]  # read by Operation
    return endpoint


def reading(permission: Permission) -> Callable[[Callable[P, Any]], Callable[P, Any]]:
    """Mark an endpoint that answers with something else than JSON, and does so by itself."""

    def decorate(endpoint: Callable[P, Any]) -> Callable[P, Any]:
        endpoint.permission = permission  # type: ignore[attr-defined]  # read by Operation
        return endpoint

    return decorate


def operation(permission: Permission) -> Callable[[Endpoint[P]], Callable[P, Response]]:
    """Run an endpoint, which takes a `call: CurrentCall`, in one transaction of its own.

    What it returns is the answer's JSON; None is 204. A POST with an Idempotency-Key that was
    answered before gets the same answer, and the endpoint does not run.
    """

    def decorate(endpoint: Endpoint[P]) -> Callable[P, Response]:
        @wraps(endpoint)
        def run(*args: P.args, **kwargs: P.kwargs) -> Response:
            call = kwargs["call"]
            assert isinstance(call, Call)  # noqa: S101  # FastAPI passes everything by name
            with db.transaction(call.actor.workspace_id) as call.session:
                if call.actor.session_id is not None:
                    sessions.require_live(call.session, call.actor)
                repeated = _repeatable(call)
                if repeated is not None:
                    known = idempotency.begin(call.session, call.actor, repeated)
                    if known is not None:
                        return _response(known, **{REPLAYED: "true"})
                answer = _answer(call, endpoint(*args, **kwargs))
                if repeated is not None:
                    idempotency.finish(call.session, call.actor, repeated, answer)
            return _response(answer)

        run.permission = permission  # type: ignore[attr-defined]  # read by Operation
        return run

    return decorate


def asking(permission: Permission) -> Callable[[Endpoint[P]], Callable[P, Response]]:
    """Run an endpoint that asks a provider: it opens its own transactions and gets no session."""

    def decorate(endpoint: Endpoint[P]) -> Callable[P, Response]:
        @wraps(endpoint)
        def run(*args: P.args, **kwargs: P.kwargs) -> Response:
            call = kwargs["call"]
            assert isinstance(call, Call)  # noqa: S101  # FastAPI passes everything by name
            repeated = _repeatable(call)
            known = _begin(call, repeated)
            if known is not None:
                return _response(known, **{REPLAYED: "true"})
            try:
                answer = _answer(call, endpoint(*args, **kwargs))
            except Exception:
                _end(call, repeated, None)
                raise
            _end(call, repeated, answer)
            return _response(answer)

        run.permission = permission  # type: ignore[attr-defined]  # read by Operation
        return run

    return decorate


def _begin(call: Call, repeated: idempotency.Request | None) -> Answer | None:
    with db.transaction(call.actor.workspace_id) as session:
        if call.actor.session_id is not None:
            sessions.require_live(session, call.actor)
        if repeated is None:
            return None
        return idempotency.begin(session, call.actor, repeated, life=idempotency.WHILE_ASKING)


def _end(call: Call, repeated: idempotency.Request | None, answer: Answer | None) -> None:
    if repeated is None:
        return
    with db.transaction(call.actor.workspace_id) as session:
        if answer is None:
            idempotency.release(session, call.actor, repeated)
        else:
            idempotency.finish(session, call.actor, repeated, answer)


def _repeatable(call: Call) -> idempotency.Request | None:
    key = call.request.headers.get(IDEMPOTENCY_KEY)
    if key is None or call.request.method != "POST":
        return None
    route = f"POST {call.request.scope['route'].path}"
    url = call.request.url
    return idempotency.request_of(key, route, url.path.encode(), url.query.encode(), call.body)


def _answer(call: Call, result: BaseModel | None) -> Answer:
    if result is None:
        return Answer(NO_CONTENT, b"")
    status: int = call.request.scope["route"].status_code or 200
    return Answer(status, result.model_dump_json(by_alias=True).encode())


def _response(answer: Answer, **headers: str) -> Response:
    media_type = "application/json" if answer.body else None
    return Response(answer.body, answer.status, headers, media_type)

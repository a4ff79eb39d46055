"""How the sandbox's own routes refuse: who may not ask learns nothing of the body, and errors have
the product's shape. Graph's routes answer as Graph does (`graph.py`)."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from fastapi import Depends, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ValidationError

from app.i18n import gettext as _

CODES = {
    401: "not_authenticated",
    403: "permission_denied",
    404: "not_found",
    409: "conflict",
    422: "validation_failed",
}

B = TypeVar("B", bound=BaseModel)


def body_of(model: type[B], access: Callable[..., Any]) -> Callable[..., Awaitable[B]]:
    """Return a dependency that reads the body, after `access` has let the request pass.

    FastAPI itself reads bodies before it asks any dependency.
    """

    async def read(request: Request, _access: Any = Depends(access)) -> B:  # noqa: B008  # FastAPI's way
        try:
            return model.model_validate_json(await request.body())
        except ValidationError as error:
            raise RequestValidationError(error.errors(include_url=False)) from None

    return read


async def answer_refusal(_request: Request, error: Exception) -> JSONResponse:
    """Turn a refusal into the product's error shape."""
    assert isinstance(error, HTTPException)  # noqa: S101  # registered for it
    content = {"code": CODES[error.status_code], "message": error.detail}
    return JSONResponse({"error": content}, error.status_code)


async def answer_invalid(_request: Request, error: Exception) -> JSONResponse:
    """Name the members that are wrong, each with what is wrong about it."""
    assert isinstance(error, RequestValidationError)  # noqa: S101  # registered for it
    content: dict[str, Any] = {
        "code": CODES[422],
        "message": _("This request cannot be understood."),
        "fields": {
            str(one["loc"][0]) if one["loc"] else "body": one["msg"].removeprefix("Value error, ")
            for one in error.errors()
        },
    }
    return JSONResponse({"error": content}, 422)

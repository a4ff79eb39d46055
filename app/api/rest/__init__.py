"""The REST API for client programs: one way in (`operation`), one shape of answers and refusals."""

from functools import lru_cache
from typing import Any

from fastapi import FastAPI

from app.api.rest import authentication, media, messages, phone_numbers, templates
from app.api.rest.document import describe
from app.api.rest.operation import new_router, public

ROUTERS = (
    authentication.router,
    media.router,
    messages.router,
    phone_numbers.router,
    templates.router,
)

_self = new_router("About")


def add_operations(app: FastAPI) -> None:
    """Add every operation of the REST API below /api, and its description."""
    for router in (*ROUTERS, _self):
        app.include_router(router)


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """Return the API's OpenAPI description."""
    return describe([route for router in ROUTERS for route in router.routes])


@_self.get("/openapi.json", include_in_schema=False)
@public
def openapi() -> dict[str, Any]:
    """Return the API's OpenAPI description."""
    return document()

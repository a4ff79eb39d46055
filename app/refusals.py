"""What a refusal looks like before any route is reached: JSON for programs, a page for people."""

from starlette.responses import Response
from starlette.types import Scope

from app import paths
from app.api.refusals import error_response
from app.api.rest.callers import headers_of
from app.errors import AppError
from app.pages.doors import door


def refuse(scope: Scope, error: AppError) -> Response:
    """Answer programs in JSON, with what is left of their calls if they were counted already, and
    people with a page."""
    if scope["path"].startswith(paths.PROGRAMS):
        response = error_response(error)
        if (ration := scope.get("state", {}).get("ration")) is not None:
            response.headers.update(headers_of(ration))
        return response
    return door.refusal_page(error)

"""What no operation answers: an unknown path is 404, a known one asked in a wrong way is 405.

Such calls are counted as all others are, and say what is left.
"""

from collections.abc import Iterator, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match

from app.api.refusals import error_response
from app.api.rest.callers import count_anybody, headers_of
from app.errors import AppError, MethodNotAllowed, NotFound

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


async def refuse_unknown(request: Request, routes: Sequence[BaseRoute]) -> Response:
    """Answer what came past all of these routes."""
    try:
        await count_anybody(request)
        allowed = list(_allowed(request, routes))
        response = error_response(MethodNotAllowed(allowed) if allowed else NotFound())
    except AppError as error:
        response = error_response(error)
    if (ration := getattr(request.state, "ration", None)) is not None:
        response.headers.update(headers_of(ration))
    return response


def _allowed(request: Request, routes: Sequence[BaseRoute]) -> Iterator[str]:
    """Name the methods that one of the routes takes at this path; what can be read has a head."""
    for method in METHODS:
        asked = "GET" if method == "HEAD" else method
        scope = {**request.scope, "method": asked, "path_params": {}}
        if any(route.matches(scope)[0] is Match.FULL for route in routes):
            yield method

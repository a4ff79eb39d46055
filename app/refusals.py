"""What a refusal looks like before any route is reached: JSON for programs, a page for people."""

from starlette.responses import Response
from starlette.types import Scope

from app import paths
from app.api.refusals import error_response
from app.errors import AppError
from app.pages.doors import door


def refuse(scope: Scope, error: AppError) -> Response:
    """Answer programs in JSON, and people with a page."""
    if scope["path"].startswith(paths.PROGRAMS):
        return error_response(error)
    return door.refusal_page(error)

"""Expected failures as the JSON that every program gets: `{"error": {"code", "message"}}`."""

from pydantic.alias_generators import to_camel
from starlette.responses import JSONResponse, Response

from app.errors import AppError, MethodNotAllowed, RateLimited


def error_response(error: AppError) -> Response:
    """Return a failure with its status, and `fields` where single members are wrong."""
    body: dict[str, object] = {"code": error.code, "message": error.message}
    if fields := getattr(error, "fields", None):
        body["fields"] = {_camel(name): sentence for name, sentence in fields.items()}
    response = JSONResponse({"error": body}, error.status)
    if isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = ", ".join(error.allowed)
    if isinstance(error, RateLimited):
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


def _camel(name: str) -> str:
    """Return a field's name as programs write it; a member of a member is named with dots."""
    return ".".join(map(to_camel, name.split(".")))

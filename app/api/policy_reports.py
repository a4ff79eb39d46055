"""What browsers report that a page tried against its content security policy: a line in the log."""

from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from app import log
from app.errors import ValidationFailed
from app.services.rate_limits import Limit
from app.web import count

MAX_LENGTH = 200


class Report(BaseModel):
    """The members that tell what happened; anybody may send them, so they are cut."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    document: str = Field(default="", alias="document-uri")
    directive: str = Field(default="", alias="effective-directive")
    blocked: str = Field(default="", alias="blocked-uri")
    source: str = Field(default="", alias="source-file")


class Envelope(BaseModel):
    """The body, as browsers wrap it."""

    report: Report = Field(alias="csp-report")


async def receive(request: Request) -> Response:
    """204; 422 for what is no report, 429 for too many from one address."""
    await count(request, (Limit.REPORT_ADDRESS, ""))
    try:
        report = Envelope.model_validate_json(await request.body()).report
    except ValidationError as error:
        raise ValidationFailed({}) from error
    log.get(__name__).warning(
        "policy_violated",
        page=_path(report.document),
        directive=report.directive[:MAX_LENGTH],
        blocked=_origin(report.blocked),
        source=_path(report.source),
    )
    return Response(status_code=204)


def _path(address: str) -> str:
    """Return the path of an address: a query may hold secrets."""
    try:
        return urlsplit(address).path[:MAX_LENGTH]
    except ValueError:
        return ""


def _origin(address: str) -> str:
    """Return whose resource it was, or the word for what is no resource (`inline`, `eval`)."""
    try:
        return (urlsplit(address).netloc or address.partition(":")[0])[:MAX_LENGTH]
    except ValueError:
        return ""

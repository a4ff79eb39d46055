"""Every route of the outer application, in the order in which they are tried."""

from fastapi import FastAPI
from pydantic.alias_generators import to_camel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app import paths
from app.api import exports, health, pictures, policy_reports, webhooks
from app.errors import AppError, NotFound


def add_routes(app: FastAPI) -> None:
    """Add the webhook routes first: they are the busiest, and plain Starlette for their speed."""
    app.router.routes[:0] = [
        Route(path, endpoint, methods=methods)
        for path in (paths.WHATSAPP_WEBHOOK, paths.WHATSAPP_WEBHOOK + "/{account}")
        for endpoint, methods in ((webhooks.receive, ["POST"]), (webhooks.verify, ["GET"]))
    ]
    app.router.add_route(paths.HEALTHZ, health.healthz, methods=["GET"])
    app.router.add_route(paths.READYZ, health.readyz, methods=["GET"])
    app.router.add_route("/media/pictures/{picture}", pictures.show, methods=["GET"])
    app.router.add_route("/exports/audit.csv", exports.audit_csv, methods=["GET"])
    app.router.add_route(paths.POLICY_REPORTS, policy_reports.receive, methods=["POST"])
    app.add_exception_handler(AppError, _app_error)


def add_catch_all(app: FastAPI) -> None:
    """Add, after all others, what answers below /api: nothing falls through to a page."""
    app.router.add_route(
        paths.API + "{path:path}", _unknown, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]
    )


async def _unknown(_request: Request) -> Response:
    return error_response(NotFound())


async def _app_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, AppError)  # noqa: S101  # registered for it only
    return error_response(error)


def error_response(error: AppError) -> Response:
    """Return an expected failure as `{"error": {"code", "message", "fields"}}`."""
    body: dict[str, object] = {"code": error.code, "message": error.message}
    if fields := getattr(error, "fields", None):
        body["fields"] = {to_camel(name): sentence for name, sentence in fields.items()}
    return JSONResponse({"error": body}, error.status)

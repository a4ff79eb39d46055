"""Every route of the outer application, in the order in which they are tried."""

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app import paths
from app.api import exports, health, media, pictures, policy_reports, webhooks
from app.api.refusals import error_response
from app.api.rest import add_operations
from app.api.rest.unknown import METHODS, refuse_unknown
from app.errors import AppError


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
    app.router.add_route("/media/files/{file}", media.show, methods=["GET"])
    app.router.add_route("/exports/audit.csv", exports.audit_csv, methods=["GET"])
    add_operations(app)
    app.router.add_route(paths.POLICY_REPORTS, policy_reports.receive, methods=["POST"])
    app.add_exception_handler(AppError, _app_error)


def add_catch_all(app: FastAPI) -> None:
    """Add, after all others, what answers below /api: nothing falls through to a page."""
    routes = list(app.router.routes)

    async def refuse(request: Request) -> Response:
        return await refuse_unknown(request, routes)

    app.router.add_route(paths.API + "{path:path}", refuse, methods=[*METHODS, "OPTIONS"])


async def _app_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, AppError)  # noqa: S101  # registered for it only
    return error_response(error)

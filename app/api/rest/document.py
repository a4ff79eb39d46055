"""The API's own description (OpenAPI 3.1), made from the routes; what FastAPI cannot know is added.

That is: who may call an operation, that a POST may be repeated safely, and how it may be refused.
"""

from collections.abc import Sequence
from typing import Any

from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from app.actor import Permission
from app.api.rest.operation import IDEMPOTENCY_KEY
from app.config import settings
from app.i18n import gettext as _

VERSION = "1"
REFUSAL = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}}
KEY, COOKIE = "apiKey", "session"


def describe(routes: Sequence[BaseRoute]) -> dict[str, Any]:
    """Return the OpenAPI description of some routes."""
    config = settings()
    description = get_openapi(
        title=_("{app} API").format(app=config.app_name),
        version=VERSION,
        summary=_("Read and send WhatsApp messages of a workspace."),
        routes=routes,
        servers=[{"url": config.public_url}],
    )
    description["components"]["securitySchemes"] = {
        KEY: {"type": "http", "scheme": "bearer"},
        COOKIE: {"type": "apiKey", "in": "cookie", "name": config.session_cookie},
    }
    for route in routes:
        if isinstance(route, APIRoute):
            for method in route.methods or ():
                operation = description["paths"][route.path_format][method.lower()]
                _complete(operation, method, getattr(route.endpoint, "permission", None))
    return description


def _complete(operation: dict[str, Any], method: str, permission: Permission | None) -> None:
    refusals = {"429": _("Too many calls in this minute."), "401": _("Who calls is not known.")}
    if permission is not None:
        operation["security"] = [{KEY: []}, {COOKIE: []}]
        operation["x-scope"] = permission.value
        refusals["403"] = _("The scope {scope} is missing.").format(scope=permission.value)
        if method == "POST":
            operation.setdefault("parameters", []).append(_idempotency_key())
            refusals |= {
                "402": _("The plan does not allow it."),
                "409": _("The present state does not allow it."),
            }
        if operation.get("parameters"):
            refusals["404"] = _("It does not exist in this workspace.")
    for status, words in refusals.items():
        operation["responses"].setdefault(status, {"description": words, **REFUSAL})


def _idempotency_key() -> dict[str, Any]:
    return {
        "name": IDEMPOTENCY_KEY,
        "in": "header",
        "required": False,
        "description": _(
            "A text of your own for this request. Sent again within 24 hours, it gets the first"
            " answer, without a second effect."
        ),
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    }

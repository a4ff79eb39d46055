"""The one NiceGUI page of the protected area, under every protected path.

Path, role and ids are resolved before the frame is built, so that 404 is a status and not a
message inside a page. The actor is checked again in every call that a page makes.
"""

from nicegui import ui
from starlette.requests import Request
from starlette.responses import Response

from app.components.call import call
from app.components.shell import Shell
from app.errors import NotFound
from app.ids import parse_id
from app.pages import dashboard, messages, phone_numbers
from app.pages.public import not_found_page
from app.services import conversations, plans
from app.services.sessions import SessionView
from app.web import CurrentSession

PREFIXES = ("/dashboard", "/messages", "/phone-numbers")
PATHS = ("/dashboard", "/messages", "/messages/{conversation}", "/phone-numbers")


def register() -> None:
    """Register the shell under every protected path. Called once by `main`."""
    for path in PATHS:
        ui.page(path)(shell)
    for prefix in PREFIXES:
        ui.page(f"{prefix}/{{rest:path}}")(_missing)


async def shell(request: Request, session: CurrentSession) -> Response | None:
    """Build the frame and the page that the path names."""
    conversation = request.path_params.get("conversation")
    if conversation is not None and not await _exists(session, conversation):
        return not_found_page()
    plan = await call(session.actor, plans.describe)
    Shell(session, plan)
    ui.sub_pages(
        {
            "/dashboard": lambda: dashboard.build(session),
            "/messages": lambda: messages.build(session),
            "/phone-numbers": lambda: phone_numbers.build(session),
        }
    )
    return None


async def _missing(session: CurrentSession) -> Response:  # noqa: ARG001  # only for people inside
    return not_found_page()


async def _exists(session: SessionView, conversation: str) -> bool:
    conversation_id = parse_id(conversation)
    if conversation_id is None:
        return False
    try:
        await call(session.actor, conversations.get, conversation_id)
    except NotFound:
        return False
    return True

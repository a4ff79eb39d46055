"""The one NiceGUI page of the protected area, under every protected path.

Path, role and ids are resolved before the frame is built, so that 404 is a status and not a
message inside a page. The actor is checked again in every call that a page makes.
"""

from collections.abc import Callable
from functools import partial

from nicegui import ui
from starlette.requests import Request
from starlette.responses import Response

from app.actor import Permission
from app.components.call import call
from app.components.notices import Notices
from app.components.shell import Shell
from app.errors import AppError, NotFound
from app.ids import parse_id
from app.pages import dashboard, messages
from app.pages.doors.door import not_found_page, refusal_page
from app.pages.numbers import connect, overview
from app.pages.numbers import number as numbers
from app.pages.settings import audit, developers, profile, security, team, workspace
from app.pages.templates import editor
from app.pages.templates import overview as templates
from app.services import conversations, phone_numbers, plans, workspaces
from app.services.sessions import SessionView
from app.services.templates import drafts
from app.web import CurrentSession

SETTINGS: dict[str, tuple[Permission | None, Callable[[SessionView], None]]] = {
    "/settings/profile": (None, profile.build),
    "/settings/security": (None, security.build),
    "/settings/team": (Permission.MEMBER_READ, team.build),
    "/settings/workspace": (Permission.WORKSPACE_UPDATE, workspace.build),
    "/settings/developers": (Permission.KEY_MANAGE, developers.build),
    "/settings/audit": (Permission.AUDIT_READ, audit.build),
}
# Pages that not every role may open, and the permission that they take.
NEEDED = {path: needed for path, (needed, _page) in SETTINGS.items() if needed is not None} | {
    "/phone-numbers/connect": Permission.NUMBER_CONNECT,
    "/templates/new": Permission.TEMPLATE_MANAGE,
}
# Ids in paths, and how one learns that there is such a row.
ROWS = {"conversation": conversations.get, "number": phone_numbers.get, "template": drafts.get}
PREFIXES = ("/dashboard", "/messages", "/phone-numbers", "/templates", "/settings")
PATHS = (
    "/dashboard",
    "/messages",
    "/messages/{conversation}",
    "/phone-numbers",
    "/phone-numbers/connect",
    "/phone-numbers/{number}",
    "/templates",
    "/templates/new",
    "/templates/{template}",
    *SETTINGS,
)


def register() -> None:
    """Register the shell under every protected path. Called once, by `server`."""
    for path in PATHS:
        ui.page(path)(shell)
    for prefix in PREFIXES:
        ui.page(f"{prefix}/{{rest:path}}")(_missing)


async def shell(request: Request, session: CurrentSession) -> Response | None:
    """Build the frame and the page that the path names."""
    for name, get in ROWS.items():
        row = request.path_params.get(name)
        if row is not None and not await _exists(session, get, row):
            return not_found_page()
    needed = NEEDED.get(request.url.path)
    if needed is not None and not session.actor.may(needed):
        return not_found_page()  # what a role may not open does not exist for it
    try:
        plan = await call(session.actor, plans.describe)
        own = await call(session.actor, workspaces.list_own)
    except AppError as error:  # the database is away, or the session ended just now
        return refusal_page(error)
    Shell(session, plan, own)
    Notices(session)

    def connect_number(number: str = "") -> None:
        session.actor.require(Permission.NUMBER_CONNECT)
        connect.build(session, parse_id(number))

    def show_number(number: str) -> None:
        if (number_id := parse_id(number)) is not None:
            numbers.build(session, number_id)

    def new_template() -> None:
        session.actor.require(Permission.TEMPLATE_MANAGE)
        editor.build(session, None)

    def show_template(template: str) -> None:
        if (template_id := parse_id(template)) is not None:
            editor.build(session, template_id)

    ui.sub_pages(
        {
            "/dashboard": lambda: dashboard.build(session),
            "/messages": lambda: messages.build(session),
            "/phone-numbers": lambda: overview.build(session),
            "/phone-numbers/connect": connect_number,
            "/phone-numbers/{number}": show_number,
            "/templates": lambda: templates.build(session),
            "/templates/new": new_template,
            "/templates/{template}": show_template,
            **{
                path: partial(_settings, session, needed, page)
                for path, (needed, page) in SETTINGS.items()
            },
        }
    )
    return None


def _settings(
    session: SessionView, needed: Permission | None, page: Callable[[SessionView], None]
) -> None:
    """Build a page of the settings, reached by a click inside: the role is asked once more."""
    if needed is not None:
        session.actor.require(needed)
    page(session)


async def _missing(session: CurrentSession) -> Response:  # noqa: ARG001  # only for people inside
    return not_found_page()


async def _exists(session: SessionView, get: Callable[..., object], row: str) -> bool:
    row_id = parse_id(row)
    if row_id is None:
        return False
    try:
        await call(session.actor, get, row_id)
    except NotFound:
        return False
    return True

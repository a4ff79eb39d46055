"""Every route is known to be public, or nobody gets through it without a session or a signature."""

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.source import (
    APP,
    SCREENS,
    modules,
    place,
    report,
    text_of,
    tree_of,
)
from tests.product_routes import routes

# Who answers for these himself: the doors, signed webhooks, health, files of the product.
PUBLIC_PATHS = {
    "/",
    "/sign-in",
    "/sign-in/code",
    "/sign-in/link",
    "/sign-up",
    "/verify-email",
    "/verify-email/resend",
    "/verify-email/address",
    # Not there in production, nor for other machines.
    "/dev/mail",
    "/dev/mail/{mail}",
    "/reset-password",
    "/invitations/{token}",
    # Asks for a sign-in itself, because it takes one that is in no workspace.
    "/workspaces/new",
    "/api/auth/oauth/{name}",
    "/api/auth/oauth/{name}/callback",
    "/sign-out",
    "/too-many-pages",
    "/favicon.ico",
    "/static",
    "/healthz",
    # Ask for the session themselves: they are no pages.
    "/exports/audit.csv",
    "/media/pictures/{picture}",
    "/media/files/{file}",
    "/readyz",
    "/api/policy-reports",
    "/api/webhooks/whatsapp",
    "/api/webhooks/whatsapp/{account}",
    "/api/{path:path}",
    # For programs that stand in for a browser, and for who reads about the API.
    "/api/auth/sign-up",
    "/api/auth/sign-in",
    "/api/auth/sign-out",
    "/api/auth/session",
    "/api/auth/forgot-password",
    "/api/auth/reset-password",
    "/api/auth/verify-email",
    "/api/openapi.json",
    "/api/docs",
}
# The sandbox guards itself: bearer tokens, a session for pages, a derived secret for control.
DEVELOPMENT_ONLY = {"/sandbox"}
NICEGUI = "/_nicegui"
SESSION = "require_session"


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("routes")


def test_every_route_is_public_on_purpose_or_needs_somebody(data_dir: Path) -> None:
    outer = routes(data_dir, "development")["outer"]

    open_routes = [
        route["path"]
        for route in outer[:-1]
        if route["path"] not in PUBLIC_PATHS | DEVELOPMENT_ONLY
        and not route["permission"]
        and not any("session" in name or "actor" in name for name in route["needs"])
    ]

    assert {"/sign-in", "/healthz"} <= {route["path"] for route in outer}
    assert not open_routes, report(
        "Give the route a dependency on the actor, or list it in PUBLIC_PATHS (decision 0004).",
        open_routes,
    )


def test_nicegui_stands_last_and_behind_the_gate(data_dir: Path) -> None:
    last = routes(data_dir, "development")["outer"][-1]

    assert (last["path"], last["app"]) == ("", "Gate"), "NiceGUI authenticates nothing by itself."


def test_every_page_is_behind_the_gate_and_asks_for_the_session(data_dir: Path) -> None:
    found = routes(data_dir, "development")
    prefixes = tuple(found["prefixes"])

    pages = [route for route in found["inner"] if not route["path"].startswith(NICEGUI)]
    unreachable = [route["path"] for route in pages if not route["path"].startswith(prefixes)]
    careless = [route["path"] for route in pages if SESSION not in route["needs"]]

    assert pages
    assert not unreachable, report("The gate answers 404: add the prefix to root.py.", unreachable)
    assert not careless, report("A page takes `session: CurrentSession`.", careless)


def test_production_serves_nothing_of_the_sandbox(data_dir: Path) -> None:
    outer = {route["path"] for route in routes(data_dir, "production")["outer"]}

    assert not outer & DEVELOPMENT_ONLY


def test_technical_paths_are_written_in_one_place() -> None:
    # Pages link to files of the product by constant texts; the sandbox is mounted anywhere.
    apart = (APP / "paths.py", *SCREENS, APP / "sandbox")
    technical = re.compile(r"/(api|static|sandbox|_nicegui(_ws)?|healthz|readyz)(/|$)")

    found = [
        place(path, node.lineno)
        for path in modules().values()
        if not any(path == one or one in path.parents for one in apart)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Constant) and technical.match(text_of(node) or "")
    ]

    assert not found, report("Paths stand in app/paths.py.", found)

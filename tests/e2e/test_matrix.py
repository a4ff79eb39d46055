"""Who gets what from every page and route: one line each; a route without a line fails.

The columns are anonymous, viewer, agent, admin, owner, owner of another workspace, platform admin.
The ids in the paths are acme's; the last two are members of workspaces of their own.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import own_address
from tests.e2e.stack import Stack, Workspace
from tests.product_routes import routes
from tests.waiting import wait_until

CALLERS = ("anonymous", "viewer", "agent", "admin", "owner", "foreign owner", "platform admin")
MATRIX = """
    GET  /                                    303 303 303 303 303 303 303
    GET  /sign-in                             200 303 303 303 303 303 303
    POST /sign-in                             422 422 422 422 422 422 422
    POST /sign-in/code                        422 422 422 422 422 422 422
    POST /sign-in/link                        401 401 401 401 401 401 401
    GET  /sign-up                             200 303 303 303 303 303 303
    POST /sign-up                             422 422 422 422 422 422 422
    GET  /sign-out                            303 200 200 200 200 200 200
    POST /sign-out                            403 403 403 403 403 403 403
    GET  /verify-email                        303 303 303 303 303 303 303
    POST /verify-email                        410 410 410 410 410 410 410
    POST /verify-email/resend                 401 303 303 303 303 303 303
    POST /verify-email/address                401 303 303 303 303 303 303
    GET  /reset-password                      200 200 200 200 200 200 200
    POST /reset-password                      422 422 422 422 422 422 422
    GET  /invitations/{token}                 410 410 410 410 410 410 410
    POST /invitations/{token}                 410 410 410 410 410 410 410
    GET  /workspaces/new                      303 200 200 200 200 200 200
    POST /workspaces/new                      401 422 422 422 422 422 422
    GET  /dev/mail                            200 200 200 200 200 200 200
    GET  /dev/mail/{mail}                     404 404 404 404 404 404 404
    GET  /api/auth/oauth/{name}               404 404 404 404 404 404 404
    GET  /api/auth/oauth/{name}/callback      404 404 404 404 404 404 404

    GET  /dashboard                           303 200 200 200 200 200 200
    GET  /too-many-pages                      200 200 200 200 200 200 200
    GET  /messages                            303 200 200 200 200 200 200
    GET  /messages/{conversation}             303 200 200 200 200 404 404
    GET  /phone-numbers                       303 200 200 200 200 200 200
    GET  /phone-numbers/connect               303 404 404 200 200 200 200
    GET  /phone-numbers/{number}              303 200 200 200 200 404 404
    GET  /templates                           303 200 200 200 200 200 200
    GET  /templates/new                       303 404 404 200 200 200 200
    GET  /templates/{template}                303 200 200 200 200 404 404
    GET  /settings/profile                    303 200 200 200 200 200 200
    GET  /settings/security                   303 200 200 200 200 200 200
    GET  /settings/team                       303 200 200 200 200 200 200
    GET  /settings/workspace                  303 404 404 200 200 200 200
    GET  /settings/developers                 303 404 404 200 200 200 200
    GET  /settings/audit                      303 404 404 200 200 200 200
    GET  /exports/audit.csv                   401 403 403 200 200 200 200
    GET  /media/pictures/{picture}            401 200 200 200 200 404 404
    GET  /media/files/{file}                  401 404 404 404 404 404 404

    POST /api/auth/sign-up                    422 422 422 422 422 422 422
    POST /api/auth/sign-in                    422 422 422 422 422 422 422
    POST /api/auth/sign-out                   403 403 403 403 403 403 403
    GET  /api/auth/session                    401 200 200 200 200 200 200
    POST /api/auth/forgot-password            422 422 422 422 422 422 422
    POST /api/auth/reset-password             422 422 422 422 422 422 422
    POST /api/auth/verify-email               422 422 422 422 422 422 422
    GET  /api/messages                        401 200 200 200 200 200 200
    POST /api/messages                        401 403 201 201 201 404 404
    GET  /api/messages/{id}                   401 200 200 200 200 404 404
    POST /api/media                           401 403 422 422 422 422 422
    GET  /api/media/{id}                      401 200 200 200 200 404 404
    GET  /api/media/{id}/content              401 200 200 200 200 404 404
    GET  /api/phone-numbers                   401 200 200 200 200 200 200
    POST /api/phone-numbers                   401 403 403 422 422 422 422
    GET  /api/phone-numbers/{id}              401 200 200 200 200 404 404
    PATCH /api/phone-numbers/{id}             401 403 403 200 200 404 404
    POST /api/phone-numbers/{id}/request-code 401 403 403 409 409 404 404
    POST /api/phone-numbers/{id}/verify-code  401 403 403 409 409 404 404
    POST /api/phone-numbers/{id}/register     401 403 403 409 409 404 404
    DELETE /api/phone-numbers/{id}            401 403 403 204 404 404 404
    GET  /api/templates                       401 200 200 200 200 200 200
    POST /api/templates                       401 403 403 422 422 422 422
    GET  /api/templates/{id}                  401 200 200 200 200 404 404
    PATCH /api/templates/{id}                 401 403 403 200 200 404 404
    DELETE /api/templates/{id}                401 403 403 204 404 404 404
    GET  /api/openapi.json                    200 200 200 200 200 200 200
    GET  /api/docs                            200 200 200 200 200 200 200
    GET  /api/{path:path}                     404 404 404 404 404 404 404

    GET  /api/webhooks/whatsapp               403 403 403 403 403 403 403
    POST /api/webhooks/whatsapp               401 401 401 401 401 401 401
    GET  /api/webhooks/whatsapp/{account}     403 403 403 403 403 403 403
    POST /api/webhooks/whatsapp/{account}     401 401 401 401 401 401 401
    POST /api/policy-reports                  422 422 422 422 422 422 422
    GET  /healthz                             200 200 200 200 200 200 200
    GET  /readyz                              200 200 200 200 200 200 200
    GET  /favicon.ico                         200 200 200 200 200 200 200

    GET  /sandbox/phone                       303 200 200 200 200 200 200
    POST /sandbox/control                     401 422 422 422 422 422 422
    GET  /sandbox/graph/v25.0/{number}        401 401 401 401 401 401 401
"""
LINES = [tuple(line.split()) for line in MATRIX.strip().splitlines() if line.strip()]
MOUNTS = {"/static", "/sandbox", ""}  # their lines, if any, are for a few of what is in them
# What a route answers as somebody who fills in nothing; the ones that need more say it here.
BODIES: dict[str, dict[str, Any]] = {
    "PATCH /api/phone-numbers/{id}": {"displayName": "Counter"},
    "POST /api/phone-numbers/{id}/request-code": {"method": "SMS"},
    "POST /api/phone-numbers/{id}/verify-code": {"code": "123456"},
    "POST /api/phone-numbers/{id}/register": {"pin": "123456"},
    "PATCH /api/templates/{id}": {"name": "order_update", "submit": False},
    "POST /api/messages": {"type": "text", "content": {"text": "Hello"}},
}
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63f8cf"
    "c0f01f0005000195a2e7d50000000049454e44ae426082"
)


class House:
    """Acme with a member of each role, their sign-ins, and the ids that stand in the paths."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._acme = stack.workspace("Acme")
        self.headers = self._sign_everybody_in(stack.workspace("Rival"))
        stack.receive(self._acme, [("Hello", 5)], name="Ana")
        self.ids = self._ids()

    def _sign_everybody_in(self, rival: Workspace) -> dict[str, dict[str, str]]:
        password = self._acme.password
        people = {"owner": self._acme.email, "foreign owner": rival.email}
        for role in ("viewer", "agent", "admin"):
            people[role] = self._stack.colleague(self._acme, role.title(), role=role.upper()).email
        people["platform admin"] = f"root{self._acme.meta_id}@example.com"
        self._stack.cli(
            "create-user", "--email", people["platform admin"], "--password", password,
            "--workspace", "Operator", "--admin",
        )  # fmt: skip
        return {"anonymous": {}} | {
            name: {"Cookie": self._cookie(email, password)} for name, email in people.items()
        }

    def _cookie(self, email: str, password: str) -> str:
        answer = httpx.post(
            f"{self._stack.base_url}/api/auth/sign-in",
            json={"email": email, "password": password},
            headers=own_address(),
            trust_env=False,
        )
        assert answer.status_code == 200, answer.text
        return f"sid={answer.cookies['sid']}"

    def _file(self) -> str:
        """Bring a file, as the owner, and return its id."""
        base_url = self._stack.base_url
        answer = httpx.post(
            f"{base_url}/api/media",
            files={"file": ("note.txt", b"A note", "text/plain")},
            headers=self.headers["owner"] | {"Origin": base_url},
            trust_env=False,
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["media"]["id"])

    def _ids(self) -> dict[str, str]:
        workspace = self._acme.workspace_id
        stack = self._stack

        def one(statement: str) -> str:
            ((found,),) = stack.query(statement)
            return str(found)

        own = f"WHERE workspace_id = '{workspace}'"  # our own id
        wait_until(lambda: stack.query(f"SELECT 1 FROM messages {own}") != [])  # noqa: S608  # same
        return {
            "conversation": one(f"SELECT id FROM conversations {own}"),  # noqa: S608  # same
            "message": one(f"SELECT id FROM messages {own}"),  # noqa: S608  # same
            "media": self._file(),
            "contact": one(f"SELECT contact_id FROM messages {own}"),  # noqa: S608  # same
            "number": one(f"SELECT id FROM phone_numbers {own}"),  # noqa: S608  # same
            "account": one(f"SELECT id FROM whatsapp_accounts {own}"),  # noqa: S608  # same
            "template": one(
                "INSERT INTO templates (id, workspace_id, account_id, name, language, category,"  # noqa: S608  # same
                " status, components) SELECT gen_random_uuid(), workspace_id, id, 'order_update',"
                " 'en_US', 'UTILITY', 'DRAFT', '[{\"type\": \"BODY\", \"text\": \"Hello.\"}]'"
                f" FROM whatsapp_accounts {own} RETURNING id"
            ),
            "picture": one(
                "INSERT INTO pictures (id, data, workspace_id)"  # noqa: S608  # same
                f" VALUES (gen_random_uuid(), '\\x{PNG.hex()}', '{workspace}') RETURNING id"
            ),
        }


@pytest.fixture(scope="module")
def house(stack: Stack) -> House:
    return House(stack)


@pytest.fixture(scope="module")
def http(stack: Stack) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=stack.base_url, trust_env=False) as client:
        yield client


@pytest.mark.parametrize("line", LINES, ids=lambda line: " ".join(line[:2]))
def test_everybody_gets_what_is_theirs(
    http: httpx.Client, house: House, line: tuple[str, ...]
) -> None:
    method, route, *expected = line
    path = filled(route, house.ids)
    body = BODIES.get(f"{method} {route}")
    if route == "/api/messages" and body is not None:
        body = body | {"phoneNumberId": house.ids["number"], "contactId": house.ids["contact"]}
    is_form = not route.startswith("/api/auth/")

    answers = {}
    for caller in CALLERS:
        headers = house.headers[caller] | own_address()
        if "sign-out" not in route and method != "GET":
            headers["Origin"] = str(http.base_url).rstrip("/")
        request: dict[str, Any] = (
            {"json": body} if body else {"data": {"x": "1"}} if is_form else {}
        )
        answer = http.request(method, path, headers=headers, **(request if method != "GET" else {}))
        answers[caller] = str(answer.status_code)

    assert answers == dict(zip(CALLERS, expected, strict=True))


def test_every_route_has_a_line(tmp_path: Path) -> None:
    found = routes(tmp_path, "development")
    outer = {
        (method, route["path"])
        for route in found["outer"]
        for method in route["methods"]
        if method in {"GET", "POST"} or route["path"] != "/api/{path:path}"
    }
    every = {one for one in outer if one[0] != "HEAD"} | {("GET", path) for path in found["pages"]}
    mounts = {route["path"] for route in found["outer"] if not route["methods"]}

    lines = {(method, path) for method, path, *_statuses in LINES}

    assert mounts <= MOUNTS
    assert {one for one in every - lines if one[1] != "/api/{path:path}"} == set()
    assert {path for _method, path in lines - every if not path.startswith("/sandbox/")} == set()
    assert len(lines) == len(LINES)


def test_an_unknown_path_below_a_page_is_404_for_people_and_nothing_for_others(
    http: httpx.Client, house: House
) -> None:
    for path in ("/dashboard/x", "/messages/x", "/settings/x", "/admin", "/admin/users"):
        anonymous = http.get(path, headers=own_address())
        assert anonymous.status_code in {303, 404}
        for caller in CALLERS[1:]:
            answer = http.get(path, headers=house.headers[caller] | own_address())
            assert answer.status_code == 404, (path, caller)


def filled(route: str, ids: dict[str, str]) -> str:
    """Return the path of a route with acme's ids, and with nonsense where no row is meant."""
    named = {"phone-numbers": "number", "templates": "template", "media": "media"}
    meant = next((row for part, row in named.items() if part in route), "message")
    known = ids | {"id": ids[meant]}
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda found: known.get(found[1], "nonsense"), route)

"""What the outermost layer adds and refuses, whatever answers behind it."""

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.config import configure
from app.edge import Edge
from app.refusals import refuse
from app.web import allowed_hosts

HOST = "inbox.example.com"


async def echo(request: Request) -> Response:
    forwarded = [name for name in request.headers if "forwarded" in name]
    return Response(f"{request.client and request.client.host} {forwarded}")


def client(environment: str, scheme: str) -> httpx.AsyncClient:
    settings = configure(environment=environment, base_url=f"{scheme}://{HOST}")
    routes = [Route("/{path:path}", echo, methods=["GET", "POST"])]
    app = Starlette(routes=routes)
    edge = Edge(app, settings=settings, hosts=allowed_hosts(), refuse=refuse)
    return httpx.AsyncClient(transport=httpx.ASGITransport(edge), base_url=f"{scheme}://{HOST}")


@pytest.mark.parametrize(
    ("environment", "scheme", "is_strict"),
    [("production", "https", True), ("production", "http", False), ("development", "https", False)],
)
async def test_browsers_are_held_to_https_where_production_has_it(
    environment: str, scheme: str, *, is_strict: bool
) -> None:
    async with client(environment, scheme) as asking:
        answer = await asking.get("/x")
        foreign = await asking.get("/x", headers={"Host": "evil.example"})

    expected = "max-age=31536000; includeSubDomains" if is_strict else None
    assert answer.headers.get("strict-transport-security") == expected
    assert foreign.status_code == 421
    assert foreign.headers.get("strict-transport-security") == expected


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND"])
async def test_a_method_that_nobody_knows_is_refused_before_any_route(method: str) -> None:
    async with client("development", "http") as asking:
        answer = await asking.request(method, "/x")

    assert answer.status_code == 405
    assert answer.headers["allow"].startswith("GET, HEAD, POST")
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize(
    ("method", "host", "status", "code"),
    [("TRACE", HOST, 405, "method_not_allowed"), ("GET", "evil.example", 421, "foreign_host")],
)
async def test_programs_are_refused_in_their_shape(
    method: str, host: str, status: int, code: str
) -> None:
    async with client("development", "http") as asking:
        answer = await asking.request(method, "/api/messages", headers={"Host": host})

    assert answer.status_code == status
    assert answer.json()["error"]["code"] == code
    assert answer.headers["x-request-id"]
    assert answer.headers["cache-control"] == "no-store"
    assert ("allow" in answer.headers) is (status == 405)


@pytest.mark.parametrize(
    "name", ["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Prefix", "Forwarded"]
)
async def test_what_a_stranger_forwards_is_not_believed(name: str) -> None:
    async with client("development", "http") as asking:
        answer = await asking.get("/x", headers={name: "203.0.113.9"})

    assert answer.text == "127.0.0.1 []"

"""Who a request is from: the connection itself, or what a configured proxy says, nobody else."""

import asyncio

import httpx
import pytest
from fastapi import FastAPI
from starlette.requests import Request

from app.api.routes import add_routes
from app.config import configure, settings
from app.edge import Edge
from app.refusals import refuse
from app.services import rate_limits
from app.services.rate_limits import AMOUNTS, Limit, address_key
from app.web import allowed_hosts, client_of

PROXIES = ("10.0.0.0/8", "2001:db8:ffff::/48", "192.0.2.1")
BASE = "http://127.0.0.1:8000"
EVE, ANA = "203.0.113.7", "198.51.100.9"


def ask(peer: str, *forwarded: str, path: str = "/who", **body: str) -> httpx.Response:
    return asyncio.run(_ask(peer, forwarded, path, body))


async def _ask(
    peer: str, forwarded: tuple[str, ...], path: str, body: dict[str, str]
) -> httpx.Response:
    app = FastAPI()
    app.add_api_route("/who", _who, methods=["POST"])
    add_routes(app)
    edge = Edge(app, settings=settings(), hosts=allowed_hosts(), refuse=refuse)
    transport = httpx.ASGITransport(edge, client=(peer, 40000))
    headers = [("X-Forwarded-For", value) for value in forwarded]
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
        return await client.post(path, headers=headers, json=body)


async def _who(request: Request) -> str | None:
    return client_of(request).ip


@pytest.mark.parametrize(
    ("peer", "forwarded", "seen"),
    [
        (EVE, (), EVE),
        (EVE, (ANA,), EVE),
        (EVE, ("10.0.0.1", ANA), EVE),
        ("10.0.0.1", (ANA,), ANA),
        ("10.0.0.1", (), "10.0.0.1"),
        ("10.0.0.1", ("",), "10.0.0.1"),
        # What a caller makes up stands before what the first proxy has added.
        ("10.0.0.1", (f"{ANA}, {EVE}",), EVE),
        ("10.0.0.1", (f"10.9.9.9, {EVE}",), EVE),
        ("10.0.0.1", (f"{ANA}, {EVE}, 10.0.0.3, 192.0.2.1",), EVE),
        ("192.0.2.1", (f"{EVE} ,10.0.0.3",), EVE),
        ("10.0.0.1", ("10.0.0.2, 10.0.0.3",), "10.0.0.1"),
        # Two lines of one header are one list.
        ("10.0.0.1", (ANA, EVE), EVE),
        ("10.0.0.1", (EVE, "10.0.0.3"), EVE),
        ("2001:db8:ffff::1", ("2001:db8:1::5",), "2001:db8:1::5"),
        ("2001:db8:ffff::1", ("2001:db8:1::5, 2001:db8:ffff::2",), "2001:db8:1::5"),
        ("2001:db8:1::5", (ANA,), "2001:db8:1::5"),
        # How a socket for both families names a proxy, and how some write IPv6 and ports.
        ("::ffff:10.0.0.1", (ANA,), ANA),
        ("10.0.0.1", ("[2001:db8:1::5]:4711",), "2001:db8:1::5"),
        ("10.0.0.1", (f"{ANA}:4711",), ANA),
        # What is no address is nobody's: the last hop that is known counts.
        ("10.0.0.1", ("unknown",), "10.0.0.1"),
        ("10.0.0.1", (f"{ANA}, <script>",), "10.0.0.1"),
    ],
)
def test_address_is_that_of_the_last_hop_that_is_no_proxy_of_ours(
    peer: str, forwarded: tuple[str, ...], seen: str
):
    configure(trusted_proxies=PROXIES)

    assert ask(peer, *forwarded).json() == seen


def test_nobody_is_believed_where_no_proxy_is_configured():
    assert ask("127.0.0.1", ANA).json() == "127.0.0.1"


def test_limit_of_sign_ins_cannot_be_dodged_by_a_forged_address():
    configure(trusted_proxies=PROXIES)
    for _try in range(AMOUNTS[Limit.SIGN_IN_ADDRESS][0]):
        rate_limits.require((Limit.SIGN_IN_ADDRESS, address_key(EVE)))

    def sign_in(peer: str, *forwarded: str) -> int:
        body = {"email": "ana@example.com", "password": "wrong"}
        return ask(peer, *forwarded, path="/api/auth/sign-in", **body).status_code

    assert [sign_in(EVE), sign_in(EVE, ANA), sign_in(EVE, "10.0.0.1")] == [429] * 3
    assert [sign_in("10.0.0.1", EVE), sign_in("10.0.0.1", f"{ANA}, {EVE}")] == [429] * 2
    assert sign_in("10.0.0.1", f"{EVE}, {ANA}") == 401
    assert sign_in(ANA) == 401

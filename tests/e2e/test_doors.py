"""Signing up, in and out; nobody gets past the door without a live session."""

import socket
import struct
import time

import httpx
import pytest
from playwright.sync_api import Page, expect
from websockets.exceptions import InvalidStatus

from tests.e2e.conftest import Person, ready
from tests.e2e.raw_socket import raw_socket
from tests.e2e.stack import Stack, Workspace

PRIVATE = ["/dashboard", "/messages", "/messages/x", "/phone-numbers"]


@pytest.fixture(scope="module")
def shop(stack: Stack) -> Workspace:
    return stack.workspace("Doors")


@pytest.mark.parametrize("path", PRIVATE)
def test_without_a_session_a_page_leads_to_the_door(stack: Stack, path: str) -> None:
    answer = httpx.get(stack.base_url + path, trust_env=False)

    assert answer.status_code == 303
    assert answer.headers["location"] == f"/sign-in?next={path.replace('/', '%2F')}"
    assert "set-cookie" not in answer.headers


def test_without_a_session_nothing_of_nicegui_answers(stack: Stack) -> None:
    with httpx.Client(base_url=stack.base_url, trust_env=False) as client:
        assert client.get("/_nicegui/client/abc/upload/1").status_code == 401
        assert client.get("/_nicegui/auto/static/x").status_code == 401
        assert client.get("/_nicegui_ws/socket.io/?EIO=4&transport=polling").status_code == 401
    with pytest.raises(InvalidStatus), raw_socket(stack.base_url, {}):
        pass


def test_unknown_paths_are_404_and_foreign_hosts_421(stack: Stack) -> None:
    with httpx.Client(base_url=stack.base_url, trust_env=False) as client:
        assert client.get("/no-such-page").status_code == 404
        assert client.get("/api/no-such-route").json()["error"]["code"] == "not_found"
        assert client.get("/healthz", headers={"Host": "evil.example"}).status_code == 421
        assert client.get("/healthz").status_code == 200
        deadline = time.monotonic() + 10  # the worker reports a moment after the pages are up
        while (state := client.get("/readyz")).status_code != 200 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert state.json() == {
            "database": True, "redis": True, "worker": True, "backlogSeconds": 0.0,
        }  # fmt: skip


def test_wrong_password_and_unknown_address_look_the_same(person: Person, shop: Workspace) -> None:
    page = person()
    shown = []
    for email in (shop.email, "nobody@example.com"):
        page.goto("/sign-in")
        page.get_by_test_id("sign-in-email").fill(email)
        page.get_by_test_id("sign-in-password").fill("not the password")
        page.get_by_test_id("sign-in-submit").click()
        alert = page.get_by_test_id("form-error")
        expect(alert).to_be_visible()
        shown.append(alert.inner_text())
        assert page.get_by_test_id("sign-in-email").input_value() == email
    assert shown[0] == shown[1]


def test_sign_in_goes_where_one_wanted_to_go_but_never_to_another_site(
    person: Person, shop: Workspace
) -> None:
    page = person()
    page.goto("/phone-numbers")
    page.get_by_test_id("sign-in-email").fill(shop.email)
    page.get_by_test_id("sign-in-password").fill(shop.password)
    page.get_by_test_id("sign-in-submit").click()
    page.wait_for_url("**/phone-numbers")

    other = person()
    other.goto("/sign-in?next=//evil.example/x")
    other.get_by_test_id("sign-in-email").fill(shop.email)
    other.get_by_test_id("sign-in-password").fill(shop.password)
    other.get_by_test_id("sign-in-submit").click()
    other.wait_for_url("**/dashboard")


def test_sign_up_explains_what_is_wrong_and_keeps_what_was_typed(
    person: Person, shop: Workspace
) -> None:
    page = person()
    page.goto("/sign-up")
    page.get_by_test_id("sign-up-name").fill("Sam")
    page.get_by_test_id("sign-up-email").fill(shop.email)
    page.get_by_test_id("sign-up-password").fill("password")
    page.get_by_test_id("sign-up-workspace").fill("Sam's shop")
    page.get_by_test_id("sign-up-submit").click()
    expect(page.get_by_text("This password is one of the most common ones")).to_be_visible()
    expect(page.get_by_test_id("sign-up-name")).to_have_value("Sam")

    page.get_by_test_id("sign-up-password").fill("a much better one")
    page.get_by_test_id("sign-up-submit").click()
    expect(page.get_by_text("There is an account with this e-mail address")).to_be_visible()


def test_signing_out_closes_every_open_page_of_the_session(person: Person, shop: Workspace) -> None:
    page = person(shop)
    other = page.context.new_page()
    other.goto("/messages")
    ready(other)
    elsewhere = person(shop)

    page.goto("/sign-out")
    page.get_by_test_id("sign-out-submit").click()
    page.wait_for_url("**/sign-in")

    other.wait_for_url("**/sign-in**", timeout=2_500)
    elsewhere.reload()
    expect(elsewhere.get_by_test_id("nav-inbox")).to_be_visible()
    cookies = {cookie["name"]: cookie for cookie in elsewhere.context.cookies()}
    assert cookies["sid"]["httpOnly"]
    assert cookies["sid"]["sameSite"] == "Lax"
    assert set(cookies) <= {"sid", "theme", "theme_known"}


def test_a_post_from_another_site_is_refused(stack: Stack, shop: Workspace) -> None:
    form = {"email": shop.email, "password": shop.password}
    foreign = {"Origin": "https://evil.example"}
    with httpx.Client(base_url=stack.base_url, trust_env=False) as client:
        assert client.post("/sign-in", data=form, headers=foreign).status_code == 403
        assert client.post("/sign-in", data=form).status_code == 303
        assert client.post("/sign-out", headers=foreign).status_code == 403
        assert client.post("/sign-out").status_code == 403
        assert client.get("/dashboard").status_code == 200


def cookie_of(page: Page) -> str:
    return "; ".join(f"{one['name']}={one['value']}" for one in page.context.cookies())


def test_a_socket_without_the_pages_own_session_gets_nothing(
    person: Person, stack: Stack, shop: Workspace
) -> None:
    rival = stack.workspace("Rival")
    page, foreign = person(shop), person(rival)
    client_id = page.evaluate("window.socket.io.opts.query.client_id")
    headers = {"Cookie": cookie_of(foreign), "Origin": stack.base_url}
    handshake = {"client_id": client_id, "tab_id": "t", "document_id": "d"}

    with raw_socket(stack.base_url, headers) as socket:
        assert socket.call("handshake", handshake) is False
        socket.emit("event", {"id": 1, "client_id": client_id, "listener_id": "x", "args": []})
        assert socket.hears_nothing(1.0)


def test_a_socket_needs_the_tab_that_loaded_the_page_and_survives_nonsense(
    person: Person, stack: Stack, shop: Workspace
) -> None:
    page = person(shop)
    headers = {"Cookie": cookie_of(page), "Origin": stack.base_url}
    client_id = page.evaluate("window.socket.io.opts.query.client_id")

    with raw_socket(stack.base_url, headers) as socket:
        stolen = {"client_id": client_id, "tab_id": "another", "document_id": "d"}
        assert socket.call("handshake", stolen) is False
        for frame in ({}, {"client_id": client_id}, {"client_id": 7, "id": "x"}):
            for event in ("event", "javascript_response", "ack", "log"):
                socket.emit(event, frame)
        assert socket.hears_nothing(0.5)
    page.get_by_test_id("nav-inbox").click()
    page.wait_for_url("**/messages")


def test_a_foreign_origin_cannot_open_a_socket(
    person: Person, stack: Stack, shop: Workspace
) -> None:
    page = person(shop)
    headers = {"Cookie": cookie_of(page), "Origin": "https://evil.example"}
    with pytest.raises(InvalidStatus), raw_socket(stack.base_url, headers):
        pass
    with raw_socket(stack.base_url, {**headers, "Origin": stack.base_url}):
        pass


def test_a_browser_that_goes_away_is_no_error(person: Person, stack: Stack) -> None:
    page = person(stack.workspace("Leaving"))
    script = page.evaluate(
        "performance.getEntriesByType('resource').map(one => new URL(one.name).pathname)"
        ".find(path => path.includes('/components/'))"
    )
    before = len(stack.unexpected_log_lines())

    for _ in range(40):
        with socket.create_connection(("127.0.0.1", stack.port)) as hasty:
            hasty.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            hasty.sendall(f"GET {script} HTTP/1.1\r\nHost: 127.0.0.1:{stack.port}\r\n\r\n".encode())

    assert page.request.get(script).status == 200
    assert len(stack.unexpected_log_lines()) == before


def test_a_socket_that_floods_is_cut_off_and_another_page_works_on(
    person: Person, stack: Stack
) -> None:
    shop = stack.workspace("Flood")  # signing in to the other one is used up
    flooding, other = person(shop), person(shop)
    send = """count => new Promise(resolve => {
        window.socket.once("disconnect", resolve);
        const frame = { client_id: window.clientId, id: 1, listener_id: "none", args: [] };
        for (let n = 0; n < count; n += 1) window.socket.emit("event", frame);
        setTimeout(() => resolve("connected"), 2000);
    })"""

    assert other.evaluate(send, 100) == "connected"
    assert flooding.evaluate(send, 1_000) == "io server disconnect"

    other.get_by_test_id("nav-inbox").click()
    other.wait_for_url("**/messages")
    assert '"socket_floods"' in stack.log_path.read_text()

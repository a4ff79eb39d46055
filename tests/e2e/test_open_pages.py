"""A page acts for one live session only: whatever ends it closes the page, and nothing follows.

The product runs in a process of its own, on services that this process speaks to as well: it ends
sessions as the product would, and looks at the rows. Attackers are raw sockets.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

import httpx
import pytest
from sqlalchemy import make_url
from websockets.exceptions import ConnectionClosed, InvalidStatus

from app import config, db
from app.actor import Actor, Role
from app.db import DbRole
from app.gate.bindings import RECHECK_S
from app.models.enums import Theme
from app.services import (
    passwords,
)
from tests.e2e.open_page import OpenPage
from tests.e2e.raw_socket import RawSocket, raw_socket
from tests.e2e.stack import Stack
from tests.e2e.visitors import ENDS, PASSWORD, Arrive, Visitor
from tests.factories import make_actor, make_membership, make_user, make_workspace
from tests.own_product import own_product
from tests.table_rows import execute
from tests.waiting import wait_until

CLOSES_S = 2.0


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The web process on services of this module."""
    before = config.settings()
    with own_product(tmp_path_factory.mktemp("pages") / "data") as product:
        web = Stack(product.settings.data_dir, product.settings.port, product.environment)
        web.start()
        yield web
        web.stop()
        assert web.unexpected_log_lines() == []
    config._current = before


@pytest.fixture(scope="module")
def replica(web: Stack) -> Iterator[Stack]:
    """Another web process on the same services."""
    replica = Stack(web.data_dir, web.port, {**web.environment})
    replica.move()
    replica.start()
    yield replica
    replica.stop()


@pytest.fixture
def arrive(web: Stack) -> Iterator[Arrive]:
    """Return what lets a member of a workspace sign in; a new member of a new one by default."""
    clients: list[httpx.Client] = []

    def sign_in(actor: Actor | None = None) -> Visitor:
        if actor is None:
            user = make_user(password_hash=passwords.hash_password(PASSWORD))
            workspace = make_workspace()
            make_membership(workspace, user, Role.AGENT)
            actor = Actor(workspace_id=workspace, role=Role.AGENT, user_id=user)
        client = httpx.Client(base_url=web.base_url, trust_env=False)
        clients.append(client)
        return Visitor(web, actor, client, make_actor(actor.workspace_id, Role.OWNER))

    yield sign_in
    for client in clients:
        client.close()


@contextmanager
def nobody_at_the_database() -> Iterator[None]:
    """Let the product's role not in, and cut the connections that it has."""
    role = make_url(db.url(DbRole.APP)).username
    with db.engine(DbRole.APP).begin() as own:
        execute(f'ALTER ROLE "{role}" NOLOGIN')
        try:
            own.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE usename = current_user AND pid <> pg_backend_pid()"
            )
            yield
        finally:
            execute(f'ALTER ROLE "{role}" LOGIN')


def choose(page: OpenPage, socket: RawSocket, who: Visitor, theme: Theme) -> None:
    """Act on a page that may; it is seen in the row."""
    socket.emit("event", page.choosing(theme))
    wait_until(lambda: who.theme == theme)


@pytest.mark.parametrize("cause", ENDS, ids=lambda cause: cause.__name__)
def test_what_ends_a_session_closes_its_pages_and_nothing_follows(
    web: Stack, replica: Stack, arrive: Arrive, cause: Callable[[Visitor], None]
) -> None:
    who = arrive()
    elsewhere = httpx.Client(
        base_url=replica.base_url, trust_env=False, cookies={"sid": who.client.cookies["sid"]}
    )
    page, other = OpenPage(who.client), OpenPage(elsewhere)
    with (
        closing(elsewhere),
        raw_socket(web.base_url, who.cookie) as socket,
        raw_socket(replica.base_url, who.cookie | {"Origin": replica.base_url}) as second,
    ):
        page.join(socket)
        other.join(second)
        choose(other, second, who, Theme.LIGHT)
        choose(page, socket, who, Theme.DARK)

        began = time.monotonic()
        cause(who)
        said = socket.ends_within(CLOSES_S - (time.monotonic() - began))
        second.ends_within(CLOSES_S - (time.monotonic() - began))

        assert any("location.replace('/sign-in')" in frame for frame in said)
        with suppress(ConnectionClosed):
            socket.emit("event", page.choosing(Theme.LIGHT))
    with pytest.raises(InvalidStatus), raw_socket(web.base_url, who.cookie):
        pass
    assert who.client.get("/settings/security").status_code == 303
    time.sleep(0.3)
    assert who.theme == Theme.DARK


def test_no_event_is_heeded_once_the_database_cannot_be_asked(web: Stack, arrive: Arrive) -> None:
    who = arrive()
    page = OpenPage(who.client)
    with raw_socket(web.base_url, who.cookie) as socket:
        page.join(socket)
        choose(page, socket, who, Theme.DARK)
        with nobody_at_the_database():
            time.sleep(RECHECK_S)
            socket.emit("event", page.choosing(Theme.LIGHT))
            assert "not available at the moment" in socket.hears("notify", 20)
            assert who.theme == Theme.DARK
        choose(page, socket, who, Theme.LIGHT)


def test_a_leaked_page_is_worth_nothing_to_another_session(web: Stack, arrive: Arrive) -> None:
    who, thief = arrive(), arrive()
    page, own = OpenPage(who.client), OpenPage(thief.client)
    with raw_socket(web.base_url, who.cookie) as socket:
        page.join(socket)
        choose(page, socket, who, Theme.DARK)
        with raw_socket(web.base_url, thief.cookie) as stolen:
            assert stolen.call("handshake", page.handshake) is False
            own.join(stolen)
            stolen.emit("event", page.choosing(Theme.LIGHT))
            choose(own, stolen, thief, Theme.LIGHT)
        same_person = arrive(who.actor)
        with raw_socket(web.base_url, same_person.cookie) as stolen:
            assert stolen.call("handshake", page.handshake) is False

        time.sleep(0.3)
        assert who.theme == Theme.DARK
        choose(page, socket, who, Theme.LIGHT)


def test_the_log_tells_no_secret_of_a_page(web: Stack, arrive: Arrive) -> None:
    who = arrive()
    page = OpenPage(who.client, "/settings/security?secret=of-the-query")
    with raw_socket(web.base_url, who.cookie, client_id=page.client_id) as socket:
        page.join(socket)
        choose(page, socket, who, Theme.DARK)
    who.client.get(f"/_nicegui/client/{page.client_id}/upload/1?secret=of-the-query")

    wait_until(lambda: '"path":"/_nicegui_ws/socket.io/"' in web.log_path.read_text())
    log = web.log_path.read_text()
    assert "secret=of-the-query" not in log
    assert "client_id=" not in log


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example"]
)
def test_a_foreign_page_opens_no_socket(web: Stack, arrive: Arrive, origin: str) -> None:
    who = arrive()

    with pytest.raises(InvalidStatus), raw_socket(web.base_url, who.cookie | {"Origin": origin}):
        pass


def test_ill_formed_frames_are_counted_and_have_no_effect(web: Stack, arrive: Arrive) -> None:
    who = arrive()
    page = OpenPage(who.client)
    good = page.choosing(Theme.DARK)
    bad: list[Any] = [
        None, 7, "text", [], {}, {"client_id": page.client_id}, good | {"client_id": 7},
        good | {"id": "0"}, good | {"id": None}, good | {"args": "x"}, good | {"args": ["{"]},
        good | {"args": ['"dark"'] * 21}, good | {"args": [{"a": 1}]},
        good | {"listener_id": "unknown"}, good | {"listener_id": [1]},
    ]  # fmt: skip
    with raw_socket(web.base_url, who.cookie) as socket:
        page.join(socket)
        for frame in bad:
            for event in ("event", "javascript_response", "ack", "log", "handshake"):
                socket.emit(event, frame)
        choose(page, socket, who, Theme.DARK)
    for frame in ({"a": [1]}, "list", 7, None, ["dark", "light"]):
        with raw_socket(web.base_url, who.cookie) as socket:
            again = OpenPage(who.client)
            again.join(socket)
            socket.emit("event", again.choosing(frame))
            time.sleep(0.1)

    assert who.theme == Theme.DARK
    wait_until(lambda: '"ill_formed_frames"' in web.log_path.read_text())


def test_a_socket_that_floods_without_a_page_is_cut_off(web: Stack, arrive: Arrive) -> None:
    with raw_socket(web.base_url, arrive().cookie) as socket:
        with suppress(ConnectionClosed):
            for _ in range(2_000):
                socket.emit("event", {"client_id": "unknown"})

        socket.ends_within(5)


def test_a_frame_over_the_limit_ends_the_socket(web: Stack, arrive: Arrive) -> None:
    with raw_socket(web.base_url, arrive().cookie) as socket:
        with suppress(ConnectionClosed):
            socket.emit("event", {"client_id": "x" * 1_100_000})

        socket.ends_within(5)


def test_a_polling_connection_goes_on_for_its_own_session_only(web: Stack, arrive: Arrive) -> None:
    who, thief = arrive(), arrive()
    address = "/_nicegui_ws/socket.io/?EIO=4&transport=polling"
    opened = who.client.get(address)
    sid = opened.text.split('"sid":"')[1].split('"')[0]
    own = {"Origin": web.base_url}

    assert thief.client.post(f"{address}&sid={sid}", content="40", headers=own).status_code == 404
    assert thief.client.get(f"{address}&sid={sid}").status_code == 404
    assert who.client.post(f"{address}&sid={sid}", content="40").status_code == 403
    assert who.client.post(f"{address}&sid={sid}", content="40", headers=own).status_code == 200


def test_uploads_are_for_the_page_of_the_session_and_say_their_length(
    web: Stack, arrive: Arrive
) -> None:
    who, thief = arrive(), arrive()
    page = OpenPage(who.client)
    address, own = f"/_nicegui/client/{page.client_id}/upload/1", {"Origin": web.base_url}

    def post(visitor: Visitor, content: Any, headers: dict[str, str]) -> int:
        return visitor.client.post(address, content=content, headers=headers).status_code

    assert post(thief, b"x", own) == 404
    assert post(who, b"x", {}) == 403
    assert post(who, b"x", {"Origin": "https://evil.example"}) == 403
    assert post(who, iter([b"x"]), own) == 411
    assert post(who, b"x", own) == 404  # the page is there, and has no such upload
    assert who.client.put(address, content=b"x", headers=own).status_code == 405
    assert who.client.get("/_nicegui/auto/static/abc/picture.png").status_code == 404
    assert httpx.get(web.base_url + address, trust_env=False).status_code == 401


def test_a_page_is_read_and_not_written_to(web: Stack, arrive: Arrive) -> None:
    who = arrive()

    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        answer = who.client.request(method, "/dashboard", headers={"Origin": web.base_url})
        assert (answer.status_code, answer.headers["content-type"][:9]) == (405, "text/html")
    for method in ("TRACE", "PROPFIND"):
        assert who.client.request(method, "/sign-in").status_code == 405


def test_a_session_has_at_most_twenty_pages_and_the_unseen_go_first(
    web: Stack, arrive: Arrive
) -> None:
    who = arrive()
    page = OpenPage(who.client)
    with raw_socket(web.base_url, who.cookie) as socket:
        page.join(socket)
        for _ in range(25):
            last = OpenPage(who.client)
        choose(page, socket, who, Theme.DARK)
        with raw_socket(web.base_url, who.cookie) as newest:
            last.join(newest)
    seen = [OpenPage(who.client) for _ in range(20)]
    sockets = [raw_socket(web.base_url, who.cookie) for _ in seen]
    opened = [one.__enter__() for one in sockets]
    for one, line in zip(seen, opened, strict=True):
        one.join(line)

    OpenPage(who.client)

    said = opened[0].ends_within(5)
    assert any("/too-many-pages" in one for one in said)
    assert who.client.get("/too-many-pages").status_code == 200
    choose(seen[1], opened[1], who, Theme.LIGHT)
    for one in sockets:
        one.__exit__(None, None, None)


def test_sixty_pages_a_minute_are_built_for_a_session(web: Stack, arrive: Arrive) -> None:
    who, neighbour = arrive(), arrive()

    answers = [who.client.get("/no-such-page" if n % 2 else "/dashboard") for n in range(130)]

    built = [answer.status_code for answer in answers[::2]]
    assert built == [200] * 60 + [429] * 5
    assert 1 <= int(answers[-2].headers["retry-after"]) <= 60
    assert "That was too often" in answers[-2].text
    assert "nonce-" in answers[-2].headers["content-security-policy"]
    assert neighbour.client.get("/dashboard").status_code == 200

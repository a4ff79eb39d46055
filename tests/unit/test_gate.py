"""What the gate counts: a person never notices, a flood is cut off."""

import time
from typing import Any

import pytest
from nicegui import Client, core

from app.gate import hooks
from app.gate.bindings import EVENT_BURST, EVENTS_PER_S, Bindings
from app.gate.budgets import Window


def passed(bindings: Bindings, socket_id: str, events: int) -> int:
    return sum(bindings.frames.take(socket_id) for _ in range(events))


def test_a_burst_passes_and_a_flood_does_not() -> None:
    bindings = Bindings()

    through = passed(bindings, "flood", 5_000)

    assert EVENT_BURST <= through < EVENT_BURST + 2 * EVENTS_PER_S  # a little time passes, too
    assert passed(bindings, "neighbour", 100) == 100


def test_a_socket_that_is_gone_leaves_nothing_behind() -> None:
    bindings = Bindings()
    passed(bindings, "again", 5_000)

    bindings.forget_socket("again")

    assert passed(bindings, "again", 100) == 100


def test_a_window_refuses_what_is_too_much_and_says_for_how_long() -> None:
    window = Window(amount=3, seconds=0.2)

    waits = [window.wait_s("ana") for _ in range(5)]

    assert waits[:3] == [0, 0, 0]
    assert all(0 < wait <= 0.2 for wait in waits[3:])
    assert window.wait_s("ben") == 0
    time.sleep(max(waits) + 0.01)
    assert [window.wait_s("ana") > 0 for _ in range(4)] == [False, False, False, True]


def test_a_known_nicegui_passes_and_leaves_no_page_behind() -> None:
    before = set(Client.instances)

    hooks.self_test()

    assert set(Client.instances) == before


@pytest.mark.parametrize(
    ("place", "name", "other"),
    [
        (Client, "accept_handshake", lambda _self, _socket_id: True),
        (Client, "delete", lambda _self: None),
        (Client, "on_delete", lambda _self, _handler: None),
        (core.sio, "environ", None),
        (core.sio, "handlers", {}),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_another_nicegui_is_refused(
    monkeypatch: pytest.MonkeyPatch, place: object, name: str, other: object
) -> None:
    monkeypatch.setattr(place, name, other)

    with pytest.raises(RuntimeError, match="NiceGUI has changed"):
        hooks.self_test()


@pytest.mark.parametrize("name", ["_socket_to_document_id", "_delete_tasks"])
def test_a_page_without_its_private_tables_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    original = Client.__init__

    def without(self: Client, page: Any, *, request: Any = None) -> None:
        original(self, page, request=request)
        setattr(self, name, None)

    monkeypatch.setattr(Client, "__init__", without)
    monkeypatch.setattr(Client, "delete", lambda self: Client.instances.pop(self.id))

    with pytest.raises(RuntimeError, match=name):
        hooks.self_test()

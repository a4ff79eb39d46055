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


def test_a_known_nicegui_passes() -> None:
    hooks.self_test()


def changed_init(self: Client, page: Any, *, request: Any = None) -> None:
    self.page, self._request = page, request


@pytest.mark.parametrize(
    ("place", "name", "other"),
    [
        (Client, "__init__", changed_init),
        (Client, "accept_handshake", lambda _self, _socket_id: True),
        (Client, "delete", lambda _self, _reason: None),
        (Client, "on_delete", lambda _self: None),
        (Client, "instances", []),
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

"""The gate counts what a socket sends: a person never notices, a flood is cut off."""

from app.gate import EVENT_BURST, EVENTS_PER_S, Bindings


def passed(bindings: Bindings, socket_id: str, events: int) -> int:
    return sum(bindings.may_send_event(socket_id) for _ in range(events))


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

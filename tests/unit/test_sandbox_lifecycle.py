"""What a message causes: which updates, when, and what waits for an offline customer."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.sandbox.behaviours import Behaviour, Scope
from app.sandbox.customers import Customer
from app.sandbox.errors import GraphError
from app.sandbox.lifecycle import Lifecycle, Timings
from app.sandbox.outgoing import Outgoing, ReadMark
from app.sandbox.store import PhoneTaken, SandboxNumber, Store

NOON = 1_800_000_000.0


class World:
    """A store with a number, a customer, and a clock that moves by hand."""

    def __init__(self, path: Path) -> None:
        self.now = NOON
        self.store = Store(path, clock=lambda: self.now)
        self.lifecycle = Lifecycle(self.store, Timings())
        self.number: SandboxNumber = self.store.create_number(workspace="a", display_name="Shop")
        self.store.set_callback(self.number.waba_id, "http://127.0.0.1:9/")
        customer = self.store.customers.create("a", "Ana", "12025550143")
        assert customer
        self.customer: Customer = customer

    def send(self, **over: Any) -> str:
        values: dict[str, Any] = {
            "to": "12025550143",
            "wa_id": "12025550143",
            "user_id": None,
            "type": "text",
            "content": {"body": "Hello"},
            "context_wamid": None,
            "opaque": "ours-1",
        }
        message, _ = self.lifecycle.send(self.number, Outgoing(**{**values, **over}))
        return message.wamid

    def say(self, text: str = "Hi", **over: Any) -> str:
        return self.lifecycle.say(self.number, self.customer, text, **over).wamid

    def switch(self, **switches: bool) -> None:
        self.lifecycle.switch(self.customer, **switches)
        customer = self.store.customers.find("a", self.customer.id)
        assert customer
        self.customer = customer

    def take(self, *, after: float = 10) -> list[dict[str, Any]]:
        """Return the values that are due so long after, and take them out of the queue."""
        self.now += after
        due = self.store.updates.list_due()
        self.store.updates.delete(due)
        self.now -= after
        return [update.value for update in due]

    def statuses(self, *, after: float = 10) -> list[str]:
        return [value["statuses"][0]["status"] for value in self.take(after=after)]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "sandbox.sqlite3")
    yield world
    world.store.close()


@pytest.fixture
def open_world(world: World) -> World:
    world.say()
    world.take()
    return world


def test_customer_message_has_metas_shape(world: World):
    wamid = world.say("Olá")

    [value] = world.take(after=0)
    assert value["messaging_product"] == "whatsapp"
    assert value["metadata"] == {
        "display_phone_number": world.number.phone.lstrip("+"),
        "phone_number_id": world.number.meta_phone_number_id,
    }
    assert value["contacts"][0]["profile"] == {"name": "Ana"}
    assert value["contacts"][0]["wa_id"] == "12025550143"
    [message] = value["messages"]
    assert message["from"] == "12025550143"
    assert (message["id"], message["timestamp"]) == (wamid, str(int(NOON)))
    assert (message["type"], message["text"]) == ("text", {"body": "Olá"})
    assert wamid.startswith("wamid.")


def test_reply_quotes_the_business(open_world: World):
    wamid = open_world.send()
    open_world.take()

    open_world.say("Yes", context_wamid=wamid)

    [value] = open_world.take()
    business = open_world.number.phone.lstrip("+")
    assert value["messages"][0]["context"] == {"from": business, "id": wamid}


def test_sent_at_once_then_delivered_then_read(open_world: World):
    open_world.send()

    assert open_world.statuses(after=0) == ["sent"]
    assert open_world.statuses(after=0.29) == []
    assert open_world.statuses(after=0.31) == ["delivered"]
    assert open_world.statuses(after=0.99) == []
    assert open_world.statuses(after=1.01) == ["read"]


def test_statuses_carry_reference_pricing_and_recipient(open_world: World):
    wamid = open_world.send()

    sent, delivered, read = (value["statuses"][0] for value in open_world.take())
    for status in (sent, delivered, read):
        assert status["id"] == wamid
        assert status["recipient_id"] == "12025550143"
        assert status["biz_opaque_callback_data"] == "ours-1"
        assert status["timestamp"].isdigit()
    assert sent["pricing"] == {
        "billable": False,
        "pricing_model": "PMP",
        "type": "free_customer_service",
        "category": "service",
    }
    assert sent["conversation"]["id"] == delivered["conversation"]["id"]
    assert "pricing" not in read


def test_without_receipts_nothing_is_read(open_world: World):
    open_world.switch(shows_receipts=False)
    open_world.send()

    assert open_world.statuses() == ["sent", "delivered"]


def test_offline_customer_gets_it_when_back_online(open_world: World):
    open_world.switch(is_online=False)
    open_world.send()
    chat = (open_world.number.meta_phone_number_id, open_world.customer.id)

    assert open_world.statuses() == ["sent"]
    assert len(open_world.store.messages.list_chat(*chat)) == 1
    open_world.switch(is_online=True)
    assert open_world.statuses() == ["delivered", "read"]
    assert len(open_world.store.messages.list_chat(*chat)) == 2


def test_what_an_offline_customer_writes_waits(world: World):
    world.switch(is_online=False)
    world.say("From the tunnel")

    assert world.take() == []
    world.switch(is_online=True)
    [value] = world.take()
    assert value["messages"][0]["text"]["body"] == "From the tunnel"


def test_outside_the_window_it_fails_afterwards_and_never_arrives(world: World):
    wamid = world.send()

    [value] = world.take()
    [status] = value["statuses"]
    assert (status["id"], status["status"]) == (wamid, "failed")
    assert status["errors"][0]["code"] == 131047
    assert status["biz_opaque_callback_data"] == "ours-1"
    chat = (world.number.meta_phone_number_id, world.customer.id)
    assert world.store.messages.list_chat(*chat) == []


def test_the_window_closes_after_24_hours(open_world: World):
    open_world.now += 24 * 3600 - 1
    open_world.send()
    assert open_world.statuses() == ["sent", "delivered", "read"]

    open_world.now += 2
    open_world.send()
    assert open_world.statuses() == ["failed"]


def test_a_template_needs_no_window(world: World):
    world.send(type="template", content={"name": "hello_world", "language": {"code": "en_US"}})

    sent = world.take()[0]["statuses"][0]
    assert (sent["status"], sent["pricing"]["category"]) == ("sent", "utility")


def test_an_unknown_recipient_becomes_a_customer(world: World):
    world.send(to="+44 7700 900148", wa_id="447700900148")

    assert [c.wa_id for c in world.store.customers.list_all("a")] == ["12025550143", "447700900148"]


def test_recipient_by_user_id(open_world: World):
    open_world.send(wa_id=None, user_id=open_world.customer.user_id)
    assert open_world.take()[0]["statuses"][0]["recipient_id"] == "12025550143"

    with pytest.raises(GraphError):
        open_world.send(wa_id=None, user_id="US.1")


def test_a_number_cannot_write_to_itself(world: World):
    with pytest.raises(GraphError) as caught:
        world.send(wa_id=world.number.phone.lstrip("+"))

    assert caught.value.code == 131021


def test_an_unknown_context_is_refused(open_world: World):
    with pytest.raises(GraphError) as caught:
        open_world.send(context_wamid="wamid.nobody")

    assert caught.value.code == 131009


def test_reading_marks_earlier_messages_and_shows_typing(world: World):
    first, second = world.say("1"), world.say("2")
    third = world.say("3")

    world.lifecycle.mark_read(world.number, ReadMark(message_id=second, is_typing=True))

    number_id = world.number.meta_phone_number_id
    is_read = {m.wamid: m.read_at is not None for m in world.store.messages.list_chat(number_id, 1)}
    assert is_read == {first: True, second: True, third: False}
    assert world.store.messages.typing_s(number_id, world.customer.id) == 25
    world.send()
    assert world.store.messages.typing_s(number_id, world.customer.id) == 0


def test_an_unknown_message_cannot_be_read(world: World):
    with pytest.raises(GraphError):
        world.lifecycle.mark_read(world.number, ReadMark(message_id="wamid.x", is_typing=False))


def test_delay_and_grouping_move_what_is_due(open_world: World):
    open_world.store.behaviours.change(Scope(), {"delay_ms": 5000})
    open_world.send()
    assert open_world.statuses(after=4.9) == []
    assert open_world.statuses(after=6.1) == ["sent", "delivered", "read"]

    open_world.store.behaviours.change(Scope(), {"delay_ms": 0, "batch": 50})
    open_world.now += 0.5
    open_world.send()
    assert open_world.statuses(after=0) == []
    assert open_world.statuses(after=0.5) == ["sent", "delivered"]


def test_nothing_is_queued_for_an_account_that_unsubscribed(world: World):
    world.store.unsubscribe(world.number.waba_id)
    number = world.store.find_number(world.number.meta_phone_number_id)
    assert number

    world.lifecycle.say(number, world.customer, "Hi")

    assert world.store.updates.count() == 0


def test_updates_wait_for_a_callback(world: World):
    world.store.set_callback(world.number.waba_id, None)
    world.say()
    assert world.store.updates.list_due() == []
    assert world.store.updates.next_due_at() is None

    world.store.set_callback(world.number.waba_id, "http://127.0.0.1:9/")
    assert len(world.store.updates.list_due()) == 1


def test_accounts_under_way_are_left_out(world: World):
    world.say()

    assert world.store.updates.list_due(busy=[world.number.waba_id]) == []
    assert world.store.updates.next_due_at(busy=[world.number.waba_id]) is None


def test_updates_older_than_a_week_are_given_up(world: World):
    world.say()
    due = world.store.updates.list_due()
    world.store.updates.postpone(due, pause_s=1)
    assert world.store.updates.count() == 1

    world.now += 7 * 24 * 3600 + 1
    world.store.updates.postpone(due, pause_s=1)

    assert world.store.updates.count() == 0


def test_numbers_are_fictional_and_unique(world: World):
    other = world.store.create_number(workspace="b", display_name="Other", phone="+15550001111")

    assert world.number.phone.startswith("+1555")
    assert len(world.number.app_secret) == 32
    assert world.number.access_token.startswith("EAAsandbox")
    assert other.waba_id != world.number.waba_id
    with pytest.raises(PhoneTaken):
        world.store.create_number(workspace="c", display_name="Third", phone="+15550001111")


def test_another_process_sees_the_same_state(world: World, tmp_path: Path):
    other = Store(tmp_path / "sandbox.sqlite3")

    number = other.create_number(workspace="b", display_name="Other")

    assert world.store.find_number(number.meta_phone_number_id) == number
    other.close()


def test_a_rolled_back_transaction_leaves_nothing(world: World):
    def say_and_fail() -> None:
        with world.store.database.transaction():
            world.say()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        say_and_fail()

    assert world.store.updates.count() == 0


def test_narrower_behaviour_wins_and_the_last_word_counts(world: World):
    behaviours = world.store.behaviours
    number = Scope(workspace="a", meta_phone_number_id="1")

    behaviours.change(Scope(workspace="a"), {"drop": 0.5})
    behaviours.change(number, {"drop": 1.0})
    assert behaviours.find(number).drop == 1.0
    assert behaviours.find(Scope(workspace="a")).drop == 0.5
    assert behaviours.find(Scope(workspace="b")) == Behaviour()

    behaviours.change(Scope(), {"drop": 0.0})
    assert behaviours.find(number).drop == 0.0


def test_failures_are_counted_down(world: World):
    behaviours, scope = world.store.behaviours, Scope(workspace="a", meta_phone_number_id="1")
    behaviours.change(Scope(workspace="a"), {"fail_with": "131056", "count": 2})

    assert [behaviours.take_failure(scope) for _ in range(3)] == ["131056", "131056", None]
    assert behaviours.find(Scope(workspace="a")).fail_with is None


def test_a_file_of_an_earlier_version_is_taken_over(world: World, tmp_path: Path):
    wamid = world.say()
    world.store.database.run("ALTER TABLE messages DROP COLUMN accepted_at")
    world.store.close()

    world.store.database.run("SELECT 1")

    message = world.store.messages.find(world.number.meta_phone_number_id, wamid)
    assert message is not None
    assert message.accepted_at == message.arrived_at

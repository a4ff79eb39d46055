"""What the phone sends besides text is what Meta would send of it; others' messages stay alone."""

from typing import Any

import pytest

from app.clock import utc_now
from app.sandbox import kinds
from app.services.whatsapp.payloads import read_message
from tests.integration.running_sandbox import Receiver, Sandbox, until

BUTTONS = {
    "type": "button",
    "body": {"text": "Shall we?"},
    "footer": {"text": "Until 6"},
    "action": {
        "buttons": [
            {"type": "reply", "reply": {"id": name, "title": name.title()}}
            for name in ("yes", "no")
        ]
    },
}
ROWS = {
    "type": "list",
    "body": {"text": "Which?"},
    "action": {"button": "Open", "sections": [{"rows": [{"id": "no", "title": "Sage"}]}]},
}


async def act(sandbox: Sandbox, customer: int, kind: str, **members: Any) -> Any:
    number = sandbox.number.meta_phone_number_id
    return await sandbox.phone(
        "/kinds", {"number": number, "customer": customer, "kind": kind, **members}
    )


async def write(sandbox: Sandbox, customer: int, text: str = "Hi") -> str:
    answer = await sandbox.say(text, customer)
    return str(answer.json()["message"]["wamid"])


async def bubbles(sandbox: Sandbox) -> list[dict[str, Any]]:
    return list((await sandbox.state()).json()["messages"])


async def send(sandbox: Sandbox, kind: str, content: Any) -> str:
    answer = await sandbox.send(type=kind, **{kind: content})
    return str(answer.json()["messages"][0]["id"])


def messages_of(receiver: Receiver) -> list[dict[str, Any]]:
    return [one for value in receiver.values() for one in value.get("messages", [])]


@pytest.mark.parametrize("kind", kinds.SAMPLES)
async def test_every_sample_is_a_message_that_the_product_can_read(
    sandbox: Sandbox, receiver: Receiver, ana: int, kind: str
):
    answer = await act(sandbox, ana, kind)
    assert answer.status_code == 201

    await until(lambda: messages_of(receiver))

    [raw] = messages_of(receiver)
    message = read_message(raw, utc_now())
    assert message.type == kinds.SAMPLES[kind]().type
    assert raw["from_user_id"].startswith("US.")


async def test_reactions_changes_and_deletions_show_on_what_they_are_about(
    sandbox: Sandbox, ana: int
):
    first, second = await write(sandbox, ana, "Two pleese"), await write(sandbox, ana, "Secret")
    for kind, target, value in (
        ("reaction", second, "👍"), ("reaction", second, ""), ("reaction", first, "❤️"),
        ("edit", first, "Two please"), ("revoke", second, ""),
    ):  # fmt: skip
        assert (await act(sandbox, ana, kind, target=target, value=value)).status_code == 201

    changed, deleted = (await bubbles(sandbox))[-2:]

    assert (changed["text"], changed["isEdited"], changed["reactions"]) == ("Two please", True, "❤️")
    assert deleted["text"] == "This message was deleted."
    assert not deleted["reactions"]
    assert not deleted["isDeletable"]


@pytest.mark.parametrize(
    ("content", "reply"),
    [
        (BUTTONS, {"type": "button_reply", "button_reply": {"id": "no", "title": "No"}}),
        (ROWS, {"type": "list_reply", "list_reply": {"id": "no", "title": "Sage"}}),
    ],
)
async def test_tap_answers_with_what_was_offered_and_nothing_else(
    sandbox: Sandbox,
    receiver: Receiver,
    ana: int,
    content: dict[str, Any],
    reply: dict[str, Any],
):
    await write(sandbox, ana)
    offer = await send(sandbox, "interactive", content)

    assert (await act(sandbox, ana, "choice", target=offer, value="7")).status_code == 422
    assert (await act(sandbox, ana, "choice", target=offer, value="no")).status_code == 201

    await until(lambda: len(messages_of(receiver)) > 1)
    answer = messages_of(receiver)[-1]
    assert answer["interactive"] == reply
    assert answer["context"]["id"] == offer


async def test_what_cannot_be_done_with_a_message_is_refused(sandbox: Sandbox, ana: int):
    own = await write(sandbox, ana, "Mine")
    theirs = await send(sandbox, "text", "From the shop")

    for kind, target, value in (
        ("edit", theirs, "Mine now"), ("revoke", theirs, ""), ("choice", theirs, "1"),
        ("edit", own, "  "), ("edit", "wamid.NONE", "x"), ("reaction", None, "👍"),
        ("nonsense", own, ""),
    ):  # fmt: skip
        answer = await act(sandbox, ana, kind, target=target, value=value)
        assert answer.status_code == 422, (kind, answer.text)
    assert [one["text"] for one in (await bubbles(sandbox))[-2:]] == ["Mine", "From the shop"]


async def test_nobody_reaches_into_another_chat(sandbox: Sandbox, ana: int):
    number = sandbox.number.meta_phone_number_id
    secret = await write(sandbox, ana, "Ours")
    await sandbox.phone("/customers", {"name": "Ben", "phone": "+12025550177"})
    ben = (await sandbox.state()).json()["customers"][-1]["id"]
    body = {"number": number, "customer": ana, "kind": "revoke", "target": secret}

    foreign = await sandbox.phone("/kinds", body, who="rival")
    other = await act(sandbox, ben, "reaction", target=secret, value="👍")

    assert (foreign.status_code, other.status_code) == (404, 422)
    assert (await bubbles(sandbox))[-1]["text"] == "Ours"


async def test_call_rings_and_ends(sandbox: Sandbox, receiver: Receiver, ana: int):
    assert (await act(sandbox, ana, "call")).status_code == 201

    await until(lambda: len([v for v in receiver.values() if "calls" in v]) > 1)

    first, last = (value["calls"][0] for value in receiver.values() if "calls" in value)
    assert first["id"] == last["id"]
    assert {first["event"], last["event"]} == {"connect", "terminate"}


async def test_customer_who_hides_the_number_is_known_by_the_user_id(
    sandbox: Sandbox, receiver: Receiver, ana: int
):
    await sandbox.phone(f"/customers/{ana}", {"hidesPhone": True})
    await write(sandbox, ana)

    await until(lambda: messages_of(receiver))

    [value] = [value for value in receiver.values() if "messages" in value]
    known = sandbox.store.customers.find("acme", ana)
    assert known
    assert known.wa_id not in str(value)
    assert value["messages"][0]["from_user_id"] == value["contacts"][0]["user_id"] == known.user_id

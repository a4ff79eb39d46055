"""The sandbox's webhooks: none is lost, and each trouble comes only when it is asked for."""

import asyncio

import pytest

from app.config import Settings
from app.sandbox import create_sandbox
from tests.integration.running_sandbox import QUICK, Receiver, Sandbox, until, viewer


async def test_restart_keeps_the_queue(sandbox_settings: Settings, receiver: Receiver):
    receiver.status = 503
    first = create_sandbox(sandbox_settings, viewer=viewer, timings=QUICK)
    await first.state.sandbox.start()
    before = Sandbox(first, sandbox_settings, receiver)
    customer = await before.add_ana()
    await before.say("Do not lose me", customer)
    await asyncio.sleep(0.1)
    await before.http.aclose()
    await first.state.sandbox.stop()

    receiver.status = 200
    second = create_sandbox(sandbox_settings, viewer=viewer, timings=QUICK)
    await second.state.sandbox.start()

    await until(lambda: receiver.texts() == ["Do not lose me"])
    await until(lambda: second.state.sandbox.store.updates.count() == 0)
    await second.state.sandbox.stop()


async def test_an_update_is_tried_again_until_200(sandbox: Sandbox, receiver: Receiver):
    receiver.status = 500
    await sandbox.say("Again", await sandbox.add_ana())
    await asyncio.sleep(0.15)
    assert sandbox.store.updates.count() == 1

    receiver.status = 200

    await until(lambda: receiver.texts() == ["Again"])


async def test_a_dead_receiver_holds_up_nobody_else(sandbox: Sandbox, receiver: Receiver):
    dead = sandbox.store.create_number(workspace="rival", display_name="Rival")
    sandbox.store.set_callback(dead.waba_id, "http://127.0.0.1:1/")
    someone = sandbox.store.customers.create("rival", "Bo", "12025550150")
    sandbox.app.state.sandbox.lifecycle.say(dead, someone, "Lost")

    await sandbox.say("Fine", await sandbox.add_ana())

    await until(lambda: receiver.texts() == ["Fine"])


async def test_what_another_process_queued_is_delivered(sandbox: Sandbox, receiver: Receiver):
    customer = sandbox.store.customers.create("acme", "Ana", "12025550143")

    # NOTE: nobody wakes the delivery here, as when the command line writes.
    sandbox.app.state.sandbox.lifecycle.say(sandbox.number, customer, "From outside")

    await until(lambda: receiver.texts() == ["From outside"])


async def test_batch_combines(sandbox: Sandbox, receiver: Receiver, ana: int):
    await sandbox.control(batch=100)

    for number in range(6):
        await sandbox.say(f"{number}", ana)

    await until(lambda: len(receiver.texts()) == 6)
    assert len(receiver.posts) < 6


async def test_duplicate_repeats_the_same_bytes(sandbox: Sandbox, receiver: Receiver, ana: int):
    await sandbox.control(duplicate=True)

    await sandbox.say("Twice", ana)

    await until(lambda: len(receiver.posts) == 2)
    assert receiver.posts[0] == receiver.posts[1]


async def test_drop_and_delay(sandbox: Sandbox, receiver: Receiver, ana: int):
    await sandbox.control(drop=1)
    await sandbox.say("Dropped", ana)
    await until(lambda: sandbox.store.updates.count() == 0)

    await sandbox.control(drop=0, delayMs=200)
    await sandbox.say("Late", ana)
    await asyncio.sleep(0.1)
    assert receiver.posts == []
    await until(lambda: receiver.texts() == ["Late"])


async def test_reorder_changes_the_order_and_loses_nothing(
    sandbox: Sandbox, receiver: Receiver, ana: int
):
    await sandbox.control(reorder=True)
    expected = [f"{number:02}" for number in range(30)]

    for text in expected:
        await sandbox.say(text, ana)

    await until(lambda: len(receiver.texts()) == 30)
    assert sorted(receiver.texts()) == expected
    assert receiver.texts() != expected


@pytest.mark.usefixtures("ana")
@pytest.mark.parametrize(
    ("failure", "status", "code"), [(131056, 400, 131056), ("503", 503, 2), ("429", 429, 4)]
)
async def test_fail_with_refuses_the_next_sends(
    sandbox: Sandbox, failure: object, status: int, code: int
):
    await sandbox.control(failWith=failure, count=1)

    refused = await sandbox.send()
    accepted = await sandbox.send()

    assert (refused.status_code, refused.json()["error"]["code"]) == (status, code)
    assert accepted.status_code == 200


@pytest.mark.usefixtures("ana")
async def test_timeout_processes_but_answers_late(sandbox: Sandbox, receiver: Receiver):
    await sandbox.control(failWith="timeout", count=1)

    async with asyncio.TaskGroup() as group:
        sending = group.create_task(sandbox.send("Slow"))
        await until(receiver.statuses)
        assert not sending.done()

    assert sending.result().status_code == 200


@pytest.mark.usefixtures("ana")
async def test_failure_for_one_number_only(sandbox: Sandbox):
    other = sandbox.store.create_number(workspace="acme", display_name="Other")
    await sandbox.control(failWith=131000, phoneNumberId=other.meta_phone_number_id)

    assert (await sandbox.send()).status_code == 200


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"drop": 2}', b'{"nonsense": 1}'])
async def test_who_may_not_ask_learns_nothing_of_the_body(sandbox: Sandbox, body: bytes):
    foreign = {"X-Viewer": "acme", "Origin": "https://evil.example"}
    for path in ("/control", "/phone/customers", "/phone/messages", "/accounts"):
        nobody = await sandbox.http.post(path, content=body)
        assert nobody.status_code == 401
        assert nobody.json()["error"]["code"] == "not_authenticated"
        other = await sandbox.http.post(path, content=body, headers=foreign)
        assert other.json()["error"]["code"] in {"permission_denied", "not_authenticated"}
        assert other.json()["error"]["message"].endswith(".")

    known = await sandbox.http.post("/control", content=body, headers={"X-Viewer": "acme"})
    assert known.status_code == 422
    assert known.json()["error"]["fields"]


async def test_control_needs_somebody_and_answers_what_is_set(sandbox: Sandbox):
    person = {"X-Viewer": "acme"}

    nobody = await sandbox.http.post("/control", json={"drop": 1})
    foreign = await sandbox.http.post(
        "/control", json={"drop": 1}, headers={**person, "Origin": "https://evil.example"}
    )
    wrong = await sandbox.http.post("/control", json={"drop": 2}, headers=person)
    await sandbox.http.post("/control", json={"drop": 0.5, "batch": 3}, headers=person)

    assert (nobody.status_code, foreign.status_code, wrong.status_code) == (401, 403, 422)
    assert wrong.json()["error"]["code"] == "validation_failed"
    assert set(wrong.json()["error"]["fields"]) == {"drop"}
    mine = (await sandbox.http.get("/control", headers=person)).json()
    theirs = (await sandbox.http.get("/control", headers={"X-Viewer": "rival"})).json()
    assert (mine["drop"], mine["batch"], mine["failWith"]) == (0.5, 3, None)
    assert (theirs["drop"], theirs["batch"]) == (0, 1)

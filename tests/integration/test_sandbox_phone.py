"""The sandbox's phone: a page for one workspace, written to from our own page only."""

import asyncio

from tests.integration.running_sandbox import Receiver, Sandbox, until


async def test_two_workspaces_do_not_see_each_other(sandbox: Sandbox, ana: int):
    rival = sandbox.store.create_number(workspace="rival", display_name="Rival")
    await sandbox.http.get("/phone", headers={"X-Viewer": "rival"})

    theirs = (await sandbox.state(who="rival")).json()

    assert [number["name"] for number in theirs["numbers"]] == ["Rival"]
    assert ana not in [customer["id"] for customer in theirs["customers"]]
    own_number, number = sandbox.number.meta_phone_number_id, rival.meta_phone_number_id
    their_customer = theirs["customers"][0]["id"]
    answers = [
        await sandbox.state(who="rival", number=own_number),
        await sandbox.state(who="rival", customer=ana),
        await sandbox.phone(f"/customers/{ana}", {"isOnline": False}, who="rival"),
        await sandbox.phone(
            "/messages", {"number": number, "customer": ana, "text": "x"}, who="rival"
        ),
        await sandbox.phone(
            "/messages",
            {"number": own_number, "customer": their_customer, "text": "x"},
            who="rival",
        ),
        await sandbox.http.get(
            f"/control?phoneNumberId={own_number}", headers={"X-Viewer": "rival"}
        ),
    ]
    assert {answer.status_code for answer in answers} == {404}


async def test_the_page_needs_a_session_and_makes_a_first_customer(sandbox: Sandbox):
    person = {"X-Viewer": "acme", "Cookie": "theme=dark"}

    nobody = await sandbox.http.get("/phone")
    empty = await sandbox.http.get("/phone", headers={"X-Viewer": "nothing"})
    page = await sandbox.http.get("/phone", headers=person)

    assert nobody.status_code == 303
    assert nobody.headers["Location"].startswith("/sign-in?next=")
    assert 'href="/phone-numbers"' in empty.text
    assert 'data-theme="dark"' in page.text
    assert 'data-testid="phone-input"' in page.text
    assert [c["name"] for c in (await sandbox.state()).json()["customers"]] == ["Ana Morales"]


async def test_writes_must_come_from_our_own_page(sandbox: Sandbox):
    body = {"name": "Ana", "phone": "+12025550143"}

    for headers in ({}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = await sandbox.http.post(
            "/phone/customers", json=body, headers={"X-Viewer": "acme", **headers}
        )
        assert answer.status_code == 403
    own = await sandbox.http.post(
        "/phone/customers",
        json=body,
        headers={"X-Viewer": "acme", "Origin": "http://127.0.0.1:8000"},
    )
    assert own.status_code == 201
    assert (await sandbox.phone("/customers", body)).status_code == 409
    assert (await sandbox.phone("/customers", {**body, "phone": "nobody"})).status_code == 422
    assert (await sandbox.http.get("/phone/state")).status_code == 401


async def test_the_page_is_answered_as_soon_as_something_changes(sandbox: Sandbox, ana: int):
    state = (await sandbox.state(customer=ana)).json()
    unchanged = (await sandbox.state(customer=ana, version=state["version"])).json()
    assert unchanged["version"] == state["version"]

    async with asyncio.TaskGroup() as group:
        asking = group.create_task(sandbox.state(customer=ana, version=state["version"]))
        await sandbox.send("News")

    assert asking.result().json()["messages"][-1]["text"] == "News"


async def test_there_is_no_tick_before_the_business_took_the_message(
    sandbox: Sandbox, receiver: Receiver
):
    customer = await sandbox.add_ana()
    receiver.status = 503
    await sandbox.say("Are you there?", customer)
    await asyncio.sleep(0.1)
    before = (await sandbox.state(customer=customer)).json()

    assert before["messages"][-1]["state"] == "leaving"
    receiver.status = 200
    await until(lambda: receiver.texts() == ["Are you there?"])
    await until(lambda: sandbox.store.updates.count() == 0)
    after = (await sandbox.state(customer=customer)).json()
    assert after["messages"][-1]["state"] == "sent"
    assert after["version"] > before["version"], "the open page paints the tick"


async def test_there_is_no_tick_for_a_message_that_was_dropped(sandbox: Sandbox):
    customer = await sandbox.add_ana()
    await sandbox.control(drop=1)
    await sandbox.say("Lost on the way", customer)

    await until(lambda: sandbox.store.updates.count() == 0)

    [message] = (await sandbox.state(customer=customer)).json()["messages"]
    assert message["state"] == "leaving"

"""The sandbox from the outside: Graph over ASGI, webhooks to a real receiver over HTTP."""

import hashlib
import hmac

from tests.integration.running_sandbox import Receiver, Sandbox, until


async def test_a_customers_message_arrives_signed(sandbox: Sandbox, receiver: Receiver):
    customer = await sandbox.add_ana()

    answer = await sandbox.say("Olá!", customer)

    assert answer.status_code == 201
    await until(lambda: receiver.posts)
    raw, signature = receiver.posts[0]
    secret = sandbox.number.app_secret.encode()
    assert signature == f"sha256={hmac.new(secret, raw, hashlib.sha256).hexdigest()}"
    assert rb"Ol\u00e1!" in raw
    assert receiver.texts() == ["Olá!"]


async def test_a_sent_message_is_sent_delivered_and_read(
    sandbox: Sandbox, receiver: Receiver, ana: int
):
    answer = await sandbox.send(biz_opaque_callback_data="ours-7")

    assert answer.status_code == 200
    body = answer.json()
    assert body["messaging_product"] == "whatsapp"
    assert body["contacts"] == [{"input": "12025550143", "wa_id": "12025550143"}]
    wamid = body["messages"][0]["id"]
    await until(lambda: len(receiver.statuses()) == 3)
    assert [status["status"] for status in receiver.statuses()] == ["sent", "delivered", "read"]
    assert {status["id"] for status in receiver.statuses()} == {wamid}
    assert {status["biz_opaque_callback_data"] for status in receiver.statuses()} == {"ours-7"}
    chat = (await sandbox.state(customer=ana)).json()
    assert [(m["direction"], m["text"]) for m in chat["messages"]] == [
        ("out", "Hi"),
        ("in", "Hello"),
    ]


async def test_outside_the_window_it_is_accepted_and_fails(sandbox: Sandbox, receiver: Receiver):
    answer = await sandbox.send()

    assert answer.status_code == 200
    await until(receiver.statuses)
    [status] = receiver.statuses()
    assert (status["status"], status["errors"][0]["code"]) == ("failed", 131047)


async def test_marking_read_shows_on_the_phone(sandbox: Sandbox, ana: int):
    message = (await sandbox.state(customer=ana)).json()["messages"][0]

    answer = await sandbox.graph(
        f"{sandbox.number.meta_phone_number_id}/messages",
        {"messaging_product": "whatsapp", "status": "read", "message_id": message["wamid"]},
    )

    assert answer.json() == {"success": True}
    assert (await sandbox.state(customer=ana)).json()["messages"][0]["state"] == "read"


async def test_wrong_tokens_and_ids_get_metas_errors(sandbox: Sandbox):
    other = sandbox.store.create_number(workspace="rival", display_name="Rival")

    nobody = await sandbox.graph(f"{sandbox.number.meta_phone_number_id}/messages", {}, token="no")
    unknown = await sandbox.graph("123/messages", {})
    foreign = await sandbox.graph(f"{other.meta_phone_number_id}/messages", {})
    path = await sandbox.graph("one/two/three", {})

    assert (nobody.status_code, nobody.json()["error"]["code"]) == (401, 190)
    for answer in (unknown, foreign):
        assert answer.status_code == 400
        error = answer.json()["error"]
        assert (error["code"], error["error_subcode"]) == (100, 33)
    assert path.json()["error"]["code"] == 2500


async def test_bad_json_is_refused(sandbox: Sandbox):
    answer = await sandbox.http.post(
        f"/graph/v25.0/{sandbox.number.meta_phone_number_id}/messages",
        content=b"{",
        headers={"Authorization": f"Bearer {sandbox.number.access_token}"},
    )

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 100)


async def test_number_fields(sandbox: Sandbox):
    number_id = sandbox.number.meta_phone_number_id

    full = (await sandbox.graph(number_id, method="GET")).json()
    some = (await sandbox.graph(f"{number_id}?fields=status,name_status", method="GET")).json()
    wrong = await sandbox.graph(f"{number_id}?fields=shoe_size", method="GET")
    listed = (await sandbox.graph(f"{sandbox.number.waba_id}/phone_numbers", method="GET")).json()

    assert full["display_phone_number"].startswith("+1 555")
    assert full["verified_name"] == "Shop"
    assert some == {"id": number_id, "status": "CONNECTED", "name_status": "APPROVED"}
    assert wrong.status_code == 400
    assert [number["id"] for number in listed["data"]] == [number_id]


async def test_subscription_verifies_the_callback_first(sandbox: Sandbox, receiver: Receiver):
    path = f"{sandbox.number.waba_id}/subscribed_apps"
    url = receiver.url + "?kept=1"

    refused = await sandbox.graph(path, {"override_callback_uri": url, "verify_token": "no"})
    unreachable = await sandbox.graph(
        path, {"override_callback_uri": "http://127.0.0.1:1/", "verify_token": "right"}
    )
    done = await sandbox.graph(path, {"override_callback_uri": url, "verify_token": "right"})

    assert (refused.status_code, refused.json()["error"]["code"]) == (400, 2200)
    assert unreachable.json()["error"]["code"] == 2200
    assert done.json()["success"] is True
    assert sandbox.store.find_number(sandbox.number.meta_phone_number_id).callback == url
    listed = (await sandbox.graph(path, method="GET")).json()["data"]
    assert listed[0]["override_callback_uri"] == url
    assert (await sandbox.graph(path, method="DELETE")).json() == {"success": True}
    assert (await sandbox.graph(path, method="GET")).json() == {"data": []}


async def test_debug_token(sandbox: Sandbox):
    token = sandbox.number.access_token

    answer = await sandbox.graph(f"debug_token?input_token={token}", method="GET")

    assert answer.json()["data"]["is_valid"] is True


async def test_provisioning_needs_its_bearer(sandbox: Sandbox):
    new = {"workspace": "acme", "displayName": "Second"}

    refused = await sandbox.http.post("/accounts", json=new)
    created = await sandbox.http.post("/accounts", json=new, headers=sandbox.provisioning)

    assert refused.status_code == 401
    assert created.status_code == 201
    fields = {"phone", "metaPhoneNumberId", "wabaId", "accessToken", "appSecret", "verifyToken"}
    assert fields <= set(created.json())

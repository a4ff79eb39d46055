"""How updates become signed bodies: combining, shuffling, doubling, dropping."""

import hashlib
import hmac
import json
import random

from app.sandbox.behaviours import Behaviour
from app.sandbox.bodies import Body, Plan, plan, sign
from app.sandbox.updates import Update

RNG = random.Random(7)  # a seed makes the shuffles of this file repeatable


def make_update(number: int, *, customer: int = 1, attempts: int = 0, text: str = "") -> Update:
    return Update(
        id=number,
        meta_phone_number_id="10",
        customer_id=customer,
        field="messages",
        value_json=json.dumps({"messages": [{"id": number, "text": text}]}),
        attempts=attempts,
        waba_id="20",
        workspace="acme",
        app_secret="secret",
        callback="http://127.0.0.1/",
    )


def planned(count: int, **wishes: object) -> Plan:
    updates = [make_update(number) for number in range(count)]
    return plan(updates, Behaviour(**wishes), RNG)


def ids(result: Plan) -> list[list[int]]:
    return [[u.id for u in body.updates] for lane in result.lanes for body in lane]


def test_signature_is_the_hmac_of_the_raw_body():
    expected = hmac.new(b"secret", b"{}", hashlib.sha256).hexdigest()

    assert sign("secret", b"{}") == f"sha256={expected}"


def test_body_is_escaped_as_meta_escapes_it():
    raw = Body(updates=(make_update(1, text="Olá / 🚀"),)).raw

    assert b"Ol\\u00e1 \\/ \\ud83d\\ude80" in raw
    payload = json.loads(raw)
    assert payload["object"] == "whatsapp_business_account"
    assert payload["entry"][0]["id"] == "20"
    change = payload["entry"][0]["changes"][0]
    assert change["field"] == "messages"
    assert change["value"]["messages"][0]["text"] == "Olá / 🚀"


def test_one_post_per_update_in_order_by_default():
    assert ids(planned(4)) == [[0], [1], [2], [3]]


def test_customers_are_served_side_by_side():
    updates = [make_update(1, customer=1), make_update(2, customer=2), make_update(3, customer=1)]

    lanes = plan(updates, Behaviour(), RNG).lanes

    assert [[body.updates[0].id for body in lane] for lane in lanes] == [[1, 3], [2]]


def test_batch_combines_up_to_so_many():
    assert ids(planned(5, batch=2)) == [[0, 1], [2, 3], [4]]


def test_batched_body_has_one_change_per_update():
    lane = planned(3, batch=10).lanes[0]

    assert len(json.loads(lane[0].raw)["entry"][0]["changes"]) == 3


def test_reorder_shuffles_and_loses_nothing():
    order = [group[0] for group in ids(planned(20, reorder=True))]

    assert order != list(range(20))
    assert sorted(order) == list(range(20))


def test_duplicate_posts_a_body_twice():
    assert {body.copies for lane in planned(5, duplicate=1.0).lanes for body in lane} == {2}
    assert {body.copies for lane in planned(5).lanes for body in lane} == {1}


def test_drop_takes_updates_out_for_ever():
    everything = planned(5, drop=1.0)

    assert everything.lanes == ()
    assert len(everything.dropped) == 5


def test_an_update_under_retry_is_not_dropped():
    result = plan([make_update(1, attempts=1)], Behaviour(drop=1.0), RNG)

    assert not result.dropped

"""The webhook, answer by answer: what Meta gets for an answer, and what is stored by then."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sqlalchemy.exc import ProgrammingError

from app.api import webhooks
from app.api.intake import committer
from app.config import configure, settings
from app.limits import WEBHOOK
from app.queue import Lane, rq_queue
from app.services.inbound.drain import drain
from tests import factories, table_rows, waiting
from tests.factories import Number, Team
from tests.table_rows import count, row, rows
from tests.webhook_factories import sign, text_message, webhook_body

PLATFORM = "/api/webhooks/whatsapp"
SECRET = "the platform's secret"
DEAD = "postgresql://nobody:x@127.0.0.1:1/none"


async def post(
    http: httpx.AsyncClient,
    number: Number,
    body: bytes,
    *,
    path: str | None = None,
    signature: str | None = "",
) -> httpx.Response:
    """POST a body, rightly signed unless another signature (or none) is given."""
    signature = sign(body, number.app_secret) if signature == "" else signature
    headers = {} if signature is None else {"X-Hub-Signature-256": signature}
    return await http.post(path or number.webhook_path, content=body, headers=headers)


async def verify(http: httpx.AsyncClient, path: str, **params: str) -> httpx.Response:
    query = {
        "hub.mode": "subscribe",
        "hub.challenge": "1158201444",
        **{name.replace("_", ".", 1): value for name, value in params.items()},
    }
    return await http.get(path, params=query)


@pytest.fixture
def body(acme: Team) -> bytes:
    return webhook_body(acme.number, [text_message()])


async def test_right_token_gets_the_challenge_as_plain_text(http: httpx.AsyncClient, acme: Team):
    number = acme.number

    answer = await verify(http, number.webhook_path, hub_verify_token=number.verify_token)

    assert (answer.status_code, answer.text) == (200, "1158201444")
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    "params",
    [
        {"hub_verify_token": "wrong"},
        {"hub_verify_token": ""},
        {},
        {"hub_mode": "unsubscribe"},
        {"hub_mode": ""},
    ],
    ids=repr,
)
async def test_any_other_verification_is_forbidden(
    http: httpx.AsyncClient, acme: Team, rival: Team, params: dict[str, str]
):
    if "hub_mode" in params:
        params = {**params, "hub_verify_token": acme.number.verify_token}

    answer = await verify(http, acme.number.webhook_path, **params)

    assert answer.status_code == 403
    assert "1158201444" not in answer.text


async def test_token_of_another_account_is_forbidden(
    http: httpx.AsyncClient, acme: Team, rival: Team
):
    token = rival.number.verify_token

    answer = await verify(http, acme.number.webhook_path, hub_verify_token=token)

    assert answer.status_code == 403


@pytest.mark.parametrize(
    "account", ["019a0c5e-7b1f-7c3d-9e2a-123456789012", "nonsense", "%00", "é"]
)
async def test_verification_of_an_unknown_account_is_forbidden(
    http: httpx.AsyncClient, account: str
):
    answer = await verify(http, f"{PLATFORM}/{account}", hub_verify_token="x")

    assert answer.status_code == 403


async def test_account_without_a_token_verifies_nothing(http: httpx.AsyncClient, acme: Team):
    table_rows.execute("UPDATE whatsapp_accounts SET verify_token = NULL")

    for token in ("", "None", acme.number.verify_token):
        answer = await verify(http, acme.number.webhook_path, hub_verify_token=token)
        assert answer.status_code == 403


async def test_signed_body_is_stored_as_it_came_before_the_answer(
    http: httpx.AsyncClient, acme: Team, body: bytes
):
    answer = await post(http, acme.number, body)

    assert answer.status_code == 200
    account_id, payload, state, kind = row(
        "SELECT account_id, payload, state, type FROM webhook_events"
    )
    assert (account_id, bytes(payload)) == (acme.number.account_id, body)
    assert (state, kind) == ("PENDING", "whatsapp")
    await wait_for(lambda: rq_queue(Lane.INBOUND).count == 1)


async def test_signature_of_each_secret_while_two_accounts_exist(
    http: httpx.AsyncClient, acme: Team, rival: Team, body: bytes
):
    foreign = sign(body, rival.number.app_secret)

    assert (await post(http, acme.number, body, signature=foreign)).status_code == 401
    assert (await post(http, rival.number, body)).status_code == 200
    assert rows("SELECT account_id FROM webhook_events") == [(rival.number.account_id,)]


@pytest.mark.parametrize(
    "signature", [None, "sha256=", "sha256=" + "0" * 64, "garbage", "sha1=abc", "sha256=é"]
)
async def test_missing_or_wrong_signature_is_unauthorized_and_stores_nothing(
    http: httpx.AsyncClient, acme: Team, body: bytes, signature: str | None
):
    if signature and not signature.isascii():
        signature = signature.encode("latin-1")

    answer = await post(http, acme.number, body, signature=signature)

    assert answer.status_code == 401
    assert count("webhook_events") == 0


async def test_one_changed_byte_is_unauthorized(http: httpx.AsyncClient, acme: Team, body: bytes):
    signature = sign(body, acme.number.app_secret)

    answer = await post(http, acme.number, body + b" ", signature=signature)

    assert answer.status_code == 401


async def test_account_without_a_secret_takes_nothing(
    http: httpx.AsyncClient, acme: Team, body: bytes
):
    table_rows.execute("UPDATE whatsapp_accounts SET app_secret = NULL")

    for signature in (sign(body, ""), sign(body, acme.number.app_secret), None):
        assert (await post(http, acme.number, body, signature=signature)).status_code == 401
    assert count("webhook_events") == 0


@pytest.mark.parametrize(
    "account", ["019a0c5e-7b1f-7c3d-9e2a-123456789012", "nonsense", "1", "%00"]
)
async def test_unknown_account_is_not_found_before_the_signature(
    http: httpx.AsyncClient, acme: Team, body: bytes, account: str
):
    for signature in (None, sign(body, acme.number.app_secret)):
        answer = await post(
            http, acme.number, body, path=f"{PLATFORM}/{account}", signature=signature
        )
        assert answer.status_code == 404
    assert count("webhook_events") == 0


async def test_body_of_three_megabytes_is_taken_and_one_byte_more_is_not(
    http: httpx.AsyncClient, acme: Team
):
    largest = b'{"entry": [], "pad": "' + b"x" * WEBHOOK
    largest = largest[: WEBHOOK - 2] + b'"}'

    assert (await post(http, acme.number, largest)).status_code == 200
    assert (await post(http, acme.number, largest + b" ")).status_code == 413
    assert count("webhook_events") == 1


@pytest.mark.parametrize("length", ["-1", "many", "99999999999999999999"])
async def test_senseless_length_is_no_crash(http: httpx.AsyncClient, acme: Team, length: str):
    answer = await http.post(
        acme.number.webhook_path, content=b"{}", headers={"content-length": length}
    )

    assert 400 <= answer.status_code < 500


async def test_body_without_a_length_is_counted_while_it_comes(http: httpx.AsyncClient, acme: Team):
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(4):
            yield b"x" * (1024 * 1024)

    signed = {"X-Hub-Signature-256": sign(b"x" * (4 * 1024 * 1024), acme.number.app_secret)}
    answer = await http.post(acme.number.webhook_path, content=chunks(), headers=signed)

    assert answer.status_code == 413
    assert count("webhook_events") == 0


async def test_chunked_body_within_the_limit_is_taken(
    http: httpx.AsyncClient, acme: Team, body: bytes
):
    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 100):
            yield body[start : start + 100]

    signed = {"X-Hub-Signature-256": sign(body, acme.number.app_secret)}
    answer = await http.post(acme.number.webhook_path, content=chunks(), headers=signed)

    assert answer.status_code == 200
    assert bytes(table_rows.value("SELECT payload FROM webhook_events")) == body


@pytest.mark.parametrize("raw", [b"hello", b"", b"\x00\xff", b"{", b"null", b"[1]"], ids=repr)
async def test_signed_body_that_is_no_json_is_taken_and_kept_as_failed(
    http: httpx.AsyncClient, acme: Team, raw: bytes
):
    answer = await post(http, acme.number, raw)
    assert answer.status_code == 200

    await asyncio.to_thread(drain)

    state, payload, error = row("SELECT state, payload, error FROM webhook_events")
    assert (state, bytes(payload)) == ("FAILED", raw)
    assert error


async def test_database_that_is_away_is_503_and_then_it_works_again(
    http: httpx.AsyncClient, acme: Team, body: bytes
):
    assert (await post(http, acme.number, body)).status_code == 200
    alive = settings().database_url
    await committer.close()

    configure(database_url=DEAD)
    assert (await post(http, acme.number, body)).status_code == 503
    await asyncio.sleep(webhooks.REMEMBER_S)
    assert (await post(http, acme.number, body)).status_code == 503
    verification = await verify(http, acme.number.webhook_path, hub_verify_token="x")
    assert verification.status_code == 503
    assert (await http.get("/readyz")).status_code == 503

    configure(database_url=alive)
    assert (await post(http, acme.number, body)).status_code == 200
    assert count("webhook_events") == 2


async def test_connection_that_was_cut_costs_no_webhook(
    http: httpx.AsyncClient, acme: Team, body: bytes
):
    await post(http, acme.number, body)
    await asyncio.to_thread(
        table_rows.execute,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND query LIKE '%%INSERT INTO webhook_events%%'"
        " AND pid <> pg_backend_pid()",
    )

    answers = [await post(http, acme.number, body) for _ in range(3)]

    stored = count("webhook_events")
    taken = 1 + sum(answer.status_code == 200 for answer in answers)
    assert stored == taken
    assert [answer.status_code for answer in answers[1:]] == [200, 200]


async def test_three_hundred_at_once_are_stored_once_each(
    http: httpx.AsyncClient, acme: Team, rival: Team
):
    bodies = [
        (team.number, webhook_body(team.number, [text_message(f"{n}", wamid=f"wamid.{n}")]))
        for n in range(150)
        for team in (acme, rival)
    ]

    answers = await asyncio.gather(*(post(http, number, body) for number, body in bodies))

    assert {answer.status_code for answer in answers} == {200}
    stored = rows("SELECT id, account_id, payload FROM webhook_events")
    assert len({one[0] for one in stored}) == 300
    assert sorted((one[1], bytes(one[2])) for one in stored) == sorted(
        (number.account_id, body) for number, body in bodies
    )
    await asyncio.to_thread(drain)
    for team in (acme, rival):
        assert count("messages", "workspace_id = %s", team.id) == 150


async def test_redis_that_is_away_costs_neither_the_webhook_nor_much_time(
    http: httpx.AsyncClient, acme: Team, body: bytes
):
    configure(redis_url="redis://127.0.0.1:1/0")
    began = time.monotonic()

    for _ in range(5):
        assert (await post(http, acme.number, body)).status_code == 200

    assert time.monotonic() - began < 3
    assert count("webhook_events") == 5


async def test_platform_route_is_signed_with_the_platforms_secret(
    http: httpx.AsyncClient, acme: Team, body: bytes
):
    configure(whatsapp_app_secret=SECRET, whatsapp_verify_token="the token")

    right = await post(http, acme.number, body, path=PLATFORM, signature=sign(body, SECRET))
    wrong = await post(http, acme.number, body, path=PLATFORM)
    challenge = await verify(http, PLATFORM, hub_verify_token="the token")

    assert (right.status_code, wrong.status_code) == (200, 401)
    assert (challenge.status_code, challenge.text) == (200, "1158201444")
    assert rows("SELECT account_id FROM webhook_events") == [(None,)]


async def test_platform_route_without_a_platform_takes_nothing(
    http: httpx.AsyncClient, acme: Team, body: bytes
):
    answer = await post(http, acme.number, body, path=PLATFORM, signature=sign(body, ""))

    assert answer.status_code == 401
    assert (await verify(http, PLATFORM, hub_verify_token="")).status_code == 403
    assert count("webhook_events") == 0


async def test_secret_that_was_replaced_counts_at_once(
    http: httpx.AsyncClient, acme: Team, body: bytes
):
    assert (await post(http, acme.number, body)).status_code == 200
    await asyncio.to_thread(replace_secret, acme, "newer")

    newer = sign(body, "newer")
    assert (await post(http, acme.number, body, signature=newer)).status_code == 200
    assert (await post(http, acme.number, body)).status_code == 401


async def test_known_account_costs_no_look_up_for_a_while(
    http: httpx.AsyncClient, acme: Team, body: bytes
):
    await post(http, acme.number, body)
    table_rows.execute("ALTER FUNCTION webhook_account(uuid) RENAME TO out_of_reach")
    try:
        assert (await post(http, acme.number, body)).status_code == 200
        with pytest.raises(ProgrammingError, match="webhook_account"):
            await post(http, acme.number, body, signature=sign(body, "another secret"))
    finally:
        table_rows.execute("ALTER FUNCTION out_of_reach(uuid) RENAME TO webhook_account")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_other_methods_are_none(http: httpx.AsyncClient, acme: Team, method: str):
    answer = await http.request(method, acme.number.webhook_path)

    assert answer.status_code == 405


def replace_secret(team: Team, secret: str) -> None:
    factories.connect_number(
        team.id,
        phone=team.number.phone,
        meta_id=team.number.meta_id,
        waba_id=team.number.waba_id,
        app_secret=secret,
    )


async def wait_for(condition: Any) -> None:
    await asyncio.to_thread(waiting.wait_until, condition)

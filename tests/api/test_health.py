"""Is the process alive, and can it work?"""

import asyncio

import httpx

from app import queue
from app.config import configure
from tests import table_rows, webhook_factories
from tests.factories import Team
from tests.webhook_factories import webhook_body


async def test_process_that_answers_is_healthy(http: httpx.AsyncClient):
    assert (await http.get("/healthz")).status_code == 200


async def test_without_a_worker_it_is_not_ready(http: httpx.AsyncClient):
    answer = await http.get("/readyz")

    assert answer.status_code == 503
    assert answer.json() == {
        "database": True,
        "redis": True,
        "worker": False,
        "backlogSeconds": 0,
    }


async def test_with_everything_it_is_ready_and_tells_its_backlog(
    http: httpx.AsyncClient, acme: Team
):
    queue.report_worker()
    body = webhook_body(acme.number)
    await asyncio.to_thread(webhook_factories.store_event, acme.number.account_id, body)
    table_rows.execute("UPDATE webhook_events SET created_at = now() - interval '90 s'")

    answer = await http.get("/readyz")

    assert answer.status_code == 200
    assert 89 < answer.json()["backlogSeconds"] < 100


async def test_without_redis_it_is_not_ready(http: httpx.AsyncClient):
    configure(redis_url="redis://127.0.0.1:1/0")

    answer = await http.get("/readyz")

    assert answer.status_code == 503
    assert (answer.json()["database"], answer.json()["redis"]) == (True, False)


async def test_unknown_route_below_api_is_json(http: httpx.AsyncClient):
    answer = await http.get("/api/nothing")

    assert answer.status_code == 404
    assert set(answer.json()["error"]) >= {"code", "message"}

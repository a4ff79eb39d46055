"""Every known webhook body through the real route: nothing lost, nothing twice, nothing crashes."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import httpx

from app import db
from app.db import DbRole
from app.services import webhook_events
from app.services.inbound.apply import UNKNOWN_NUMBER
from app.services.inbound.drain import drain
from tests import factories
from tests.api.every_body import (
    KINDS,
    Addressed,
    Update,
    parked,
    reported,
    reported_in,
    stored,
    updates_in,
    values_in,
    wishes,
    wishes_in,
)
from tests.contracts import BODY_FILES, needs_bodies, read_bodies
from tests.factories import Number, Team
from tests.table_rows import count, rows
from tests.webhook_factories import sign

SEEDS = (11, 23, 47)
BATCH = 1_000
LONG_AGO = 1_500_000_000
COPIES = 26  # of the collection in one workspace: three bodies of a thousand updates

pytestmark = needs_bodies


async def post(http: httpx.AsyncClient, account: Number, body: bytes) -> None:
    headers = {"X-Hub-Signature-256": sign(body, account.app_secret)}
    answer = await http.post(account.webhook_path, content=body, headers=headers)
    assert (answer.status_code, answer.text) == (200, "OK")


async def drained() -> None:
    assert await asyncio.to_thread(drain)


async def addressed(*teams: Team) -> list[Addressed]:
    return [await asyncio.to_thread(Addressed, team) for team in teams]


def everything_was_processed(bodies: int, everyone: Iterable[Addressed]) -> None:
    """Check that each body came to its end; only errors of numbers wait, for a person."""
    found = rows("SELECT state, error, count(*) FROM webhook_events GROUP BY state, error")
    assert found == [("PROCESSED", None, bodies)]
    assert parked() == []
    expected = {
        one for each in everyone for body in each.bodies.values() for one in reported_in(body)
    }
    assert expected
    assert sorted(reported()) == sorted(expected)
    assert count("messages_unprocessed", "payload ? 'user_preferences'") == 0
    wanted = [one for each in everyone for one in wishes_of(each)]
    assert wanted
    assert sorted(wishes()) == sorted(wanted)


def wishes_of(one: Addressed) -> set[tuple[str, int, bool]]:
    return {wish for body in one.bodies.values() for wish in wishes_in(body)}


async def test_every_body_alone_is_stored_whole(http: httpx.AsyncClient, acme: Team, rival: Team):
    both = await addressed(acme, rival)
    missing: dict[str, Any] = {}

    for name in both[0].bodies:
        for one in both:
            await post(http, one.account, json.dumps(one.bodies[name]).encode())
        await drained()
        expected = Counter(update for one in both for update in updates_in(one.bodies[name]))
        if lost := expected - stored():
            missing[name] = lost

    assert missing == {}
    assert stored() == Counter(both[0].updates + both[1].updates)
    everything_was_processed(2 * len(BODY_FILES), both)


async def test_every_text_is_the_one_that_was_written(
    http: httpx.AsyncClient, acme: Team, rival: Team
):
    both = await addressed(acme, rival)
    texts = {
        Update(value["metadata"]["phone_number_id"], raw["id"]): raw["text"]["body"].replace(
            "\0", "\ufffd"
        )
        for one in both
        for body in one.bodies.values()
        for value in values_in(body)
        for raw in (*value.get("messages", []), *value.get("message_echoes", []))
        if raw.get("type") == "text"
    }

    for one in both:
        await asyncio.gather(*(post(http, one.account, raw) for raw in one.raw()))
    await drained()

    found = rows(
        """
        SELECT p.meta_phone_number_id, m.wamid, m.text, m.content ->> 'text' FROM messages m
        JOIN phone_numbers p ON p.workspace_id = m.workspace_id AND p.id = m.phone_number_id
        WHERE m.type = 'text'
        """
    )
    assert {Update(*one[:2]): one[2] for one in found} == texts
    assert all(one[2] == one[3] for one in found)


async def test_all_bodies_twice_in_any_order_end_alike(http: httpx.AsyncClient):
    """Two workspaces for each order: whatever the order, all of them show the same in the end."""
    everyone: list[Addressed] = []
    for seed in SEEDS:
        teams = [await asyncio.to_thread(factories.make_team, name) for name in ("Acme", "Rival")]
        both = await addressed(*teams)
        for one in both:
            give_true_times(one)
        chance = random.Random(seed)  # an order, not a secret
        deliveries = [(one.account, raw) for one in both for raw in one.raw()] * 2
        chance.shuffle(deliveries)
        for part in cut(deliveries, chance):
            await asyncio.gather(*(post(http, *delivery) for delivery in part))
            await drained()
        everyone += both

    assert stored() == Counter(update for one in everyone for update in one.updates)
    everything_was_processed(len(SEEDS) * 2 * 2 * len(BODY_FILES), everyone)
    first, *others = [in_the_end(one) for one in everyone]
    for other in others:
        assert other == first


def give_true_times(one: Addressed) -> None:
    """Mend times that cannot be: the time of receipt, which is used instead, is never the same."""
    for body in one.bodies.values():
        for value in values_in(body):
            for raw in (*value.get("messages", []), *value.get("message_echoes", [])):
                if int(raw["timestamp"]) < LONG_AGO:
                    raw["timestamp"] = str(LONG_AGO)


def cut(deliveries: list[Any], chance: random.Random) -> Iterator[list[Any]]:
    """Yield parts of any size, between which a drain runs."""
    start = 0
    while start < len(deliveries):
        size = chance.randint(1, 150)
        yield deliveries[start : start + size]
        start += size


def in_the_end(one: Addressed) -> dict[str, list[Any]]:
    """Return what a workspace has, with its numbers by their places.

    Who wrote is left out: a customer who hides the phone in one body and shows it in another is
    one contact or two, depending on which came first.
    """
    messages = """
        SELECT p.meta_phone_number_id, u.wamid, u.type, u.text, u.content, u.context, u.status,
            u.sent_at
        FROM messages u JOIN phone_numbers p ON p.id = u.phone_number_id
        WHERE p.workspace_id = %s
    """
    statuses = """
        SELECT p.meta_phone_number_id, u.wamid, u.status, u.occurred_at, u.recipient, u.errors
        FROM message_statuses u JOIN phone_numbers p ON p.id = u.phone_number_id
        WHERE p.workspace_id = %s
    """
    threads = """
        SELECT p.meta_phone_number_id, sum(u.unread_count), max(u.window_expires_at),
            max(u.last_message_at)
        FROM conversations u JOIN phone_numbers p ON p.id = u.phone_number_id
        WHERE p.workspace_id = %s GROUP BY p.id
    """
    return {
        query: sorted(
            (
                (one.lane(meta_id), *rest)
                for meta_id, *rest in rows(query, one.account.workspace_id)
            ),
            key=repr,
        )
        for query in (messages, statuses, threads)
    }


async def test_batches_of_a_thousand_updates_twice(
    http: httpx.AsyncClient, acme: Team, rival: Team
):
    both = await addressed(acme, rival)
    batches = [(one, batch) for one in both for batch in batches_of(one, COPIES)]
    expected = Counter(update for _, batch in batches for update in updates_in(batch))
    assert set(expected.values()) == {1}
    assert sum(len(updates_in(batch)) > BATCH - 50 for _, batch in batches) >= 2 * 3

    for one, batch in [*batches, *reversed(batches)]:
        await post(http, one.account, json.dumps(batch).encode())
    await drained()

    assert stored() == expected
    everything_was_processed(2 * len(batches), both)


def batches_of(one: Addressed, copies: int) -> Iterator[Any]:
    """Yield the collection many times over, each time under other message ids, in large bodies."""
    entries = [
        entry
        for copy in range(copies)
        for body in one.bodies.values()
        for entry in renamed(body, copy)["entry"]
    ]
    random.Random(5).shuffle(entries)  # an order, not a secret
    batch: list[Any] = []
    size = 0
    for entry in entries:
        more = len(updates_in({"entry": [entry]}))
        if size + more > BATCH:
            yield {"object": "whatsapp_business_account", "entry": batch}
            batch, size = [], 0
        batch.append(entry)
        size += more
    yield {"object": "whatsapp_business_account", "entry": batch}


def renamed(body: Any, number: int) -> Any:
    """Return a copy whose messages have ids of their own."""
    copy = json.loads(json.dumps(body))
    for value in values_in(copy):
        for raw in (one for kind in (*KINDS, "calls") for one in value.get(kind, [])):
            raw["id"] = f"{raw['id']}.{number}"
    return copy


async def test_untouched_bodies_wait_until_their_numbers_are_connected(
    http: httpx.AsyncClient, acme: Team, rival: Team
):
    """Both accounts get every body as it is; then acme connects the numbers that they name."""
    raws = [path.read_bytes() for path in BODY_FILES]
    contained = [update for body in read_bodies().values() for update in updates_in(body)]

    for team in (acme, rival):
        await asyncio.gather(*(post(http, team.number, raw) for raw in raws))
    await drained()

    assert stored() == Counter()
    assert Counter(parked()) == Counter([(update, UNKNOWN_NUMBER) for update in contained] * 2)
    assert count("webhook_events", "state <> 'PROCESSED'") == 0

    await asyncio.to_thread(connect, acme, {update.number for update in contained})
    await asyncio.to_thread(replay)

    assert stored() == Counter(set(contained))  # the sources use some ids for several messages
    assert Counter(parked()) == Counter((update, UNKNOWN_NUMBER) for update in contained)
    assert count("messages", "workspace_id <> %s", acme.id) == 0


def connect(team: Team, meta_ids: Iterable[str | None]) -> None:
    for meta_id in meta_ids:
        factories.connect_number(
            team.id,
            meta_id=meta_id,
            waba_id=team.number.waba_id,
            app_secret=team.number.app_secret,
        )


def replay() -> None:
    with db.transaction(role=DbRole.DRAIN) as session:
        assert webhook_events.replay_failed(session)
    assert drain()

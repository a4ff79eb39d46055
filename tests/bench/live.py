"""From the webhook's POST to the visible bubble, what an open inbox costs, the longest block."""

import asyncio
import json
import random
import statistics
import threading
import time
from collections.abc import Callable

import httpx
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from app import db
from app.services import passwords, users
from tests import factories, table_rows
from tests.bench.goals import against
from tests.bench.loader import open_loop, webhook_requests
from tests.bench.machine import Running, running
from tests.bench.watched import REPORT
from tests.browser import launch
from tests.factories import Number, Team
from tests.own_product import OwnProduct
from tests.waiting import wait_until
from tests.webhook_factories import sign, text_message, webhook_body

EMAIL, PASSWORD = "bench@example.com", "a long enough password"
CUSTOMER = "447700900999"
SAMPLES = 80
LOAD_PER_S = 100
BUSY = f"{LOAD_PER_S}/s beside it"
ROUNDS = 3
PAGES = 6
EVENTS = 200
Say = Callable[[str], None]

# Note when a bubble is on the screen: after its insertion, in the frame that paints it.
WATCH = """
() => {
  window.seen = {};
  const note = (node) => {
    if (node.nodeType !== 1) return;
    for (const text of node.textContent.match(/probe-\\d+(?=!)/g) || []) {
      if (window.seen[text]) continue;
      requestAnimationFrame(() => {
        window.seen[text] ??= performance.timeOrigin + performance.now();
      });
    }
  };
  const log = document.querySelector('[role=log]');
  new MutationObserver((changes) => {
    for (const change of changes) change.addedNodes.forEach(note);
  }).observe(log, { childList: true, subtree: true });
}
"""


def live(product: OwnProduct, _teams: list[Team], say: Say) -> dict[str, float]:
    """Measure with a real browser beside the product on the same cores."""
    number = _shop()
    with (
        running(product, "-m", "tests.bench.watched") as web,
        running(product, "worker.py", is_web=False),
        sync_playwright() as playwright,
    ):
        browser = launch(playwright)
        context = _signed_in(browser, product)
        _post(product, number, "hello")
        query = "SELECT id FROM conversations WHERE workspace_id = %s"
        thread = wait_until(lambda: table_rows.rows(query, number.workspace_id))[0][0]
        _cost_of_inboxes(product, number, context, web, say)
        page = context.new_page()
        _open_thread(page, product, str(thread))
        idle, busy = [], []
        for first in range(0, ROUNDS * 2000, 2000):
            idle.append(_latencies(product, number, page, say, "idle", first=first))
            load = threading.Thread(target=_load, args=(product, number, first))
            load.start()
            time.sleep(1)
            busy.append(_latencies(product, number, page, say, BUSY, first=first + 1000))
            load.join()
        for name, measured, goal in (("idle", idle, 150), (BUSY, busy, 250)):
            p95, block = min(measured)[0], max(block for _, block in measured)
            say(f"  best {name}: p95 {p95:.0f} ms {against(p95, goal, unit=' ms')}")
            say(f"    longest block of all rounds: {block:.0f} ms {against(block, 50, unit=' ms')}")
        browser.close()
    return {"idle p95 ms": min(idle)[0], "busy p95 ms": min(busy)[0]}


def _shop() -> Number:
    password = passwords.choose(PASSWORD)
    with db.transaction() as session:
        created = users.create_by_operator(
            session,
            name="Bench",
            email=EMAIL,
            password=password,
            workspace="Bench Shop",
            is_admin=False,
        )
    return factories.connect_number(created.workspace_id)


def _signed_in(browser: Browser, product: OwnProduct) -> BrowserContext:
    context = browser.new_context(base_url=product.settings.public_url)
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_test_id("sign-in-email").fill(EMAIL)
    page.get_by_test_id("sign-in-password").fill(PASSWORD)
    page.get_by_test_id("sign-in-submit").click()
    page.wait_for_url("**/dashboard")
    page.close()
    return context


def _open_thread(page: Page, product: OwnProduct, thread: str) -> None:
    page.goto(f"{product.settings.public_url}/messages/{thread}")
    page.wait_for_function("window.did_handshake === true")
    page.get_by_role("log").get_by_text("hello").wait_for()


def _latencies(
    product: OwnProduct, number: Number, page: Page, say: Say, name: str, *, first: int
) -> tuple[float, float]:
    """Return p95 from POST to bubble and the longest block of the event loop, in milliseconds."""
    page.evaluate(WATCH)
    _forget_blocks(product)
    sent: dict[str, float] = {}
    dice = random.Random(7)
    for index in range(first, first + SAMPLES):
        text = f"probe-{index}"
        sent[text] = time.time() * 1000
        _post(product, number, f"{text}!")  # so that the time beside it is no part of it
        time.sleep(dice.uniform(0.1, 0.3))
    page.wait_for_function(f"window.seen['probe-{first + SAMPLES - 1}']")
    seen: dict[str, float] = json.loads(page.evaluate("JSON.stringify(window.seen)"))
    found = [seen[text] - at for text, at in sent.items()]
    block = _longest_block(product)
    say(
        f"  POST to visible bubble, {name}: p50 {statistics.median(found):.0f} ms,"
        f" p95 {_p95(found):.0f} ms, slowest {max(found):.0f} ms; longest block {block:.0f} ms"
    )
    return _p95(found), block


def _cost_of_inboxes(
    product: OwnProduct, number: Number, context: BrowserContext, web: Running, say: Say
) -> None:
    _cpu_of_events(product, number, web)  # loads what the first events load
    alone = min(_cpu_of_events(product, number, web) for _ in range(ROUNDS))
    before = web.memory_mb()
    pages = [context.new_page() for _ in range(PAGES)]
    for page in pages:
        page.goto("/messages")
        page.wait_for_function("window.did_handshake === true")
    time.sleep(2)
    each = (web.memory_mb() - before) / PAGES
    watched = min(_cpu_of_events(product, number, web) for _ in range(ROUNDS))
    for page in pages:
        page.close()
    cost = (watched - alone) / (EVENTS * PAGES) * 1000
    say(f"  an open inbox: {each:.1f} MB (whole process {web.memory_mb():.0f} MB)")
    say(f"  CPU of the web process per event: {alone / EVENTS * 1000:.2f} ms with nobody looking,")
    say(f"    and {cost:.2f} ms more for each open inbox")


def _cpu_of_events(product: OwnProduct, number: Number, web: Running) -> float:
    """Return the CPU time of the web process above what it needs when nothing happens."""
    before, began = web.cpu_seconds(), time.monotonic()
    for index in range(EVENTS):
        _post(product, number, f"event {index}")
        time.sleep(0.03)
    time.sleep(1)
    busy, seconds = web.cpu_seconds() - before, time.monotonic() - began
    before = web.cpu_seconds()
    time.sleep(seconds)
    return busy - (web.cpu_seconds() - before)


def _load(product: OwnProduct, number: Number, first: int) -> None:
    """Let other customers write to the same workspace for as long as the samples take."""
    team = type("Shop", (), {"number": number})
    seconds = SAMPLES * 0.25 + 2
    requests = webhook_requests(
        [team],  # type: ignore[list-item]
        product.settings.port,
        int(LOAD_PER_S * seconds),
        tag=f"beside{first}",
        customers=60,
    )
    asyncio.run(open_loop(product.settings.port, requests, per_second=LOAD_PER_S, connections=10))


def _post(product: OwnProduct, number: Number, text: str) -> None:
    body = webhook_body(number, [text_message(text, sender=CUSTOMER)])
    answer = _http.post(
        product.settings.public_url + number.webhook_path,
        content=body,
        headers={"X-Hub-Signature-256": sign(body, number.app_secret)},
    )
    answer.raise_for_status()


_http = httpx.Client(trust_env=False)


def _forget_blocks(product: OwnProduct) -> None:
    (product.settings.data_dir / REPORT).unlink(missing_ok=True)


def _longest_block(product: OwnProduct) -> float:
    return float((product.settings.data_dir / REPORT).read_text()) * 1000


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]

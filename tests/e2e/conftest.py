"""Browser tests: the whole product in a subprocess, real Chromium, a context for each person."""

import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

from tests.browser import launch
from tests.e2e.stack import Stack, Workspace, make_stack
from tests.oidc_provider import Provider, oidc_provider

DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}

# What a browser says on its own about a request that a test makes fail on purpose.
HARMLESS = re.compile(
    r"ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_REFUSED|status of 4(01|03|04|09|10|22|29)"
)

expect.set_options(timeout=15_000)

Person = Callable[..., Page]
ADDRESSES = itertools.count(1)


@pytest.fixture(scope="session")
def provider() -> Iterator[Provider]:
    """An OpenID provider that the product knows as Acme."""
    with oidc_provider() as running:
        yield running


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[Stack]:
    """One product for this worker's browser tests; it must log no error."""
    made = make_stack(
        tmp_path_factory.mktemp("stack") / "data",
        TRUSTED_PROXIES="127.0.0.1",
        OAUTH_ACME_ISSUER=provider.issuer,
        OAUTH_ACME_CLIENT_ID="parley",
        OAUTH_ACME_CLIENT_SECRET="a secret of the test",
        OUTGOING_ALLOW=f"127.0.0.1:{provider.port}",
    )
    made.start()
    yield made
    made.stop()
    assert made.unexpected_log_lines() == []


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium a module: Playwright's loop must not outlive it, other tests have their own."""
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()


@pytest.fixture
def person(
    browser: Browser, stack: Stack, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Person]:
    """Return what opens a browser of somebody's own; console errors fail the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []
    is_phone = request.node.get_closest_marker("phone") is not None

    def open_browser(
        workspace: Workspace | None = None, *, theme: str = "light", locale: str = "en-GB"
    ) -> Page:
        context = browser.new_context(
            base_url=stack.base_url,
            viewport=PHONE if is_phone else DESKTOP,  # type: ignore[arg-type]
            reduced_motion="reduce",
            extra_http_headers=own_address(),
            locale=locale,
            timezone_id="Europe/London",
            color_scheme="dark" if theme == "dark" else "light",
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: note(errors, message, stack.base_url))
        if workspace is not None:
            sign_in(page, workspace)
        return page

    yield open_browser
    for number, context in enumerate(contexts):
        if hasattr(request.node, "failed"):
            context.pages[0].screenshot(path=tmp_path / f"failed-{number}.png")
        context.close()
    assert errors == []


def new_email(name: str) -> str:
    """Return an e-mail address that nobody in this worker's product has yet."""
    return f"{name}{next(ADDRESSES)}@example.com"


def own_address() -> dict[str, str]:
    """Let somebody come from an address of their own, as in life: tries are counted by it."""
    number = next(ADDRESSES)
    # Of this machine all the same, as the mailbox of a development wants it.
    return {"X-Forwarded-For": f"127.{1 + number // 250}.{number % 250}.1"}


def note(errors: list[str], message: ConsoleMessage, own: str) -> None:
    """Keep what the browser complains about on our own pages."""
    address = message.location["url"]
    is_ours = not address or address.startswith(own)
    if message.type == "error" and is_ours and not HARMLESS.search(message.text):
        errors.append(message.text)


def sign_in(page: Page, workspace: Workspace) -> None:
    page.goto("/sign-in")
    page.get_by_test_id("sign-in-email").fill(workspace.email)
    page.get_by_test_id("sign-in-password").fill(workspace.password)
    page.get_by_test_id("sign-in-submit").click()
    page.wait_for_url("**/dashboard")
    ready(page)


def prove(page: Page, workspace: Workspace) -> None:
    """Show one's password again, in the dialog that asks for it."""
    page.get_by_test_id("proof-password").fill(workspace.password)
    page.get_by_test_id("proof-submit").click()


def customer_says(page: Page, text: str) -> None:
    """Let the first customer of the workspace's sandbox phone write."""
    page.request.get("/sandbox/phone")
    chat = page.request.get("/sandbox/phone/state").json()
    said = page.request.post(
        "/sandbox/phone/messages",
        data={"number": chat["number"], "customer": chat["customer"], "text": text},
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    assert said.ok, said.text()


def customer_switches(page: Page, **switches: bool) -> None:
    """Set the switches of that customer's phone: isOnline, showsReceipts."""
    customer = page.request.get("/sandbox/phone/state").json()["customer"]
    answer = page.request.post(
        f"/sandbox/phone/customers/{customer}",
        data=switches,
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    assert answer.ok, answer.text()


def control(page: Page, **switches: object) -> None:
    """Set the switches of the workspace's sandbox."""
    answer = page.request.post(
        "/sandbox/control", data=switches, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert answer.ok, answer.text()


def ready(page: Page) -> None:
    """Wait until NiceGUI has shaken hands: reading earlier is the usual flake."""
    page.wait_for_function("window.did_handshake === true")

"""Only our own scripts run: every page works under its policy, and a foreign script does not."""

import re
from collections.abc import Iterator
from functools import partial

import httpx
import pytest
from playwright.sync_api import Page, Route

from tests.e2e.conftest import Person, ready
from tests.e2e.stack import Stack, Workspace
from tests.e2e.test_accounts import open_mail
from tests.waiting import wait_until

COLLECT = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => window.violations.push(
    `${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""
INSIDE = [
    "/dashboard", "/messages", "/phone-numbers", "/settings/profile", "/settings/security",
    "/settings/team", "/settings/workspace", "/settings/developers", "/settings/audit",
]  # fmt: skip
DOORS = [
    "/sign-in", "/sign-up", "/reset-password", "/verify-email?token=x", "/invitations/unknown",
    "/no-such-page", "/dev/mail",
]  # fmt: skip
BEHIND = ["/sign-out", "/workspaces/new", "/sandbox/phone", "/dashboard/no-such-page"]
PAGE_POLICY = (
    "default-src 'none'; script-src 'nonce-N' 'strict-dynamic'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self' data:;"
    " connect-src 'self'; worker-src 'self' blob:; manifest-src 'self'; object-src 'none';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none';"
    " report-uri /api/policy-reports"
)
SHELL_POLICY = PAGE_POLICY.replace("'strict-dynamic'", "'strict-dynamic' 'unsafe-eval'")
NO_PAGE = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
SAFE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), payment=(), microphone=(self)",
}
MARKUP = "</script><script>window.foreign=1</script><link rel=x>"
FOREIGN = [
    "<script>window.foreign = 1</script>",
    "<img src=/no-such-picture onerror='window.foreign = 1'>",
    "<script nonce=guessed>window.foreign = 1</script>",
]
NONCE = re.compile(r"'nonce-([\w-]{22})'")


@pytest.fixture(scope="module")
def shop(stack: Stack) -> Workspace:
    made = stack.workspace("Policy", owner=MARKUP)
    stack.receive(made, [("Hello *there*", 60), ("See https://example.com", 50)], name="Ana")
    stack.cli("connect-sandbox", "--workspace", made.workspace_id)
    return made


@pytest.fixture(scope="module")
def inside(stack: Stack, shop: Workspace) -> Iterator[httpx.Client]:
    """A signed-in client without a browser."""
    with httpx.Client(base_url=stack.base_url, trust_env=False) as client:
        client.post("/sign-in", data={"email": shop.email, "password": shop.password})
        yield client


def violations(page: Page) -> list[str]:
    page.wait_for_timeout(200)
    found: list[str] = page.evaluate("window.violations")
    return found


def test_every_page_works_under_its_policy(person: Person, shop: Workspace, stack: Stack) -> None:
    visitor, owner = person(), person(shop)
    found: dict[str, list[str]] = {}
    for page, paths in ((visitor, DOORS), (owner, [*INSIDE, *BEHIND])):
        page.context.add_init_script(COLLECT)
        for path in paths:
            page.goto(path)
            if path in INSIDE:
                ready(page)
            found[path] = violations(page)

    owner.goto("/messages")
    ready(owner)
    owner.locator("[data-testid^=conversation-]").filter(has_text="Ana").click()
    owner.locator("[data-direction]").first.wait_for()
    owner.get_by_test_id("composer-input").fill("Draft")
    found["a conversation"] = violations(owner)
    owner.get_by_test_id("workspace-menu").click()
    owner.get_by_role("menu").wait_for()
    found["a menu"] = violations(owner)
    owner.goto("/sandbox/phone")
    owner.get_by_test_id("phone-input").fill("Hello")
    found["the phone"] = violations(owner)
    visitor.goto("/reset-password")
    visitor.locator("[name=email]").fill(shop.email)
    visitor.locator("[type=submit]").click()
    open_mail(visitor, "Choose a new password", shop.email)  # its own page speaks by the console
    visitor.locator("[name=password]").wait_for()
    found["a mail's link"] = violations(visitor)

    assert {path: what for path, what in found.items() if what} == {}
    assert owner.evaluate("window.foreign") is None


def test_a_script_that_is_not_ours_does_not_run(
    stack: Stack, person: Person, shop: Workspace
) -> None:
    signed_in = person(shop).context
    # The browser complains here, rightly: a context without the fixture's look at the console.
    attacked = signed_in.browser.new_context(base_url=stack.base_url)  # type: ignore[union-attr]  # launched
    attacked.add_cookies(signed_in.cookies())  # type: ignore[arg-type]  # Playwright's own shape
    attacked.add_init_script(COLLECT)

    for path in ("/sign-out", "/dashboard", "/sandbox/phone"):
        for foreign in FOREIGN:
            page = attacked.new_page()
            page.route(f"**{path}", partial(insert, foreign))
            page.goto(path)
            page.wait_for_function("window.violations.length > 0")

            assert page.evaluate("window.foreign") is None
            assert page.evaluate("window.violations")[0].startswith("script-src")
            page.close()
    attacked.close()
    wait_until(lambda: '"policy_violated"' in stack.log_path.read_text())


def test_reports_are_cut_and_counted(stack: Stack) -> None:
    def report(body: object) -> httpx.Response:
        return httpx.post(
            f"{stack.base_url}/api/policy-reports",
            json=body,
            headers={"X-Forwarded-For": "10.2.0.1"},
            trust_env=False,
        )

    violation = {
        "document-uri": f"{stack.base_url}/reset-password?token=very-secret",
        "effective-directive": "script-src-elem" + "x" * 500,
        "blocked-uri": "https://evil.example/steal?what=very-secret",
        "source-file": "http://[broken",
    }

    assert report({"csp-report": violation}).status_code == 204
    assert [report(body).status_code for body in ([], {}, {"csp-report": 7})] == [422] * 3
    assert [report({}).status_code for _ in range(20)][-4:] == [429] * 4
    log = stack.log_path.read_text()
    assert '"blocked":"evil.example"' in log
    assert '"page":"/reset-password"' in log
    assert "very-secret" not in log
    assert "x" * 201 not in log


def insert(markup: str, route: Route) -> None:
    """Let a page hold what should never have come into it."""
    answer = route.fetch()
    route.fulfill(response=answer, body=answer.text().replace("</body>", markup + "</body>"))


@pytest.mark.parametrize(
    ("path", "policy"),
    [
        *((path, PAGE_POLICY) for path in [*DOORS, *BEHIND]),
        *((path, SHELL_POLICY) for path in INSIDE),
    ],
)
def test_pages_carry_the_policy_and_one_fresh_nonce_in_every_tag(
    inside: httpx.Client, stack: Stack, path: str, policy: str
) -> None:
    def ask() -> httpx.Response:
        if path in DOORS:
            return httpx.get(stack.base_url + path, trust_env=False)
        return inside.get(path)

    first, second = ask(), ask()
    nonce, other = (
        NONCE.search(answer.headers["content-security-policy"]) for answer in (first, second)
    )

    assert nonce is not None
    assert other is not None
    assert nonce[1] != other[1]
    assert first.headers["content-security-policy"] == policy.replace("N", nonce[1], 1)
    assert set(re.findall(r"<script\b[^>]*?nonce=\"([^\"]*)\"", first.text)) <= {nonce[1]}
    assert not re.search(r"<script(?![^>]*nonce=)[\s>]", first.text)
    assert SAFE.items() <= first.headers.items()
    assert first.headers["cache-control"] == "no-store"
    assert "cookie" in first.headers["vary"].lower()
    assert "server" not in first.headers


@pytest.mark.parametrize(
    ("path", "status", "is_stored"),
    [
        ("/", 303, True),
        ("/healthz", 200, True),
        ("/readyz", 200, False),
        ("/static/app.css", 200, True),
        ("/favicon.ico", 200, True),
        ("/api/no-such-route", 404, False),
        ("/api/webhooks/whatsapp", 403, False),
        ("/exports/audit.csv", 200, False),
        ("/media/pictures/x", 404, False),
        ("/sandbox/phone/state", 200, False),
        ("/sandbox/graph/v25.0/1", 401, False),
        ("/_nicegui/client/x/upload/1", 404, False),
    ],
)
def test_what_is_no_page_loads_nothing_and_is_not_kept(
    inside: httpx.Client, path: str, status: int, *, is_stored: bool
) -> None:
    answer = inside.get(path)

    assert answer.status_code == status
    assert answer.headers["content-security-policy"] == NO_PAGE
    assert SAFE.items() <= answer.headers.items()
    assert (answer.headers.get("cache-control") != "no-store") is is_stored
    assert "strict-transport-security" not in answer.headers


def test_a_foreign_host_gets_the_safe_headers_too(stack: Stack) -> None:
    answer = httpx.get(stack.base_url, headers={"Host": "evil.example"}, trust_env=False)

    assert answer.status_code == 421
    assert SAFE.items() <= answer.headers.items()
    assert answer.headers["content-security-policy"] == NO_PAGE

"""What the doors refuse: foreign pages, too much, other sites, fields that are wrong. In words."""

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Person, own_address
from tests.e2e.stack import Stack, Workspace

DOORS = ["/sign-in", "/sign-up", "/sign-out"]
FOREIGN = [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
ELSEWHERE = [
    "//evil.example", "\\\\evil.example", "/\\evil.example", "https:evil.example",
    "https://evil.example", "/\t/evil.example", "/%2Fevil.example", "%2F%2Fevil.example",
    "/%5Cevil.example", "javascript:alert(1)",
]  # fmt: skip


@pytest.fixture(scope="module")
def shop(stack: Stack) -> Workspace:
    return stack.workspace("Refusals")


@pytest.fixture
def http(stack: Stack) -> Iterator[httpx.Client]:
    headers = own_address()
    with httpx.Client(base_url=stack.base_url, trust_env=False, headers=headers) as client:
        yield client


def heading(answer: httpx.Response) -> str:
    """Return the heading of one of our own pages."""
    assert answer.headers["content-type"].startswith("text/html")
    assert "nonce-" in answer.headers["content-security-policy"]
    found = re.search(r"<h1[^>]*>([^<]*)</h1>", answer.text)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_form_of_another_site_gets_a_page_that_says_so(
    http: httpx.Client, shop: Workspace, door: str, headers: dict[str, str]
) -> None:
    form = {"email": shop.email, "password": shop.password}

    answer = http.post(door, data=form, headers=headers)

    assert answer.status_code == 403
    assert heading(answer) == "This did not come from our page"
    assert "Error 403" in answer.text
    assert "Your role" not in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("door", DOORS[:2])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_form_that_is_too_large_gets_a_page(
    http: httpx.Client, stack: Stack, door: str, *, is_chunked: bool
) -> None:
    body = b"email=" + b"a" * 100_000
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": stack.base_url}

    answer = http.post(door, content=iter([body]) if is_chunked else body, headers=headers)

    assert answer.status_code == 413
    assert heading(answer) == "This is too large"


def test_a_form_that_cannot_be_read_gets_a_page(http: httpx.Client, stack: Stack) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x", "Origin": stack.base_url}

    answer = http.post("/sign-in", content=b"this is no form", headers=headers)

    assert answer.status_code == 400
    assert heading(answer) == "We could not read this form"


@pytest.mark.parametrize("path", ["/api/openapi.json", "/sign-in", "/api/nowhere"])
def test_a_head_is_the_answer_without_its_body(http: httpx.Client, path: str) -> None:
    head, get = http.head(path), http.get(path)

    assert (head.status_code, head.content) == (get.status_code, b"")
    assert head.headers["content-length"] == get.headers["content-length"]
    assert "x-request-id" in head.headers


def test_what_the_edge_refuses_has_an_id_and_the_shape_of_its_place(http: httpx.Client) -> None:
    foreign = http.get("/api/messages", headers={"Host": "evil.example"})
    large = http.post("/api/messages", content=b"x" * 1_100_000)
    odd = http.request("TRACE", "/api/messages")

    for answer, code in ((foreign, "foreign_host"), (odd, "method_not_allowed")):
        assert answer.json()["error"]["code"] == code
    assert [one.status_code for one in (foreign, odd, large)] == [421, 405, 401]
    assert all(one.headers["x-request-id"] for one in (foreign, large, odd))
    assert http.get("/sign-in", headers={"Host": "evil.example"}).text.endswith("served here.")


def test_programs_get_no_pages(http: httpx.Client, stack: Stack, shop: Workspace) -> None:
    chunks = iter([b"x" * 1_000_000] * 4)
    webhook = http.post(shop.webhook_path, content=chunks)
    assert (webhook.status_code, webhook.json()["error"]["code"]) == (413, "body_too_large")

    assert http.post(shop.webhook_path, content=b"x" * 3_200_000).status_code == 413
    assert "<" not in http.post(shop.webhook_path, content=b"{}").text


@pytest.mark.parametrize("target", ELSEWHERE)
def test_no_door_leads_to_another_site(
    http: httpx.Client, shop: Workspace, stack: Stack, target: str
) -> None:
    for door in DOORS[:2]:
        page = http.get(door, params={"next": target})
        assert "evil" not in page.text
        assert "javascript:" not in page.text
        again = http.post(door, data={"email": "", "next": target})
        assert again.status_code == 422
        assert "evil" not in again.text
    form = {"email": shop.email, "password": shop.password, "next": target}
    assert http.post("/sign-in", data=form).headers["location"] == "/dashboard"
    for door in DOORS[:2]:  # somebody who is signed in goes straight on
        straight = http.get(door, params={"next": target})
        assert straight.headers["location"] == "/dashboard"


@pytest.mark.parametrize(("target", "leads_to"), [("//evil.example", "/dashboard"),
                                                  ("/messages?x=1", "/messages?x=1")])  # fmt: skip
def test_signing_up_leads_where_one_wanted_to_go(
    http: httpx.Client, stack: Stack, target: str, leads_to: str
) -> None:
    form = {
        "name": "Sam", "email": f"next{len(target)}@example.com", "workspace": "Sam's",
        "password": "correct horse battery", "next": target,
    }  # fmt: skip

    assert http.post("/sign-up", data=form).headers["location"] == leads_to


def error_of(page: Page, testid: str) -> str:
    """Return what a field is described by, as assistive technology finds it."""
    field = page.get_by_test_id(testid)
    expect(field).to_have_attribute("aria-invalid", "true")
    described = field.get_attribute("aria-describedby")
    assert described is not None
    return page.locator(f"#{described}").inner_text()


def test_empty_fields_are_explained_beside_them_and_the_first_has_the_focus(person: Person) -> None:
    page = person()
    page.goto("/sign-in")
    page.get_by_test_id("sign-in-submit").click()

    assert error_of(page, "sign-in-email") == "Write your e-mail address."
    assert error_of(page, "sign-in-password") == "Write your password."
    expect(page.get_by_test_id("sign-in-email")).to_be_focused()
    expect(page.get_by_test_id("form-error")).to_have_count(0)

    page.get_by_test_id("sign-in-email").fill("sam@example.com")
    page.get_by_test_id("sign-in-submit").click()
    expect(page.get_by_test_id("sign-in-password")).to_be_focused()
    expect(page.get_by_test_id("sign-in-email")).to_have_value("sam@example.com")
    expect(page.get_by_test_id("sign-in-email")).not_to_have_attribute("aria-invalid", "true")


def test_wrong_fields_of_sign_up_are_explained_and_kept_but_never_the_password(
    person: Person,
) -> None:
    page = person()
    page.goto("/sign-up")
    page.get_by_test_id("sign-up-name").fill("Sam")
    page.get_by_test_id("sign-up-email").fill("not an address")
    page.get_by_test_id("sign-up-password").fill("a much better one")
    page.get_by_test_id("sign-up-submit").click()

    assert error_of(page, "sign-up-email") == "This does not look like an e-mail address."
    assert error_of(page, "sign-up-workspace").startswith("Give the workspace a name")
    expect(page.get_by_test_id("sign-up-email")).to_be_focused()
    expect(page.get_by_test_id("sign-up-email")).to_have_value("not an address")
    expect(page.get_by_test_id("sign-up-name")).to_have_value("Sam")
    expect(page.get_by_test_id("sign-up-password")).to_have_value("")


def test_a_workspace_is_made_from_our_own_page_only_and_not_by_the_dozen(
    http: httpx.Client, stack: Stack
) -> None:
    founder = stack.workspace("Founder")
    credentials = {"email": founder.email, "password": founder.password}
    assert http.post("/api/auth/sign-in", json=credentials).status_code == 200
    ours = {"Origin": stack.base_url}

    for headers in [{}, *FOREIGN]:
        refused = http.post("/workspaces/new", data={"name": "Another"}, headers=headers)
        assert refused.status_code == 403
    statuses = [
        http.post("/workspaces/new", data={"name": f"Shop {number}"}, headers=ours).status_code
        for number in range(6)
    ]

    assert statuses == [303] * 5 + [429]

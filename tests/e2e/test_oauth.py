"""Signing in with an OpenID provider, and the cases that it must not open the door for."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Person, new_email, own_address, prove, ready
from tests.e2e.stack import Stack, Workspace
from tests.oidc_provider import Provider

BACK = "/api/auth/oauth/acme/callback"
LINK = "/api/auth/oauth/acme?link=1"
OURS = {"Sec-Fetch-Site": "same-origin"}


@contextmanager
def visitor(stack: Stack) -> Iterator[httpx.Client]:
    """A browser without a screen, from an address of its own."""
    headers = own_address()
    with httpx.Client(base_url=stack.base_url, trust_env=False, headers=headers) as client:
        yield client


def begin(browser: httpx.Client) -> httpx.URL:
    """Return where the product sends somebody who wants to sign in with the provider."""
    return httpx.URL(browser.get("/api/auth/oauth/acme").headers["location"])


def authorize(browser: httpx.Client, subject: str) -> tuple[str, str]:
    """Let the provider send somebody back; returns the state and the code, still unused."""
    sent_back = httpx.post(begin(browser), data={"sub": subject}, trust_env=False)
    params = httpx.URL(sent_back.headers["location"]).params
    return params["state"], params["code"]


def come_by_provider(page: Page, subject: str) -> None:
    page.goto("/sign-in")
    page.get_by_test_id("oauth-acme").click()
    page.get_by_placeholder("sub").fill(subject)
    page.get_by_role("button", name="Authorize").click()


def test_a_stranger_with_a_verified_address_gets_an_account(
    person: Person, provider: Provider
) -> None:
    provider.set_user("eve", email=new_email("eve"), email_verified=True, name="Eve")
    page = person()

    come_by_provider(page, "eve")

    page.wait_for_url("**/dashboard")
    expect(page.get_by_test_id("workspace-menu")).to_contain_text("Eve's workspace")
    page.goto("/settings/profile")
    ready(page)
    expect(page.get_by_text("Confirm your address")).to_have_count(0)
    again = person()
    come_by_provider(again, "eve")
    again.wait_for_url("**/dashboard")
    expect(again.get_by_test_id("workspace-menu")).to_contain_text("Eve's workspace")


def test_a_verified_address_leads_to_the_account_that_has_it(
    person: Person, stack: Stack, provider: Provider
) -> None:
    shop = stack.workspace("Known")
    provider.set_user("known", email=shop.email, email_verified=True)
    page = person()

    come_by_provider(page, "known")

    page.wait_for_url("**/dashboard")
    expect(page.get_by_test_id("workspace-menu")).to_contain_text("Known")


@pytest.mark.parametrize("claim", [False, "true", None], ids=["no", "a word", "nothing"])
def test_an_address_that_nobody_vouches_for_needs_the_password(
    person: Person, stack: Stack, provider: Provider, claim: object
) -> None:
    shop: Workspace = stack.workspace("Unsure")
    claims = {} if claim is None else {"email_verified": claim}
    provider.set_user(f"u-{claim}", email=shop.email, **claims)
    page = person()

    come_by_provider(page, f"u-{claim}")
    page.get_by_test_id("link-password").fill("not the password")
    page.get_by_test_id("link-submit").click()
    expect(page.get_by_test_id("form-error")).to_be_visible()
    assert page.request.get("/dashboard", max_redirects=0).status == 303
    page.get_by_test_id("link-password").fill(shop.password)
    page.get_by_test_id("link-submit").click()

    page.wait_for_url("**/dashboard")
    later = person()
    come_by_provider(later, f"u-{claim}")
    later.wait_for_url("**/dashboard")


def test_a_state_opens_once_and_in_its_own_browser_only(stack: Stack, provider: Provider) -> None:
    provider.set_user("mallory", email=new_email("m"), email_verified=True)
    with visitor(stack) as browser, visitor(stack) as stranger:
        state, code = authorize(browser, "mallory")
        assert browser.get(BACK, params={"state": "made up", "code": code}).status_code == 410
        # A stranger cannot use it up; the code is the provider's to judge, and then it is over.
        assert stranger.get(BACK, params={"state": state, "code": code}).status_code == 410
        assert browser.get(BACK, params={"state": state, "code": "made up"}).status_code == 502
        assert browser.get(BACK, params={"state": state, "code": code}).status_code == 410
        assert browser.get(BACK, params={"error": "access_denied"}).status_code == 403
        assert browser.get("/dashboard").status_code == 303
        assert browser.get("/api/auth/oauth/nobody").status_code == 404


def test_a_code_opens_once_whatever_state_it_comes_with(stack: Stack, provider: Provider) -> None:
    provider.set_user("once", email=new_email("once"), email_verified=True)
    with visitor(stack) as browser, visitor(stack) as thief:
        state, code = authorize(browser, "once")
        assert browser.get(BACK, params={"state": state, "code": code}).status_code == 303
        assert browser.get("/dashboard").status_code == 200

        # Its own state is used up, with the browser's secret and without.
        assert browser.get(BACK, params={"state": state, "code": code}).status_code == 410
        assert thief.get(BACK, params={"state": state, "code": code}).status_code == 410
        # A fresh state of the thief's own lets the provider refuse the code.
        fresh = begin(thief).params["state"]
        assert thief.get(BACK, params={"state": fresh, "code": code}).status_code == 502
        assert thief.get("/dashboard").status_code == 303


def test_a_stolen_code_that_nobody_has_used_opens_nothing_either(
    stack: Stack, provider: Provider
) -> None:
    provider.set_user("slow", email=new_email("slow"), email_verified=True)
    with visitor(stack) as browser, visitor(stack) as thief:
        _state, code = authorize(browser, "slow")

        fresh = begin(thief).params["state"]
        assert thief.get(BACK, params={"state": fresh, "code": code}).status_code == 502
        assert thief.get("/dashboard").status_code == 303


def test_a_state_that_is_too_old_opens_nothing(stack: Stack, provider: Provider) -> None:
    provider.set_user("late", email=new_email("late"), email_verified=True)
    with visitor(stack) as browser:
        state, code = authorize(browser, "late")
        aged = stack.query(
            "UPDATE verification_tokens SET expires_at = now()"  # noqa: S608  # our own state
            f" WHERE token_hash = sha256('{state}') RETURNING purpose"
        )
        assert len(aged) == 1

        assert browser.get(BACK, params={"state": state, "code": code}).status_code == 410
        assert browser.get("/dashboard").status_code == 303


def test_a_provider_is_added_and_taken_away_in_the_settings(
    person: Person, stack: Stack, provider: Provider
) -> None:
    shop = stack.workspace("Linking")
    provider.set_user("linked", email="someone.else@example.com", email_verified=True)
    page = person(shop)
    page.goto("/settings/security")
    ready(page)

    stack.let_proof_grow_old(shop)
    assert page.request.get(LINK, headers=OURS, max_redirects=0).status == 403
    page.get_by_test_id("oauth-link-acme").click()
    prove(page, shop)
    page.get_by_placeholder("sub").fill("linked")
    page.get_by_role("button", name="Authorize").click()
    page.wait_for_url("**/settings/security")

    stack.let_proof_grow_old(shop)
    page.get_by_test_id("oauth-unlink-acme").click()
    prove(page, shop)
    expect(page.get_by_test_id("oauth-link-acme")).to_be_visible()

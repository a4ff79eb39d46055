"""Signing in with an OpenID provider, and the cases that it must not open the door for."""

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Person, new_email, ready
from tests.e2e.stack import Stack, Workspace
from tests.oidc_provider import Provider


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


def test_a_state_opens_once_and_in_its_own_browser_only(
    person: Person, stack: Stack, provider: Provider
) -> None:
    provider.set_user("mallory", email=new_email("m"), email_verified=True)
    page = person()
    come_by_provider(page, "mallory")
    page.wait_for_url("**/dashboard")
    back = "/api/auth/oauth/acme/callback"
    with httpx.Client(base_url=stack.base_url, trust_env=False) as other:
        begun = other.get("/api/auth/oauth/acme")
        state = httpx.URL(begun.headers["location"]).params["state"]
        assert other.get(back, params={"state": "made up", "code": "x"}).status_code == 410
        stranger = httpx.get(stack.base_url + back, params={"state": state, "code": "x"})
        assert stranger.status_code == 410
        # A stranger cannot use it up; the code is the provider's to judge, and then it is over.
        assert other.get(back, params={"state": state, "code": "made up"}).status_code == 502
        assert other.get(back, params={"state": state, "code": "made up"}).status_code == 410
        assert other.get(back, params={"error": "access_denied"}).status_code == 403
        assert other.get("/dashboard").status_code == 303
        assert other.get("/api/auth/oauth/nobody").status_code == 404


def test_a_provider_is_added_and_taken_away_in_the_settings(
    person: Person, stack: Stack, provider: Provider
) -> None:
    shop = stack.workspace("Linking")
    provider.set_user("linked", email="someone.else@example.com", email_verified=True)
    page = person(shop)
    page.goto("/settings/security")
    ready(page)

    page.get_by_test_id("oauth-link-acme").click()
    page.get_by_placeholder("sub").fill("linked")
    page.get_by_role("button", name="Authorize").click()
    page.wait_for_url("**/settings/security")

    page.get_by_test_id("oauth-unlink-acme").click()
    expect(page.get_by_test_id("oauth-link-acme")).to_be_visible()

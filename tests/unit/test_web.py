"""Where sign-in may lead, whose pages may post, which hosts we are."""

from urllib.parse import unquote, urljoin, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.requests import Request

from app import web
from app.config import configure
from app.errors import PermissionDenied

SITE = "https://inbox.example.com"
TRICKS = st.text(alphabet="/\\:.@?#%\t\r\n\0 ;ehtpsvil", max_size=24)


def browser_goes_to(target: str) -> str:
    """Where a browser ends up: it drops tabs and line ends, and takes \\ for /."""
    cleaned = "".join(character for character in target if character not in "\t\r\n").strip()
    return urlsplit(urljoin(SITE, cleaned.replace("\\", "/"))).netloc


def request_with(**headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "headers": raw, "path": "/"})


@given(target=TRICKS.map(lambda text: "/" + text) | TRICKS)
@example("//evil.com")
@example("/\\evil.com")
@example("/\t/evil.com")
@example("https://evil.com")
@example("https:evil.com")
@example("javascript:alert(1)")
@example("\\\\evil.com")
@example("/.//evil.com")
@example("/%2Fevil.com")
@example("/%5cevil.com")
@example("/%252F/evil.com")
@example("/%09/evil.com")
@example("%2F%2Fevil.com")
@example("")
def test_sign_in_never_leads_to_another_site(target: str):
    chosen = web.safe_next(target)

    assert chosen.startswith("/")
    assert browser_goes_to(chosen) == urlsplit(SITE).netloc
    assert browser_goes_to(unquote(unquote(chosen.partition("?")[0]))) == urlsplit(SITE).netloc
    assert not set(chosen) & set("\r\n\t\0\\")


@pytest.mark.parametrize(
    "target", ["/messages", "/messages/1?filter=unread", "/settings#team", "/messages?q=50%25%2F2"]
)
def test_sign_in_leads_where_the_person_wanted_to_go(target: str):
    assert web.safe_next(target) == target


def test_without_a_target_sign_in_leads_to_the_dashboard():
    assert web.safe_next(None) == "/dashboard"
    assert web.safe_next("evil", default="/x") == "/x"


@pytest.mark.parametrize(
    "headers",
    [{"origin": SITE}, {"sec_fetch_site": "same-origin"}, {"sec_fetch_site": "none"}],
)
def test_our_own_pages_may_post(headers: dict[str, str]):
    configure(base_url=SITE)

    web.require_same_origin(request_with(**headers))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "null"},
        {"origin": "https://evil.com"},
        {"origin": SITE + ".evil.com"},
        {"origin": SITE.replace("https", "http")},
        {"origin": "https://evil.com", "sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
    ],
)
def test_pages_of_other_sites_may_not_post(headers: dict[str, str]):
    configure(base_url=SITE)

    with pytest.raises(PermissionDenied):
        web.require_same_origin(request_with(**headers))


def test_hosts_are_ours_only():
    configure(base_url=SITE, environment="production")
    assert web.allowed_hosts() == {"inbox.example.com"}

    configure(base_url="", environment="development", port=8123)
    assert web.allowed_hosts() == {"127.0.0.1:8123", "localhost:8123", "[::1]:8123"}

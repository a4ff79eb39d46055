"""What a provider's word is worth: only a token it signed, for us, for this very sign-in."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from app.config import configure
from app.oauth_settings import OAuthProvider
from app.services.oauth import client
from app.services.oauth.client import SignInRefused

CLIENT_ID, CLIENT_SECRET = "parley-here", "a secret of the provider"
STATE = "state-of-one-sign-in"
KEY = RSAKey.generate_key(2048, {"kid": "one"})
STRANGER = RSAKey.generate_key(2048, {"kid": "one"})
ANOTHER = RSAKey.generate_key(2048, {"kid": "two"})


class LyingProvider(ThreadingHTTPServer):
    """A provider whose ID tokens are as wrong as a test wants them."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.issuer = f"http://127.0.0.1:{self.server_address[1]}"
        self.metadata_issuer = self.issuer
        self.challenge = ""
        self.claims: dict[str, Any] = {}
        self.header: dict[str, Any] = {"alg": "RS256", "kid": "one"}
        self.signs_with: Any = KEY
        self.id_token: str | None = None
        self.asked: dict[str, str] = {}

    @property
    def provider(self) -> OAuthProvider:
        return OAuthProvider(
            name="acme", issuer=self.issuer, client_id=CLIENT_ID, client_secret=CLIENT_SECRET
        )

    def begin(self) -> None:
        """Go to the provider as a browser does; it remembers what it was asked for."""
        url = client.authorization_url(self.provider, STATE)
        self.asked = {name: one[0] for name, one in parse_qs(urlsplit(url).query).items()}
        self.challenge = self.asked["code_challenge"]
        now = int(time.time())
        self.claims = {
            "iss": self.issuer, "aud": CLIENT_ID, "sub": "ana", "iat": now, "exp": now + 300,
            "nonce": self.asked["nonce"], "email": "ana@example.com", "email_verified": True,
        }  # fmt: skip

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.metadata_issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
            }
        if path == "/keys":
            return 200, {"keys": [KEY.as_dict(private=False)]}
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        if _encoded(digest) != self.challenge:
            return 400, {"error": "invalid_grant"}
        signed = jwt.encode(
            self.header, self.claims, self.signs_with, algorithms=[self.header["alg"]]
        )
        token = self.id_token if self.id_token is not None else signed
        return 200, {"access_token": "unused", "token_type": "Bearer", "id_token": token}


class Answers(BaseHTTPRequestHandler):
    server: LyingProvider

    def do_GET(self) -> None:  # http.server's name
        self._answer({})

    def do_POST(self) -> None:  # http.server's name
        length = int(self.headers["content-length"])
        self._answer(dict(parse_qsl(self.rfile.read(length).decode())))

    def _answer(self, form: dict[str, str]) -> None:
        status, body = self.server.answer(self.path, form)
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # http.server's name
        """Be silent."""


@pytest.fixture
def provider() -> Iterator[LyingProvider]:
    server = LyingProvider()
    configure(outgoing_allow=(server.issuer.removeprefix("http://"),))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def identify(provider: LyingProvider, state: str = STATE) -> client.Identity:
    return client.identify(provider.provider, state=state, code="a code")


def by_hand(claims: dict[str, Any], algorithm: str, secret: bytes) -> str:
    """Write a token as no library would."""
    header = {"alg": algorithm, "kid": "one"}
    signed = ".".join(_encoded(json.dumps(part).encode()) for part in (header, claims))
    signature = hmac.digest(secret, signed.encode(), "sha256") if secret else b""
    return f"{signed}.{_encoded(signature)}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def test_an_honest_token_says_who_it_is(provider: LyingProvider):
    provider.begin()

    found = identify(provider)

    assert (found.subject, found.email, found.is_email_verified) == ("ana", "ana@example.com", True)
    assert provider.asked["code_challenge_method"] == "S256"
    assert len(provider.asked["nonce"]) >= 32
    assert provider.asked["response_type"] == "code"


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://accounts.example.com"}, {"iss": None},
        {"aud": "another-client"}, {"aud": ["another-client", "a-third"]}, {"aud": None},
        {"aud": [CLIENT_ID, "another-client"], "azp": "another-client"},
        {"nonce": "of another sign-in"}, {"nonce": None},
        {"exp": 1_700_000_000}, {"exp": None}, {"iat": 4_000_000_000}, {"sub": None},
    ],
    ids=str,
)  # fmt: skip
def test_a_token_for_something_else_opens_nothing(provider: LyingProvider, claims: dict[str, Any]):
    provider.begin()
    provider.claims.update(claims)
    provider.claims = {name: one for name, one in provider.claims.items() if one is not None}

    with pytest.raises(SignInRefused):
        identify(provider)


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ({"alg": "RS256", "kid": "one"}, STRANGER),
        ({"alg": "RS256", "kid": "two"}, ANOTHER),
        ({"alg": "ES256", "kid": "one"}, ECKey.generate_key("P-256", {"kid": "one"})),
    ],
    ids=["another key", "an unknown key", "another kind"],
)
def test_a_token_that_the_provider_did_not_sign_opens_nothing(
    provider: LyingProvider, header: dict[str, Any], key: Any
):
    provider.begin()
    provider.header, provider.signs_with = header, key

    with pytest.raises(SignInRefused):
        identify(provider)


@pytest.mark.parametrize("token", ["", "no token", "a.b.c"])
def test_what_is_no_token_opens_nothing(provider: LyingProvider, token: str):
    provider.begin()
    provider.id_token = token

    with pytest.raises(SignInRefused):
        identify(provider)


@pytest.mark.parametrize(
    ("algorithm", "secret"),
    [
        ("none", b""),
        # The oldest trick: the public key, which everybody has, as the secret of an HMAC.
        ("HS256", KEY.as_pem(private=False)),
        ("HS256", CLIENT_SECRET.encode()),
    ],
    ids=["unsigned", "public key as secret", "our secret"],
)
def test_a_token_signed_by_a_trick_opens_nothing(
    provider: LyingProvider, algorithm: str, secret: bytes
):
    provider.begin()
    provider.id_token = by_hand(provider.claims, algorithm, secret)

    with pytest.raises(SignInRefused):
        identify(provider)


def test_a_code_is_worth_nothing_without_the_verifier_of_its_own_sign_in(
    provider: LyingProvider,
):
    provider.begin()

    with pytest.raises(SignInRefused):
        identify(provider, state="state-of-another-sign-in")


def test_a_description_of_another_provider_is_not_used(provider: LyingProvider):
    provider.metadata_issuer = "https://accounts.example.com"

    with pytest.raises(SignInRefused):
        client.authorization_url(provider.provider, STATE)

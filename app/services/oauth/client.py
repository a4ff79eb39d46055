"""OpenID Connect as a client, by Authlib over the guarded transport (RFC 6749, 7636, OIDC Core).

Every request has its own state, nonce and code verifier. All three come from one random token that
the caller keeps, so nothing about a sign-in under way is stored that could be read and used.
"""

import time
import warnings
from dataclasses import dataclass
from typing import Any

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from app import db, log, paths
from app.config import settings
from app.errors import ProviderError
from app.i18n import mark
from app.services import outgoing
from app.services.oauth.providers import Provider
from app.services.outgoing import NoAnswer

with warnings.catch_warnings():
    # Authlib asks to move on from httpx, which the whole product uses: always, unless told not to
    # after the module that says so was loaded.
    import authlib.deprecate  # noqa: F401  # loaded for its filter

    warnings.simplefilter("ignore")
    from authlib.integrations.base_client import OAuthError
    from authlib.integrations.httpx_client import OAuth2Client
    from authlib.oidc.core import CodeIDToken

SCOPE = "openid email profile"
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
METADATA_S = 3600.0
LEEWAY_S = 60
NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")

_metadata: dict[str, tuple[float, dict[str, Any]]] = {}


class SignInRefused(ProviderError):
    """What came back from the provider does not prove who somebody is."""

    code = "oauth_refused"
    sentence = mark("Signing in with this provider did not work. Please try again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who somebody is at a provider, by a checked ID token."""

    provider: str
    issuer: str
    subject: str
    email: str | None
    is_email_verified: bool
    name: str | None
    scope: str | None
    expires_at: float | None


def authorization_url(provider: Provider, state: str) -> str:
    """Return where to send the browser; `state` is a one-time token.

    Raises:
        SignInRefused: the provider's own description cannot be used.
        NoAnswer: it does not answer.
    """
    metadata = describe(provider)
    with _client(provider) as client:
        url, _state = client.create_authorization_url(
            metadata["authorization_endpoint"],
            state=state,
            nonce=_nonce(state),
            code_verifier=_verifier(state),
        )
    return str(url)


def identify(provider: Provider, *, state: str, code: str) -> Identity:
    """Trade the code for an ID token, check it, and return who it is about.

    Raises:
        SignInRefused: code, signature, issuer, audience, age or nonce are not right.
        NoAnswer: the provider does not answer.
    """
    db.refuse_inside_transaction()
    metadata = describe(provider)
    try:
        with _client(provider) as client:
            token = client.fetch_token(
                metadata["token_endpoint"],
                grant_type="authorization_code",
                code=code,
                code_verifier=_verifier(state),
            )
        claims = _check(provider, metadata, token, state)
    except (OAuthError, JoseError, ValueError, KeyError) as error:
        log.get(__name__).warning(
            "oauth_refused", provider=provider.name, error=type(error).__name__
        )
        raise SignInRefused from error
    except httpx.HTTPError as error:
        raise NoAnswer from error
    email = claims.get("email")
    name = claims.get("name")
    return Identity(
        provider=provider.name,
        issuer=provider.issuer,
        subject=str(claims["sub"]),
        email=email if isinstance(email, str) else None,
        is_email_verified=claims.get("email_verified") is True,
        name=name if isinstance(name, str) else None,
        scope=token.get("scope"),
        expires_at=token.get("expires_at"),
    )


def describe(provider: Provider) -> dict[str, Any]:
    """Return the provider's metadata (OIDC Discovery), remembered for an hour."""
    known = _metadata.get(provider.issuer)
    if known and time.monotonic() - known[0] < METADATA_S:
        return known[1]
    found = outgoing.get_json(f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration")
    is_whole = isinstance(found, dict) and all(isinstance(found.get(key), str) for key in NEEDED)
    if not is_whole or found.get("issuer") != provider.issuer:
        raise SignInRefused
    _metadata[provider.issuer] = (time.monotonic(), found)
    return dict(found)


def callback_url(provider: Provider) -> str:
    """Return where the provider sends people back to; from BASE_URL, never from a request."""
    return f"{settings().public_url}{paths.OAUTH}/{provider.name}/callback"


def _client(provider: Provider) -> Any:
    return OAuth2Client(
        client_id=provider.client_id,
        client_secret=provider.client_secret,
        scope=SCOPE,
        redirect_uri=callback_url(provider),
        code_challenge_method="S256",
        **outgoing.client_options(),
    )


def _check(
    provider: Provider, metadata: dict[str, Any], token: dict[str, Any], state: str
) -> dict[str, Any]:
    keys = KeySet.import_key_set(outgoing.get_json(metadata["jwks_uri"]))
    decoded = jwt.decode(token["id_token"], keys, algorithms=ALGORITHMS)
    claims = CodeIDToken(
        decoded.claims,
        decoded.header,
        {
            "iss": {"essential": True, "value": provider.issuer},
            "aud": {"essential": True, "value": provider.client_id},
        },
        {
            "nonce": _nonce(state),
            "client_id": provider.client_id,
            "access_token": token.get("access_token"),
        },
    )
    claims.validate(leeway=LEEWAY_S)
    return dict(claims)


def _nonce(state: str) -> str:
    return settings().derive(f"oauth nonce {state}")


def _verifier(state: str) -> str:
    return settings().derive(f"oauth verifier {state}")

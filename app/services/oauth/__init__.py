"""Signing in with OpenID Connect providers: discovery, PKCE, state, nonce, verified ID tokens.

`providers` are settings, `client` speaks the protocol, `accounts` decides whose account it is.
"""

from app.services.oauth.providers import Provider, providers

__all__ = ["Provider", "providers"]

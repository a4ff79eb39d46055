"""The providers that the operator has configured, as the doors show them."""

from app.config import settings
from app.errors import NotFound
from app.oauth_settings import OAuthProvider

Provider = OAuthProvider


def providers() -> list[Provider]:
    """Return the configured providers, in the order of their names."""
    return [settings().oauth[name] for name in sorted(settings().oauth)]


def get_provider(name: str) -> Provider:
    """Return a provider by the name in its address.

    Raises:
        NotFound: nobody has configured it.
    """
    provider = settings().oauth.get(name)
    if provider is None:
        raise NotFound
    return provider

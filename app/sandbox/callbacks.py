"""Where webhooks go: the product's own address is stored as a path, any other as it was given.

So an installation that moves to another port or name (`PORT`, `BASE_URL`) takes its numbers along.
"""

from app.config import Settings


def to_stored(url: str, settings: Settings) -> str:
    """Return what to store for an address that was asked for."""
    own = settings.public_url
    return url.removeprefix(own) if url.startswith(f"{own}/") else url


def to_address(stored: str, settings: Settings) -> str:
    """Return where a stored address is at present."""
    return settings.public_url + stored if stored.startswith("/") else stored

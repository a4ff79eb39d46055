"""Is this body Meta's? HMAC-SHA256 over the raw bytes, compared in constant time.

The header is `X-Hub-Signature-256: sha256=<hex>`; the key is the app's secret. Check before
parsing: the body's escapes (`\\u00e9`) do not survive a parse and a dump.
"""

import hashlib
import hmac
from collections.abc import Sequence

HEADER = "x-hub-signature-256"
PREFIX = "sha256="


def sign(secret: str, body: bytes) -> str:
    """Return the header's value for a body."""
    return PREFIX + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def is_valid(secrets: Sequence[str], body: bytes, header: str | None) -> bool:
    """Tell whether any of the secrets (two while one is being replaced) signed this body."""
    if not header or not header.isascii():
        return False
    matches = [hmac.compare_digest(sign(secret, body), header.strip()) for secret in secrets]
    return any(matches)

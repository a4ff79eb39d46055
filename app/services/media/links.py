"""Links to files: good for some minutes, and for the sign-in that they were made for only.

Whoever is sent such a link, or finds it in a history, sees nothing.
"""

import hashlib
import hmac
from urllib.parse import urlencode
from uuid import UUID

from app.clock import utc_now
from app.config import settings

SHORTEST_S = 600
PATH = "/media/files"


def link(session_id: UUID, file_id: UUID) -> str:
    """Return the address of a file for a sign-in; it is good for ten to twenty minutes.

    Within ten minutes it is the same one, so that a browser need not fetch a picture twice.
    """
    until = (int(utc_now().timestamp()) // SHORTEST_S + 2) * SHORTEST_S
    query = urlencode({"until": until, "key": _key(session_id, file_id, until)})
    return f"{PATH}/{file_id}?{query}"


def is_good(session_id: UUID, file_id: UUID, until: str, key: str) -> bool:
    """Tell whether a link was made for this sign-in, and is not over."""
    if not until.isascii() or not until.isdecimal() or len(until) > 12:  # noqa: PLR2004
        return False
    wanted = _key(session_id, file_id, int(until))
    is_ours = hmac.compare_digest(wanted.encode(), key.encode())
    return is_ours and int(until) >= utc_now().timestamp()


def _key(session_id: UUID, file_id: UUID, until: int) -> str:
    secret = settings().derive("media-links").encode()
    said = f"{session_id}|{file_id}|{until}".encode()
    return hmac.new(secret, said, hashlib.sha256).hexdigest()[:40]

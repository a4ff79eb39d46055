"""The gate in front of NiceGUI, which authenticates nothing by itself after a page has loaded.

Nobody without a live session reaches a page, its socket or its uploads, and no server-side client
comes into being for a visitor (`requests`). A page is bound to the session that loaded it
(`bindings`): the socket must show the same one, events must come over that page's own socket, and
a revoked session's pages close. `hooks` puts this into NiceGUI, whose private names it checks at
start; `budgets` counts.
"""

from app.gate.bindings import bindings
from app.gate.hooks import install
from app.gate.requests import Gate

__all__ = ["Gate", "bindings", "install"]

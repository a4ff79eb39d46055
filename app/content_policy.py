"""The content security policy of a page: only scripts that carry its nonce run, and what they load.

Server-rendered pages write the nonce into their templates. Pages of others (NiceGUI's, the
sandbox's) pass through `ContentPolicy`, which writes it into their tags. Foreign text cannot hold
such a tag there: both escape `<` wherever they print data.
"""

import re
import secrets

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import paths

HEADER = "Content-Security-Policy"
PAGE = (
    "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic'{compiling};"
    " style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:;"
    " font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; manifest-src 'self';"
    " object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none';"
    f" report-uri {paths.POLICY_REPORTS}"
)
# What is no page may load nothing, should a browser ever show it as one.
NO_PAGE = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

# The import map and inline modules are scripts, too; links preload modules.
TAGS = re.compile(rb"<(script|link)(?=[\s>])")


def new_nonce() -> str:
    """Return a nonce for one response."""
    return secrets.token_urlsafe(16)


def policy(nonce: str, *, is_compiling: bool = False) -> str:
    """Return the policy of one page; Vue compiles templates at run time, which needs eval."""
    return PAGE.format(nonce=nonce, compiling=" 'unsafe-eval'" if is_compiling else "")


class ContentPolicy:
    """ASGI wrapper: gives the HTML of an application its nonce, in the tags and in the header."""

    def __init__(self, app: ASGIApp, *, is_compiling: bool = False) -> None:
        self._app = app
        self._is_compiling = is_compiling

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        page = _Page(send, is_compiling=self._is_compiling)
        await self._app(scope, receive, page.send)


class _Page:
    """One response on its way out; what is no HTML, or has a policy of its own, is not touched."""

    def __init__(self, send: Send, *, is_compiling: bool) -> None:
        self._send = send
        self._is_compiling = is_compiling
        self._start: Message | None = None
        self._body = bytearray()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_bare_html(message):
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._finish(self._start)

    async def _finish(self, start: Message) -> None:
        nonce = new_nonce()
        body = TAGS.sub(rb'<\1 nonce="%s"' % nonce.encode(), bytes(self._body))
        headers = MutableHeaders(raw=list(start["headers"]))
        headers[HEADER] = policy(nonce, is_compiling=self._is_compiling)
        if body:  # an answer to HEAD has a length and no body
            headers["Content-Length"] = str(len(body))
        self._start = None
        await self._send({**start, "headers": headers.raw})
        await self._send({"type": "http.response.body", "body": body})


def _is_bare_html(start: Message) -> bool:
    headers = MutableHeaders(raw=list(start.get("headers", ())))
    return HEADER not in headers and headers.get("content-type", "").startswith("text/html")

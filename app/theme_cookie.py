"""The colours of the profile, brought to a browser before its first paint.

The script that paints reads the cookie `theme`, which this browser's owner may change at any time.
`theme_known` is what of the profile has come here before: only a profile that has changed since
takes the choice over, so a choice that has not been stored yet is not undone.
"""

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.config import settings
from app.models.enums import Theme
from app.services.sessions import SessionView

THEME, KNOWN = "theme", "theme_known"
YEAR_S = 365 * 86_400


class ThemeCookie:
    """ASGI wrapper around pages of signed-in people: sets the cookies of a profile that changed."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        session: SessionView | None = scope.get("state", {}).get("session")
        if scope["type"] != "http" or session is None:
            await self._app(scope, receive, send)
            return
        cookies = cookies_of(session.theme, HTTPConnection(scope).cookies.get(KNOWN))

        async def send_with_cookies(message: Message) -> None:
            if message["type"] == "http.response.start" and cookies:
                headers = MutableHeaders(raw=list(message.get("headers", ())))
                if headers.get("content-type", "").startswith("text/html"):
                    headers.raw.extend((b"set-cookie", cookie.encode()) for cookie in cookies)
                    message["headers"] = headers.raw
            await send(message)

        await self._app(scope, receive, send_with_cookies)


def cookies_of(theme: Theme, known: str | None) -> list[str]:
    """Return the cookies that bring a profile's theme to a browser; none if it has come before."""
    if known == theme or (known is None and theme is Theme.SYSTEM):
        return []
    response = Response()
    for name, is_ours in ((THEME, False), (KNOWN, True)):
        response.set_cookie(
            name,
            theme,
            max_age=YEAR_S,
            httponly=is_ours,
            secure=settings().is_https,
            samesite="lax",
            path="/",
        )
    return response.headers.getlist("set-cookie")

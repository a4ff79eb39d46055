"""What is typed to use a WhatsApp account: ids, token, secrets and address, in their stored form.

Each reader raises ValidationFailed under the name of its field, without repeating what it got.
"""

import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from app.errors import ValidationFailed
from app.i18n import gettext as _

MAX_TOKEN, MAX_SECRET, MAX_URL = 1000, 200, 300
Reader = Callable[[str], str]
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")  # a part of Graph's paths; Meta's own are digits


def read_all(readers: Mapping[str, Reader], typed: Mapping[str, str | None]) -> dict[str, str]:
    """Return each text that is given as its reader makes it; what is None is left out.

    Raises:
        ValidationFailed: with everything that is wrong, not only the first.
    """
    read: dict[str, str] = {}
    fields: dict[str, str] = {}
    for name, written in typed.items():
        if written is None:
            continue
        try:
            read[name] = readers[name](written)
        except ValidationFailed as error:
            fields |= error.fields
    if fields:
        raise ValidationFailed(fields)
    return read


def waba_id(value: str) -> str:
    """Return the id of a WhatsApp Business account."""
    return _meta_id("waba_id", value)


def meta_phone_number_id(value: str) -> str:
    """Return the id that Meta gives a number."""
    return _meta_id("phone_number_id", value)


def access_token(value: str) -> str:
    """Return a token without the blanks that copying brings."""
    said = _("Copy the access token whole, without spaces.")
    token = _visible("access_token", value, MAX_TOKEN, said)
    if " " in token:
        raise ValidationFailed({"access_token": said})
    return token


def app_secret(value: str) -> str:
    """Return the secret of an app at Meta."""
    return _visible(
        "app_secret",
        value,
        MAX_SECRET,
        _("Copy the app secret from your app's basic settings at Meta."),
    )


def verify_token(value: str) -> str:
    """Return what Meta is to show when it verifies our address."""
    return _visible(
        "verify_token",
        value,
        MAX_SECRET,
        _("The verify token has at most 200 characters, and letters without accents only."),
    )


def graph_url(value: str) -> str:
    """Return the address before Graph's version: an origin, with or without a path."""
    written = value.strip().rstrip("/")
    try:
        parts = urlsplit(written)
        is_origin = parts.scheme in {"http", "https"} and bool(parts.hostname)
        is_plain = parts.port != 0 and not (parts.query or parts.fragment or "@" in parts.netloc)
    except ValueError:  # a port that is no number, half an IPv6 address
        is_origin = is_plain = False
    has_blank = not written.isascii() or not written.isprintable() or " " in written
    if not is_origin or not is_plain or has_blank or len(written) > MAX_URL:
        raise ValidationFailed(
            {"graph_url": _("Write the address of Graph like https://graph.facebook.com.")}
        )
    return written


def _meta_id(field: str, value: str) -> str:
    written = value.strip()
    if not _ID.fullmatch(written):
        raise ValidationFailed({field: _("Copy the id from Meta: it has digits only.")})
    return written


def _visible(field: str, value: str, most: int, said: str) -> str:
    written = value.strip()
    if not 1 <= len(written) <= most or not written.isascii() or not written.isprintable():
        raise ValidationFailed({field: said})
    return written


ACCOUNT: Mapping[str, Reader] = {
    "waba_id": waba_id,
    "access_token": access_token,
    "app_secret": app_secret,
    "verify_token": verify_token,
    "graph_url": graph_url,
}

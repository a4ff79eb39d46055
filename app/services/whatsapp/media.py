"""Files at Meta: an id stands for one, a link that lives for five minutes brings it."""

from collections.abc import Iterator
from typing import IO
from urllib.parse import quote, urlsplit

import httpx
from pydantic import BaseModel

from app.errors import ProviderError
from app.services.whatsapp import client
from app.services.whatsapp.client import Credentials, Refused

Chunks = Iterator[bytes]

# Where Meta keeps files. A link elsewhere would carry the token to somebody else.
HOSTS = (".fbsbx.com", ".facebook.com", ".fbcdn.net", ".whatsapp.net")


class Link(BaseModel):
    """Where a file is for the next five minutes, and its SHA-256 in hexadecimal digits."""

    url: str
    sha256: str | None = None


def find(credentials: Credentials, media_id: str) -> Link:
    """Ask where a file is.

    Raises:
        GraphRefused: Meta knows no such file, or not for this token.
        ProviderError: Meta could not be reached, or names a place that is not its own.
    """
    link = client.read(Link, client.request(credentials, "GET", quote(media_id, safe="")))
    if not _is_metas(link.url, credentials.graph_url):
        raise ProviderError
    return link


def download(credentials: Credentials, url: str) -> Chunks:
    """Return the bytes of a file, in parts, while they come.

    Raises:
        ProviderError: the link is over, or Meta cannot be reached; also between two parts.
    """
    try:
        with client.stream(credentials, url) as response:
            if response.status_code != httpx.codes.OK:
                raise ProviderError
            yield from response.iter_bytes()
    except httpx.HTTPError as error:
        raise ProviderError from error


def upload(
    credentials: Credentials,
    phone_number_id: str,
    file: IO[bytes],
    *,
    content_type: str,
    filename: str,
) -> str | Refused:
    """Give Meta a file for messages of a number; returns its id there, good for thirty days.

    Nothing is sent by it, so whatever goes wrong on the way may be tried again.
    """
    return client.upload(
        credentials,
        f"{phone_number_id}/media",
        {"messaging_product": "whatsapp", "type": content_type},
        {"file": (filename or "file", file, content_type)},
    )


def _is_metas(url: str, graph_url: str) -> bool:
    there, graph = urlsplit(url), urlsplit(graph_url)
    if (there.scheme, there.netloc) == (graph.scheme, graph.netloc):
        return True
    host = there.hostname or ""
    return there.scheme == "https" and there.port in {None, 443} and host.endswith(HOSTS)

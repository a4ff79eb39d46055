"""The guard of outgoing requests to addresses that other people name.

An address is looked at when the connection is made, not before, so that a name cannot change what
it means between the check and the call: every address that the name resolves to must be public, and
the connection goes to one of those that were checked. No redirects, no cookies, no proxies, time
and size are limited. `OUTGOING_ALLOW` lets named hosts and ports through, with plain http, too.
"""

import ipaddress
import socket
import time
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx

from app import db
from app.config import settings
from app.errors import AppError
from app.i18n import mark

CONNECT_S, TOTAL_S = 3.0, 10.0
MAX_ANSWER = 256 * 1024
PORTS = {"https": 443, "http": 80}

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# What `ipaddress.is_global` of some Python versions calls public, and is not.
NEVER_V4 = [ipaddress.IPv4Network(text) for text in ("192.0.0.0/24", "192.88.99.0/24")]
NEVER_V6 = [ipaddress.IPv6Network(text) for text in ("64:ff9b:1::/48", "2001::/32", "::/96")]
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class AddressRefused(AppError):
    """The address is no public one: one sentence for all reasons, so that nobody can explore."""

    code, status = "address_refused", 422
    sentence = mark("This address cannot be used. It has to be a public https address.")


class NoAnswer(AppError):
    """Nobody answered in time, or too much."""

    code, status = "no_answer", 502
    sentence = mark("The other side did not answer as expected. Please try again.")


class _Refused(Exception):
    """Carries a refusal out of the connection pool, which knows other exceptions only."""


class GuardedBackend(httpcore.SyncBackend):
    """Connects to checked addresses only; TLS and the Host header keep the name."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to a host that the operator lets through, or to a public address of it."""
        if is_allowed(host, port):
            return super().connect_tcp(host, port, timeout, local_address, socket_options)
        addresses = resolve(host, port)
        if not addresses or not all(is_public(address) for address in addresses):
            raise _Refused
        return super().connect_tcp(str(addresses[0]), port, timeout, local_address, socket_options)

    def connect_unix_socket(self, *_args: Any, **_options: Any) -> httpcore.NetworkStream:
        """Refuse: a path is no public address."""
        raise _Refused


class GuardedTransport(httpx.HTTPTransport):
    """httpx's transport over the guarded backend, with limits on the answer."""

    def __init__(self) -> None:
        super().__init__(trust_env=False)
        self._pool.close()
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False),
            max_connections=20,
            keepalive_expiry=5,
            network_backend=GuardedBackend(),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request whose address is checked twice, by its form and when it is resolved."""
        check_url(str(request.url))
        try:
            response = super().handle_request(request)
        except _Refused:
            raise AddressRefused from None
        assert isinstance(response.stream, httpx.SyncByteStream)  # noqa: S101  # of a sync transport
        response.stream = _Limited(response.stream)
        return response


class _Limited(httpx.SyncByteStream):
    """An answer that is cut off when it is too large or too slow."""

    def __init__(self, stream: httpx.SyncByteStream) -> None:
        self._stream = stream
        self._deadline = time.monotonic() + TOTAL_S

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for part in self._stream:
            size += len(part)
            if size > MAX_ANSWER or time.monotonic() > self._deadline:
                raise NoAnswer
            yield part

    def close(self) -> None:
        self._stream.close()


def client_options() -> dict[str, Any]:
    """Return the arguments of every httpx client that calls addresses of other people."""
    return {
        "transport": GuardedTransport(),
        "timeout": httpx.Timeout(TOTAL_S, connect=CONNECT_S),
        "follow_redirects": False,
        "trust_env": False,
        "headers": {"User-Agent": f"{settings().app_name} (outgoing)"},
    }


def get_json(url: str) -> Any:
    """GET a JSON document.

    Raises:
        AddressRefused: the address is not public.
        NoAnswer: nobody answered in time, with 200 and JSON.
    """
    db.refuse_inside_transaction()
    try:
        with httpx.Client(**client_options()) as client:
            response = client.get(url)
            if response.status_code != httpx.codes.OK:
                raise NoAnswer
            return response.json()
    except httpx.InvalidURL as error:
        raise AddressRefused from error
    except (httpx.HTTPError, ValueError) as error:
        raise NoAnswer from error


def check_url(url: str) -> None:
    """Refuse an address by its form; what it resolves to is checked when the connection is made.

    Raises:
        AddressRefused: not https, a user in it, a strange port or host.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS.get(parts.scheme, 0)
        host = (parts.hostname or "").encode("idna").decode() if parts.hostname else ""
    except (ValueError, UnicodeError) as error:
        raise AddressRefused from error
    if not host or parts.username or parts.password or parts.scheme not in PORTS:
        raise AddressRefused
    if is_allowed(host, port):
        return
    if parts.scheme != "https" or port != PORTS["https"]:
        raise AddressRefused


def is_allowed(host: str, port: int) -> bool:
    """Tell whether the operator lets this host and port through."""
    return f"{host.strip('[]').lower()}:{port}" in settings().outgoing_allow


def resolve(host: str, port: int) -> list[Address]:
    """Return every address of a host; none when there is none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]


def is_public(address: Address) -> bool:
    """Tell whether an address is one of the open internet, whatever it is wrapped in."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if any(address in network for network in NEVER_V6):
            return False
    elif any(address in network for network in NEVER_V4):
        return False
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_unspecified
    )

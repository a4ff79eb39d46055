"""Which addresses we call on other people's word: public ones, whatever they are wrapped in."""

import ipaddress

import pytest

from app.config import configure
from app.services.outgoing import AddressRefused, check_url, is_public

PRIVATE_V4 = (
    "0.0.0.0",  # noqa: S104  # an address to refuse
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.192",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
)


def wrapped(address: str) -> list[str]:
    """Return an IPv4 address itself, mapped, through NAT64, and through 6to4."""
    number = int(ipaddress.IPv4Address(address))
    to4 = ipaddress.IPv6Address((0x2002 << 112) | (number << 80))
    return [address, f"::ffff:{address}", f"64:ff9b::{address}", str(to4)]


@pytest.mark.parametrize("address", [one for plain in PRIVATE_V4 for one in wrapped(plain)])
def test_private_address_is_refused_whatever_it_is_wrapped_in(address: str):
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    ["::", "::1", "::127.0.0.1", "fe80::1", "fc00::1", "ff02::1", "64:ff9b:1::1", "2001::1"],
)
def test_ipv6_that_is_not_the_open_internet_is_refused(address: str):
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:4700::1111"])
def test_public_address_is_called(address: str):
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "http://example.com/",
        "https://example.com:8443/",
        "https://ana:secret@example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://",
        "https://example.com:99999/",
        "https://[::1/",
    ],
)
def test_every_refusal_says_the_same(url: str):
    with pytest.raises(AddressRefused) as refused:
        check_url(url)

    assert str(refused.value) == str(AddressRefused())


def test_operator_lets_a_host_through_at_one_port_only():
    configure(outgoing_allow=("localhost:8080",))

    check_url("http://LOCALHOST:8080/x")
    for other in ("http://localhost:8081/", "http://localhost/", "http://x.localhost:8080/"):
        with pytest.raises(AddressRefused):
            check_url(other)

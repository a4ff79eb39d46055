"""Whose word about where a request came from is believed: `TRUSTED_PROXIES`, nobody else's."""

import ipaddress
from collections.abc import Sequence


class Proxies:
    """The proxies in front of us, as addresses and networks."""

    def __init__(self, networks: Sequence[str]) -> None:
        self._networks = [ipaddress.ip_network(one, strict=False) for one in networks]

    def know(self, address: str) -> bool:
        """Tell whether an address is one of theirs."""
        if not self._networks:
            return False
        plain = address_of(address)
        return plain is not None and any(
            ipaddress.ip_address(plain) in network for network in self._networks
        )


def address_of(hop: str) -> str | None:
    """Return the address that a proxy wrote, without its port, and IPv4 as IPv4."""
    text = hop.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        return None
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)

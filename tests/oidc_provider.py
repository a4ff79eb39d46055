"""A real OpenID provider beside the tests: oidc-provider-mock in a process of its own."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.subprocesses import free_port
from tests.waiting import wait_until


class Provider:
    """A running provider; `issuer` is its address."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.issuer = f"http://127.0.0.1:{port}"

    def set_user(self, subject: str, **claims: Any) -> None:
        """Say what the provider tells about somebody."""
        request = urllib.request.Request(  # noqa: S310  # on this machine
            f"{self.issuer}/users/{subject}",
            json.dumps(claims).encode(),
            {"Content-Type": "application/json"},
            method="PUT",
        )
        urllib.request.urlopen(request).close()  # noqa: S310  # same

    def is_up(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.issuer}/.well-known/openid-configuration").close()  # noqa: S310  # same
        except OSError:
            return False
        return True


@contextmanager
def oidc_provider() -> Iterator[Provider]:
    provider = Provider(free_port())
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(provider.port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(provider.is_up)
        yield provider
    finally:
        process.kill()
        process.wait()

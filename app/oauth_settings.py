"""OpenID Connect providers as the operator names them: three variables each, any number of them."""

import os
import re
from dataclasses import dataclass

from dotenv import dotenv_values

# A provider of one's own naming has three variables.
OAUTH_VARIABLE = re.compile(r"OAUTH_([A-Z0-9_]+?)_(ISSUER|CLIENT_ID|CLIENT_SECRET)")


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthProvider:
    """An OpenID Connect provider that people may sign in with; `name` stands in addresses."""

    name: str
    issuer: str
    client_id: str
    client_secret: str

    @property
    def label(self) -> str:
        """The name as people read it."""
        return self.name.replace("_", " ").replace("-", " ").title()


def read_providers() -> dict[str, OAuthProvider]:
    """Return the providers of the environment and of `.env`, by name.

    Raises:
        ValueError: one is configured by half.
    """
    found: dict[str, dict[str, str]] = {}
    for variable, value in {**dotenv_values(".env"), **os.environ}.items():
        match = OAUTH_VARIABLE.fullmatch(variable)
        if match and value:
            found.setdefault(match[1].lower(), {})[match[2].lower()] = value
    for name, parts in found.items():
        if missing := {"issuer", "client_id", "client_secret"} - parts.keys():
            raise ValueError(
                f"OAUTH_{name.upper()}_{sorted(missing)[0].upper()} is missing: a provider needs"
                " issuer, client id and client secret."
            )
    return {name: OAuthProvider(name=name, **parts) for name, parts in found.items()}

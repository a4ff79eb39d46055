"""Numbers and accounts at Meta: looking at them, adding one, proving it, registering it.

Every function asks Graph once and raises what Meta says:
    GraphRefused: Meta says why not.
    ProviderError: it could not be reached, or answered nonsense.
"""

from typing import Any
from urllib.parse import quote, urlencode

import phonenumbers
from pydantic import BaseModel, ConfigDict

from app.errors import ProviderError
from app.services.whatsapp import client
from app.services.whatsapp.client import Credentials

FIELDS = (
    "display_phone_number,verified_name,code_verification_status,quality_rating,name_status,"
    "status,throughput,platform_type,whatsapp_business_manager_messaging_limit"
)
MOST_PAGES = 20


class Throughput(BaseModel):
    """How many messages a second a number may send, by Meta's word for it."""

    model_config = ConfigDict(extra="ignore")

    level: str | None = None


class NumberInfo(BaseModel):
    """A number as Meta describes it; what it leaves out is None."""

    model_config = ConfigDict(extra="ignore")

    id: str
    display_phone_number: str | None = None
    verified_name: str | None = None
    code_verification_status: str | None = None
    quality_rating: str | None = None
    name_status: str | None = None
    status: str | None = None
    throughput: Throughput | None = None
    platform_type: str | None = None
    whatsapp_business_manager_messaging_limit: str | None = None


class TokenInfo(BaseModel):
    """What a token may do; `expires_at` is seconds since 1970, 0 for one that does not end."""

    model_config = ConfigDict(extra="ignore")

    is_valid: bool = False
    app_id: str | None = None
    scopes: list[str] = []
    expires_at: int = 0


def inspect_token(credentials: Credentials) -> TokenInfo:
    """Ask about the very token that asks."""
    query = urlencode({"input_token": credentials.access_token})
    answer = client.request(credentials, "GET", f"debug_token?{query}")
    return client.read(TokenInfo, answer.get("data"))


def get_number(credentials: Credentials, number_id: str) -> NumberInfo:
    """Return one number."""
    path = f"{quote(number_id, safe='')}?fields={FIELDS}"
    return client.read(NumberInfo, client.request(credentials, "GET", path))


def list_numbers(credentials: Credentials, waba_id: str) -> list[NumberInfo]:
    """Return every number of an account, page by page."""
    found: list[NumberInfo] = []
    path = f"{waba_id}/phone_numbers?fields={FIELDS}"
    after: str | None = None
    for _page in range(MOST_PAGES):
        answer = client.request(credentials, "GET", f"{path}&after={after}" if after else path)
        data = answer.get("data")
        if not isinstance(data, list):
            raise ProviderError
        found += [client.read(NumberInfo, one) for one in data]
        paging = answer.get("paging", {})
        after = paging.get("cursors", {}).get("after") if paging.get("next") else None
        if after is None:
            break
    return found


def add_number(credentials: Credentials, waba_id: str, phone_number: str, name: str) -> str:
    """Add a number in E.164 form to an account, under a name to be reviewed; returns its id."""
    parsed = phonenumbers.parse(phone_number, None)
    country = str(parsed.country_code)
    answer = client.request(
        credentials,
        "POST",
        f"{waba_id}/phone_numbers",
        data={
            "cc": country,
            "phone_number": phone_number.lstrip("+").removeprefix(country),
            "verified_name": name,
        },
    )
    number_id = answer.get("id")
    if not isinstance(number_id, str) or not number_id:
        raise ProviderError
    return number_id


def request_code(credentials: Credentials, number_id: str, *, method: str, language: str) -> None:
    """Have Meta send a code to the number, by SMS or VOICE, in a language like en_US."""
    data = {"code_method": method, "language": language}
    client.request(credentials, "POST", f"{number_id}/request_code", data=data)


def verify_code(credentials: Credentials, number_id: str, code: str) -> None:
    """Show Meta the code that the number was sent."""
    client.request(credentials, "POST", f"{number_id}/verify_code", data={"code": code})


def register(credentials: Credentials, number_id: str, pin: str) -> None:
    """Register a verified number for the Cloud API, with six digits to be asked for next time."""
    data = {"messaging_product": "whatsapp", "pin": pin}
    client.request(credentials, "POST", f"{number_id}/register", data=data)


def subscribe(
    credentials: Credentials, waba_id: str, *, callback_url: str, verify_token: str
) -> dict[str, Any]:
    """Have an account's webhooks sent to an address, which Meta verifies at once."""
    return client.request(
        credentials,
        "POST",
        f"{waba_id}/subscribed_apps",
        data={"override_callback_uri": callback_url, "verify_token": verify_token},
    )


def is_subscribed(credentials: Credentials, waba_id: str) -> bool:
    """Tell whether the account's webhooks are sent anywhere."""
    answer = client.request(credentials, "GET", f"{waba_id}/subscribed_apps")
    return bool(answer.get("data"))

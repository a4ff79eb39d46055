"""The one way to Meta's Graph: a pooled client with time-outs, and outcomes instead of guesses.

Sending is not idempotent. So an outcome is one of three: Accepted, Refused (Meta said no, or the
request never left), or Unseen (it may have been sent; only a status or a person can tell).
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from app import db
from app.errors import ProviderError
from app.i18n import gettext
from app.services.whatsapp.errors import (
    MISCONFIGURED,
    NEVER_LEFT,
    UNAVAILABLE,
    Meaning,
    is_specific,
    meaning,
)
from app.services.whatsapp.payloads import GraphError

T = TypeVar("T", bound=BaseModel)

TIMEOUT = httpx.Timeout(30.0, connect=5.0, pool=10.0)
LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=50, keepalive_expiry=30)
SERVER_ERROR = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Where and as whom to call."""

    graph_url: str
    version: str
    access_token: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """Meta took the message; whether it arrives, statuses tell."""

    wamid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The message was not sent. `retry_after_s` is the provider's wish, if it had one."""

    code: int
    title: str
    details: str | None
    meaning: Meaning
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Unseen:
    """Nobody knows whether the message was sent."""

    reason: str


Outcome = Accepted | Refused | Unseen


class GraphRefused(ProviderError):
    """Graph answered a management request with an error."""

    code = "graph_refused"

    def __init__(self, error: GraphError) -> None:
        self.error = error
        super().__init__(_words(error))


def _words(error: GraphError) -> str:
    """Return what Meta's answer to a management request means, in our words where we have any."""
    if is_specific(error.code):
        return gettext(meaning(error.code).sentence)
    said = error.details or error.message or error.title or str(error.code)
    return gettext("WhatsApp did not accept this. It says: {reason}").format(reason=said)


_lock = threading.Lock()
_client: httpx.Client | None = None


def _http() -> httpx.Client:
    global _client  # noqa: PLW0603  # one pool of connections a process
    with _lock:
        if _client is None:
            _client = httpx.Client(
                timeout=TIMEOUT, limits=LIMITS, trust_env=False, follow_redirects=False
            )
        return _client


def forget_connections() -> None:
    """Close the pool; the next request opens another (tests, a changed time-out)."""
    global _client  # noqa: PLW0603  # see _http
    with _lock:
        if _client is not None:
            _client.close()
        _client = None


def send(credentials: Credentials, phone_number_id: str, message: BaseModel) -> Outcome:
    """POST a message. Never raises for the network or for Meta: the outcome says what is known."""
    db.refuse_inside_transaction()
    url = f"{credentials.graph_url}/{credentials.version}/{phone_number_id}/messages"
    try:
        request = _http().build_request(
            "POST", url, json=message.model_dump(exclude_none=True), headers=_headers(credentials)
        )
        response = _http().send(request)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError, ValueError):
        return refused_by_us("The account's address or token cannot be used.")
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        return never_left(type(error).__name__)
    except httpx.HTTPError as error:
        return Unseen(type(error).__name__)
    return _outcome(response)


def upload(
    credentials: Credentials,
    path: str,
    data: dict[str, str],
    files: Mapping[str, tuple[str, IO[bytes], str]],
) -> str | Refused:
    """POST a file in parts as it is read; returns the id that Meta gave it. Never raises for Meta.

    A file at Meta is no message: what failed on the way counts as never sent.
    """
    db.refuse_inside_transaction()
    url = f"{credentials.graph_url}/{credentials.version}/{path}"
    try:
        response = _http().post(url, data=data, files=files, headers=_headers(credentials))
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError, ValueError):
        return refused_by_us("The account's address or token cannot be used.")
    except httpx.HTTPError as error:
        return never_left(type(error).__name__)
    found = _json(response).get("id") if response.is_success else None
    if isinstance(found, str) and found:
        return found
    outcome = _outcome(response)
    return outcome if isinstance(outcome, Refused) else never_left("No id came back.")


def request(
    credentials: Credentials,
    method: str,
    path: str,
    *,
    data: dict[str, Any] | None = None,
    content: IO[bytes] | None = None,
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Call a management endpoint, with JSON or with the bytes of a file.

    Raises:
        GraphRefused: Meta answered with an error.
        ProviderError: Meta could not be reached or answered nonsense.
    """
    db.refuse_inside_transaction()
    url = f"{credentials.graph_url}/{credentials.version}/{path}"
    try:
        response = _http().request(
            method,
            url,
            json=data,
            content=content,
            headers={**_headers(credentials), **(headers or {})},
        )
    except httpx.HTTPError as error:
        raise ProviderError from error
    body = _json(response)
    refusal = _graph_error(body)
    if refusal is not None:
        raise GraphRefused(refusal)
    if not response.is_success:
        raise ProviderError
    return body


@contextmanager
def stream(credentials: Credentials, url: str) -> Iterator[httpx.Response]:
    """GET a file with the account's token; the body is read by the caller, part by part.

    Raises:
        httpx.HTTPError: Meta could not be reached, or stopped in the middle.
    """
    db.refuse_inside_transaction()
    with _http().stream("GET", url, headers=_headers(credentials)) as response:
        yield response


def read(shape: type[T], answer: Any) -> T:
    """Return an answer in its shape.

    Raises:
        ProviderError: it has another.
    """
    try:
        return shape.model_validate(answer)
    except ValidationError as error:
        raise ProviderError from error


def _outcome(response: httpx.Response) -> Outcome:
    body = _json(response)
    if response.is_success:
        wamid = _wamid(body)
        return Accepted(wamid) if wamid else Unseen("an answer without a message id")
    error = _graph_error(body)
    retry_after = _retry_after(response)
    if error is not None:
        title = error.title or error.message or f"Error {error.code}"
        return _refusal(error.code, title, details=error.details, retry_after_s=retry_after)
    status = response.status_code
    if status >= SERVER_ERROR and status != UNAVAILABLE:
        return Unseen(f"HTTP {status}")
    return _refusal(status, f"HTTP {status}", retry_after_s=retry_after)


def _wamid(body: dict[str, Any]) -> str | None:
    messages = body.get("messages")
    first = messages[0] if isinstance(messages, list) and messages else None
    wamid = first.get("id") if isinstance(first, dict) else None
    return wamid if isinstance(wamid, str) and wamid else None


def never_left(reason: str) -> Refused:
    """Return the outcome of a message that could not be sent yet: it may be tried again."""
    return _refusal(NEVER_LEFT, reason)


def refused_by_us(reason: str) -> Refused:
    """Return the outcome of a message that could not even be written: certainly not sent."""
    return _refusal(MISCONFIGURED, reason)


def _refusal(
    code: int,
    title: str,
    *,
    details: str | None = None,
    retry_after_s: float | None = None,
) -> Refused:
    return Refused(
        code=code, title=title, details=details, meaning=meaning(code), retry_after_s=retry_after_s
    )


def _headers(credentials: Credentials) -> dict[str, str]:
    return {"Authorization": f"Bearer {credentials.access_token}"}


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _graph_error(body: dict[str, Any]) -> GraphError | None:
    error = body.get("error")
    if not isinstance(error, dict):
        return None
    try:
        return GraphError.model_validate(error)
    except ValueError:
        return GraphError(code=-1, message="An error of an unknown form.")


def _retry_after(response: httpx.Response) -> float | None:
    value = response.headers.get("retry-after", "")
    return float(value) if value.isdigit() else None

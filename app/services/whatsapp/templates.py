"""Templates at Meta: listing, creating, editing, deleting.

Every function asks Graph and raises what Meta says:
    GraphRefused: Meta says why not.
    ProviderError: it could not be reached, or answered nonsense.
"""

from collections.abc import Iterator
from typing import IO, Any
from urllib.parse import quote, urlencode

from pydantic import BaseModel, ConfigDict, Field

from app.errors import ProviderError
from app.services.whatsapp import client
from app.services.whatsapp.client import Credentials

FIELDS = (
    "id,name,language,status,category,components,parameter_format,quality_score,rejected_reason"
)
PAGE, MOST_PAGES = 100, 80  # an account has 6,000 templates at most


class Quality(BaseModel):
    """How readers take a template."""

    model_config = ConfigDict(extra="ignore")

    score: str | None = None


class TemplateInfo(BaseModel):
    """A template as Meta describes it; what it leaves out is None."""

    model_config = ConfigDict(extra="ignore")

    id: str
    name: str
    language: str
    status: str
    category: str
    parameter_format: str | None = None
    components: list[dict[str, Any]] = []
    quality_score: Quality | None = None
    rejected_reason: str | None = None


class _Session(BaseModel):
    """Where the bytes of a file go; a path below Graph's version, with a signature in it."""

    id: str = Field(pattern=r"^upload:[\w.~%=:?&+/-]+$")


class _Handle(BaseModel):
    h: str = Field(min_length=1)


class Submitted(BaseModel):
    """What Meta made of a new template; it may choose another category."""

    model_config = ConfigDict(extra="ignore")

    id: str
    status: str = "PENDING"
    category: str | None = None


def list_all(credentials: Credentials, waba_id: str) -> Iterator[TemplateInfo]:
    """Return every template of an account, a page at a time."""
    query: dict[str, str | int] = {"fields": FIELDS, "limit": PAGE}
    for _page in range(MOST_PAGES):
        path = f"{waba_id}/message_templates?{urlencode(query)}"
        answer = client.request(credentials, "GET", path)
        data = answer.get("data")
        if not isinstance(data, list):
            raise ProviderError
        yield from (client.read(TemplateInfo, one) for one in data)
        paging = answer.get("paging")
        paging = paging if isinstance(paging, dict) else {}
        after = paging.get("cursors", {}).get("after") if paging.get("next") else None
        if not after:
            return
        query["after"] = str(after)


def bring_sample(  # the members of one request
    credentials: Credentials,
    app_id: str,
    file: IO[bytes],
    *,
    size: int,
    content_type: str,
    filename: str,
) -> str:
    """Show Meta's reviewers what a header will hold; returns the handle that stands for it."""
    query = urlencode({"file_name": filename, "file_length": size, "file_type": content_type})
    session = client.read(
        _Session, client.request(credentials, "POST", f"{app_id}/uploads?{query}")
    )
    answer = client.request(
        credentials,
        "POST",
        session.id,
        content=file,
        headers={"Authorization": f"OAuth {credentials.access_token}", "file_offset": "0"},
    )
    return client.read(_Handle, answer).h


def create(  # the members of one request
    credentials: Credentials,
    waba_id: str,
    *,
    name: str,
    language: str,
    category: str,
    is_named: bool,
    components: list[dict[str, Any]],
) -> Submitted:
    """Submit a new template for review."""
    data = {
        "name": name,
        "language": language,
        "category": category,
        "parameter_format": "NAMED" if is_named else "POSITIONAL",
        "components": components,
    }
    path = f"{waba_id}/message_templates"
    return client.read(Submitted, client.request(credentials, "POST", path, data=data))


def edit(credentials: Credentials, template_id: str, components: list[dict[str, Any]]) -> None:
    """Submit other parts of a template for review; name, language and category stay."""
    data = {"components": components}
    client.request(credentials, "POST", quote(template_id, safe=""), data=data)


def delete(credentials: Credentials, waba_id: str, *, template_id: str, name: str) -> None:
    """Delete one language of a template; its name cannot be used again for thirty days."""
    query = urlencode({"hsm_id": template_id, "name": name})
    client.request(credentials, "DELETE", f"{waba_id}/message_templates?{query}")

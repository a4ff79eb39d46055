"""What a place, contact cards and a reaction say, in Meta's own members; the limits are Meta's.

A member that Meta does not know is refused here, where its sender can still be told.
"""

from collections.abc import Iterator
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.services.text import is_storable

MAX_CAPTION = 1024
MAX_CONTACTS = 257  # Meta's document says 5, its guide 257, and that more than 50 are hard to read
Where = Literal["HOME", "WORK"]
Line = Literal["HOME", "WORK", "CELL", "MAIN", "IPHONE"]


class Content(BaseModel):
    """A part of what Meta is sent."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _is_storable(cls, given: object) -> object:
        if isinstance(given, dict) and not all(map(is_storable, _texts(given))):
            raise PydanticCustomError("not_storable", "holds what is no text")
        return given


class Location(Content):
    """A place."""

    latitude: float = Field(ge=-90, le=90, strict=False)
    longitude: float = Field(ge=-180, le=180, strict=False)
    name: str | None = Field(default=None, max_length=1000)
    address: str | None = Field(default=None, max_length=1000)


class ContactName(Content):
    """How a person is called; Meta wants the whole name and one part of it."""

    formatted_name: str = Field(min_length=1, max_length=500)
    first_name: str | None = None
    last_name: str | None = None
    middle_name: str | None = None
    suffix: str | None = None
    prefix: str | None = None

    @model_validator(mode="after")
    def _has_a_part(self) -> Self:
        parts = (
            self.first_name, self.last_name, self.middle_name, self.suffix, self.prefix,
        )  # fmt: skip
        if not any(parts):
            self.first_name = self.formatted_name
        return self


class Phone(Content):
    """How to call somebody; with `wa_id` the card has a button that opens a chat."""

    phone: str | None = None
    type: Line | None = None
    wa_id: str | None = None


class Email(Content):
    """How to write to somebody."""

    email: str
    type: Where | None = None


class Site(Content):
    """Where somebody is in the web."""

    url: str
    type: Where | None = None


class Address(Content):
    """Where somebody lives or works."""

    street: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    country: str | None = None
    country_code: str | None = None
    type: Where | None = None


class Organisation(Content):
    """For whom somebody works."""

    company: str | None = None
    department: str | None = None
    title: str | None = None


class Contact(Content):
    """A person to get in touch with."""

    name: ContactName
    birthday: str | None = Field(default=None, pattern=r"^\d{4}-\d{2}-\d{2}$")
    phones: list[Phone] | None = None
    emails: list[Email] | None = None
    urls: list[Site] | None = None
    addresses: list[Address] | None = None
    org: Organisation | None = None


class Contacts(Content):
    """Contact cards."""

    contacts: list[Contact] = Field(min_length=1, max_length=MAX_CONTACTS)


class Reaction(Content):
    """An emoji on a message, by Meta's id of it; an empty one takes the reaction back."""

    message_id: str = Field(min_length=1, max_length=255)
    emoji: str = Field(max_length=32)


def dumped(content: BaseModel) -> dict[str, Any]:
    """Return what is kept and sent: no member that nobody gave."""
    return content.model_dump(exclude_none=True, mode="json")


def _texts(given: object) -> Iterator[str]:
    """Yield every text in what somebody gave, at any depth."""
    if isinstance(given, str):
        yield given
    elif isinstance(given, dict):
        for name, value in given.items():
            yield str(name)
            yield from _texts(value)
    elif isinstance(given, list):
        for value in given:
            yield from _texts(value)

"""What a message of each kind says, in Meta's own members; the limits are Meta's.

Members that we do not check are passed on as they came: Meta says so if it does not know them.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.services.text import is_storable

MAX_CAPTION = 1024
MAX_BUTTONS, MAX_ROWS = 3, 10
MAX_CONTACTS = 257
OTHER_INTERACTIVES = Literal[
    "address_message", "call_permission_request", "catalog_message", "flow",
    "location_request_message", "product", "product_list", "voice_call",
]  # fmt: skip

Short = Annotated[str, Field(min_length=1, max_length=20)]
Title = Annotated[str, Field(min_length=1, max_length=24)]


class Content(BaseModel):
    """A part of what Meta is sent."""

    model_config = ConfigDict(extra="allow", strict=True)

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


class Contact(Content):
    """A person to get in touch with."""

    name: ContactName
    phones: list[dict[str, Any]] | None = None


class Contacts(Content):
    """Contact cards."""

    contacts: list[Contact] = Field(min_length=1, max_length=MAX_CONTACTS)


class Reaction(Content):
    """An emoji on a message, by Meta's id of it; an empty one takes the reaction back."""

    message_id: str = Field(min_length=1, max_length=255)
    emoji: str = Field(max_length=32)


class Words(Content):
    """A text below or above."""

    text: str = Field(min_length=1)


class BodyText(Words):
    """The text of a message with something to tap."""

    text: str = Field(min_length=1, max_length=1024)


class Footer(Words):
    """A small line below."""

    text: str = Field(min_length=1, max_length=60)


class Header(Content):
    """A line or a file above; of a line, at most 60 characters."""

    type: Literal["text", "image", "video", "document"]
    text: str | None = Field(default=None, min_length=1, max_length=60)


class Reply(Content):
    """What a button says, and what comes back when it is tapped."""

    id: str = Field(min_length=1, max_length=256)
    title: Short


class Button(Content):
    """A button that answers."""

    type: Literal["reply"] = "reply"
    reply: Reply


class ButtonAction(Content):
    """One to three buttons."""

    buttons: list[Button] = Field(min_length=1, max_length=MAX_BUTTONS)

    @model_validator(mode="after")
    def _differ(self) -> Self:
        _require_different([one.reply.id for one in self.buttons])
        _require_different([one.reply.title for one in self.buttons])
        return self


class Row(Content):
    """One choice of a list."""

    id: str = Field(min_length=1, max_length=200)
    title: Title
    description: str | None = Field(default=None, max_length=72)


class Section(Content):
    """Some choices under a heading."""

    title: Title | None = None
    rows: list[Row] = Field(min_length=1, max_length=MAX_ROWS)


class ListAction(Content):
    """A button that opens a list; ten rows in all, and headings where there are several parts."""

    button: Short
    sections: list[Section] = Field(min_length=1, max_length=10)

    @model_validator(mode="after")
    def _fit(self) -> Self:
        rows = [row for section in self.sections for row in section.rows]
        if len(rows) > MAX_ROWS:
            raise PydanticCustomError("rows_too_many", "at most ten rows")
        _require_different([row.id for row in rows])
        if len(self.sections) > 1 and not all(section.title for section in self.sections):
            raise PydanticCustomError("title_missing", "sections need titles")
        return self


class LinkParameters(Content):
    """Where a button leads, and what it says."""

    display_text: Short
    url: str = Field(max_length=2000, pattern=r"^https?://[^\s]+$")


class LinkAction(Content):
    """A button that opens a web page."""

    name: Literal["cta_url"] = "cta_url"
    parameters: LinkParameters


class Interactive(Content):
    """What all messages with something to tap have."""

    header: Header | None = None
    body: BodyText
    footer: Footer | None = None


class Buttons(Interactive):
    """A text with buttons that answer."""

    type: Literal["button"]
    action: ButtonAction


class Choices(Interactive):
    """A text with a list to choose from."""

    type: Literal["list"]
    action: ListAction


class WebLink(Interactive):
    """A text with a button that opens a web page."""

    type: Literal["cta_url"]
    action: LinkAction


class OtherInteractive(Content):
    """The other kinds that Meta knows: it checks what is in them."""

    type: OTHER_INTERACTIVES
    body: BodyText | None = None
    action: dict[str, Any]


AnyInteractive = Annotated[
    Buttons | Choices | WebLink | OtherInteractive, Field(discriminator="type")
]


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


def _require_different(words: list[str]) -> None:
    if len(set(words)) != len(words):
        raise PydanticCustomError("not_different", "all must differ")

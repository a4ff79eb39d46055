"""What messages with something to tap say, in Meta's own members; the limits are Meta's."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.services.whatsapp.contents import Content

MAX_BUTTONS, MAX_ROWS, MAX_PRODUCTS = 3, 10, 30

Short = Annotated[str, Field(min_length=1, max_length=20)]
Title = Annotated[str, Field(min_length=1, max_length=24)]


class Words(Content):
    """A text below or above."""

    text: str = Field(min_length=1)


class BodyText(Words):
    """The text of a message with something to tap."""

    text: str = Field(min_length=1, max_length=1024)


class Footer(Words):
    """A small line below."""

    text: str = Field(min_length=1, max_length=60)


class File(Content):
    """A file at Meta, or an address from which Meta fetches it."""

    id: str | None = None
    link: str | None = Field(default=None, max_length=2000)
    filename: str | None = Field(default=None, max_length=240)

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.id is None) == (self.link is None):
            raise PydanticCustomError("file_mixed", "is either an id or a link")
        return self


class Header(Content):
    """A line or a file above; of a line, at most 60 characters."""

    type: Literal["text", "image", "video", "document"]
    text: str | None = Field(default=None, min_length=1, max_length=60)
    image: File | None = None
    video: File | None = None
    document: File | None = None

    @model_validator(mode="after")
    def _has_what_it_says(self) -> Self:
        given = {name for name in ("text", "image", "video", "document") if getattr(self, name)}
        if given != {self.type}:
            raise PydanticCustomError("header_mixed", "has another member than its type says")
        return self


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


class ProductAction(Content):
    """A product of a catalogue."""

    catalog_id: str
    product_retailer_id: str


class Product(Interactive):
    """One product; the text above it may be missing."""

    type: Literal["product"]
    body: BodyText | None = None  # type: ignore[assignment]  # only here it may be
    action: ProductAction


class ProductItem(Content):
    """One of several products."""

    product_retailer_id: str


class ProductSection(Content):
    """Some products under a heading."""

    title: Title
    product_items: list[ProductItem] = Field(min_length=1, max_length=MAX_PRODUCTS)


class ProductsAction(Content):
    """Products of a catalogue; thirty in all."""

    catalog_id: str
    sections: list[ProductSection] = Field(min_length=1, max_length=10)

    @model_validator(mode="after")
    def _fit(self) -> Self:
        if sum(len(section.product_items) for section in self.sections) > MAX_PRODUCTS:
            raise PydanticCustomError("products_too_many", "at most thirty products")
        return self


class Products(Interactive):
    """Several products."""

    type: Literal["product_list"]
    header: Header
    action: ProductsAction


class Thumbnail(Content):
    """The product whose picture is shown."""

    thumbnail_product_retailer_id: str


class CatalogAction(Content):
    """A button that opens the catalogue."""

    name: Literal["catalog_message"]
    parameters: Thumbnail | None = None


class Catalog(Interactive):
    """The whole catalogue."""

    type: Literal["catalog_message"]
    action: CatalogAction


class FlowStart(Content):
    """The screen that a form begins with, and what it knows already."""

    screen: str | None = None
    data: dict[str, Any] | None = None


class FlowParameters(Content):
    """Which form is opened, and how."""

    flow_message_version: Literal["3"]
    flow_cta: Short
    flow_id: str | None = None
    flow_name: str | None = None
    flow_token: str | None = None
    mode: Literal["draft", "published"] | None = None
    flow_action: Literal["navigate", "data_exchange"] | None = None
    flow_action_payload: FlowStart | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.flow_id is None) == (self.flow_name is None):
            raise PydanticCustomError("flow_mixed", "is named by flow_id or flow_name")
        return self


class FlowAction(Content):
    """A button that opens a form."""

    name: Literal["flow"]
    parameters: FlowParameters


class Flow(Interactive):
    """A form to fill in."""

    type: Literal["flow"]
    action: FlowAction


class AskLocationAction(Content):
    """A button that sends where somebody is."""

    name: Literal["send_location"]


class AskLocation(Content):
    """A text that asks where somebody is."""

    type: Literal["location_request_message"]
    body: BodyText
    action: AskLocationAction


class AskCallAction(Content):
    """A button that allows calls."""

    name: Literal["call_permission_request"]


class AskCall(Content):
    """A text that asks whether one may call."""

    type: Literal["call_permission_request"]
    body: BodyText
    action: AskCallAction


AnyInteractive = Annotated[
    Buttons | Choices | WebLink | Product | Products | Catalog | Flow | AskLocation | AskCall,
    Field(discriminator="type"),
]


def _require_different(words: list[str]) -> None:
    if len(set(words)) != len(words):
        raise PydanticCustomError("not_different", "all must differ")

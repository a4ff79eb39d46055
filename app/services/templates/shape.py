"""A template's parts as the editor and the picker use them, and as Meta writes them (components).

Parts that we do not edit (carousels, flows, one-time passwords) stay in the components as they
came; such a template can be read but not edited or sent here.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from app.ids import parse_id

SAMPLE = "file:"  # begins the name of a file of our own in `Shape.media`
VARIABLE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")


class HeaderKind(StrEnum):
    """What stands above the text."""

    NONE = "NONE"
    TEXT = "TEXT"
    IMAGE = "IMAGE"
    VIDEO = "VIDEO"
    DOCUMENT = "DOCUMENT"
    LOCATION = "LOCATION"


class ButtonKind(StrEnum):
    """What a button does."""

    QUICK_REPLY = "QUICK_REPLY"
    URL = "URL"
    PHONE_NUMBER = "PHONE_NUMBER"
    COPY_CODE = "COPY_CODE"


# What Meta takes for a header of a file.
SAMPLES = {
    HeaderKind.IMAGE: frozenset({"image/jpeg", "image/png"}),
    HeaderKind.VIDEO: frozenset({"video/mp4"}),
    HeaderKind.DOCUMENT: frozenset({"application/pdf"}),
}
MEDIA = frozenset(SAMPLES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button; `value` is its URL, phone number or code, `example` the end of a variable URL."""

    kind: ButtonKind
    text: str = ""
    value: str = ""
    example: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The parts of a template. `examples` are by the variable's name, `1` and up if positional.

    `media` shows what the header will hold: `file:` and the id of a file of ours, a handle of
    Meta's, or a link that Meta has made of one.
    """

    header: HeaderKind = HeaderKind.NONE
    header_text: str = ""
    media: str = ""
    body: str = ""
    footer: str = ""
    buttons: tuple[Button, ...] = ()
    examples: Mapping[str, str] = field(default_factory=dict)
    header_examples: Mapping[str, str] = field(default_factory=dict)
    is_named: bool = False
    is_foreign: bool = False

    @property
    def sample_id(self) -> UUID | None:
        """The file of ours that shows what the header will hold."""
        return own_file(self.media) if self.header in MEDIA else None

    @property
    def has_sample(self) -> bool:
        """Whether Meta can be shown what the header will hold; a link of its own is no sample."""
        is_lost = self.media.startswith(SAMPLE) and self.sample_id is None
        return bool(self.media) and not is_lost and not self.media.startswith("http")

    @property
    def variables(self) -> list[str]:
        """The names of the body's variables, in the order in which they are sent."""
        return variables_of(self.body)

    @property
    def header_variables(self) -> list[str]:
        """The names of the header's variables."""
        return variables_of(self.header_text) if self.header is HeaderKind.TEXT else []


def own_file(media: str) -> UUID | None:
    """Return the id of the file of ours that is named as a header's; None of anything else."""
    return parse_id(media.removeprefix(SAMPLE)) if media.startswith(SAMPLE) else None


def variables_of(text: str) -> list[str]:
    """Return the names of a text's variables, each once; numbers in their own order, as sent."""
    names = list(dict.fromkeys(VARIABLE.findall(text)))
    return sorted(names, key=int) if all(map(str.isdecimal, names)) else names


def to_components(shape: Shape) -> list[dict[str, Any]]:
    """Return the parts as Meta takes them when a template is created or edited."""
    components: list[dict[str, Any]] = []
    if shape.header is not HeaderKind.NONE:
        components.append(_header(shape))
    body: dict[str, Any] = {"type": "BODY", "text": shape.body}
    if shape.variables:
        body["example"] = _examples(shape, "body", shape.variables, shape.examples)
    components.append(body)
    if shape.footer:
        components.append({"type": "FOOTER", "text": shape.footer})
    if shape.buttons:
        components.append({"type": "BUTTONS", "buttons": [_button(one) for one in shape.buttons]})
    return components


def keep_sample(
    components: list[dict[str, Any]], before: list[dict[str, Any]], *, is_named: bool
) -> list[dict[str, Any]]:
    """Return Meta's components with our own file as the sample where it was ours before.

    Meta tells a link to its own copy, which it does not take back.
    """
    ours = read(before, is_named=is_named)
    if ours.sample_id is None or read(components, is_named=is_named).header is not ours.header:
        return components
    sample = {"header_handle": [ours.media]}
    return [
        {**one, "example": sample} if _text(one, "type").upper() == "HEADER" else one
        for one in components
    ]


def read(components: Any, *, is_named: bool) -> Shape:
    """Return the parts of a template as Meta describes it; never fails, whatever it says."""
    values: dict[str, Any] = {"is_named": is_named}
    for component in _objects(components):
        match _text(component, "type").upper():
            case "HEADER":
                values |= _read_header(component, is_named=is_named)
            case "BODY":
                values["body"] = _text(component, "text")
                values["examples"] = _read_examples(component, "body_text", is_named=is_named)
            case "FOOTER":
                values["footer"] = _text(component, "text")
            case "BUTTONS":
                buttons = [_read_button(one) for one in _objects(component.get("buttons"))]
                values["buttons"] = tuple(one for one in buttons if one is not None)
                values["is_foreign"] = values.get("is_foreign", False) or None in buttons
            case _other:
                values["is_foreign"] = True
    if not values.get("body"):
        values["is_foreign"] = True
    return Shape(**values)


def _header(shape: Shape) -> dict[str, Any]:
    header: dict[str, Any] = {"type": "HEADER", "format": shape.header.value}
    if shape.header is HeaderKind.TEXT:
        header["text"] = shape.header_text
        if shape.header_variables:
            names = shape.header_variables
            header["example"] = _examples(shape, "header", names, shape.header_examples)
    elif shape.header in MEDIA:
        header["example"] = {"header_handle": [shape.media]}
    return header


def _examples(
    shape: Shape, part: str, names: list[str], examples: Mapping[str, str]
) -> dict[str, Any]:
    if shape.is_named:
        named = [{"param_name": name, "example": examples.get(name, "")} for name in names]
        return {f"{part}_text_named_params": named}
    values = [examples.get(name, "") for name in names]
    return {f"{part}_text": [values] if part == "body" else values}


def _button(button: Button) -> dict[str, Any]:
    match button.kind:
        case ButtonKind.QUICK_REPLY:
            return {"type": button.kind.value, "text": button.text}
        case ButtonKind.URL:
            made: dict[str, Any] = {
                "type": button.kind.value,
                "text": button.text,
                "url": button.value,
            }
            if variables_of(button.value):
                made["example"] = [VARIABLE.sub(lambda _match: button.example, button.value)]
            return made
        case ButtonKind.PHONE_NUMBER:
            return {"type": button.kind.value, "text": button.text, "phone_number": button.value}
        case ButtonKind.COPY_CODE:
            return {"type": button.kind.value, "example": button.value}


def _read_header(component: Mapping[str, Any], *, is_named: bool) -> dict[str, Any]:
    kind = _text(component, "format").upper()
    if kind not in set(HeaderKind):
        return {"is_foreign": True}
    handles = component.get("example")
    handle = handles.get("header_handle") if isinstance(handles, dict) else None
    return {
        "header": HeaderKind(kind),
        "header_text": _text(component, "text"),
        "header_examples": _read_examples(component, "header_text", is_named=is_named),
        "media": str(handle[0]) if isinstance(handle, list) and handle else "",
    }


def _read_examples(component: Mapping[str, Any], key: str, *, is_named: bool) -> dict[str, str]:
    example = component.get("example")
    if not isinstance(example, dict):
        return {}
    if is_named:
        found = _objects(example.get(f"{key}_named_params"))
        return {_text(one, "param_name"): _text(one, "example") for one in found}
    values = example.get(key)
    if isinstance(values, list) and values and isinstance(values[0], list):
        values = values[0]
    names = variables_of(_text(component, "text"))
    shown = [str(one) for one in values] if isinstance(values, list) else []
    return dict(zip(names, shown, strict=False))


def _read_button(button: Mapping[str, Any]) -> Button | None:
    kind = _text(button, "type").upper()
    example = button.get("example")
    shown = str(example[0]) if isinstance(example, list) and example else ""
    match kind:
        case "QUICK_REPLY":
            return Button(kind=ButtonKind.QUICK_REPLY, text=_text(button, "text"))
        case "URL":
            url = _text(button, "url")
            start = VARIABLE.split(url)[0] if variables_of(url) else url
            end = shown.removeprefix(start)
            return Button(kind=ButtonKind.URL, text=_text(button, "text"), value=url, example=end)
        case "PHONE_NUMBER":
            phone = _text(button, "phone_number")
            return Button(kind=ButtonKind.PHONE_NUMBER, text=_text(button, "text"), value=phone)
        case "COPY_CODE":
            code = shown or (example if isinstance(example, str) else "")
            return Button(kind=ButtonKind.COPY_CODE, text=_text(button, "text"), value=code)
        case _other:
            return None


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    return (one for one in value if isinstance(one, dict)) if isinstance(value, list) else iter(())


def _text(value: Mapping[str, Any], name: str) -> str:
    found = value.get(name)
    return found if isinstance(found, str) else ""

"""A template filled for one customer: the text that they read, and what is sent to Meta."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.errors import ValidationFailed
from app.i18n import gettext as _
from app.services.templates.shape import (
    MEDIA,
    VARIABLE,
    ButtonKind,
    HeaderKind,
    Shape,
    variables_of,
)

MAX_VALUE = 1024
# Meta refuses a value with a line break, a tab or more than four spaces in a row (132018).
UNSENDABLE = re.compile(r"[\n\r\t]| {5,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """What goes into the variables: by name.

    `media` is an https link, a media id of Meta's, or `file:` and the id of a file of ours.

    `buttons` are the ends of variable addresses and the codes, by the button's place.
    """

    header: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, str] = field(default_factory=dict)
    media: str = ""
    buttons: Mapping[int, str] = field(default_factory=dict)


def rendered(shape: Shape, values: Values) -> str:
    """Return the message as its reader sees it: header, text and footer, a blank line between."""
    parts = [
        filled(shape.header_text, values.header) if shape.header is HeaderKind.TEXT else "",
        filled(shape.body, values.body),
        shape.footer,
    ]
    return "\n\n".join(part for part in parts if part)


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return a text with these values; a variable without one stays as it is written."""
    return VARIABLE.sub(lambda match: values.get(match[1], match[0]), text)


def payload(name: str, language: str, shape: Shape, values: Values) -> dict[str, Any]:
    """Return Meta's `template` member of a message.

    Raises:
        ValidationFailed: a value is missing or cannot be sent; the fields are `body.name`,
        `header.name`, `media` and `buttons.place`.
    """
    _check(shape, values)
    components: list[dict[str, Any]] = []
    if shape.header_variables:
        parameters = _parameters(shape.header_variables, values.header, is_named=shape.is_named)
        components.append({"type": "header", "parameters": parameters})
    elif shape.header in MEDIA:
        kind = shape.header.value.lower()
        key = "link" if values.media.startswith("https://") else "id"
        medium = {"type": kind, kind: {key: values.media}}
        components.append({"type": "header", "parameters": [medium]})
    if shape.variables:
        parameters = _parameters(shape.variables, values.body, is_named=shape.is_named)
        components.append({"type": "body", "parameters": parameters})
    for place, button in enumerate(shape.buttons):
        if button.kind is ButtonKind.URL and variables_of(button.value):
            parameter = {"type": "text", "text": values.buttons[place]}
            components.append(_button(place, "url", parameter))
        elif button.kind is ButtonKind.COPY_CODE:
            parameter = {"type": "coupon_code", "coupon_code": values.buttons[place]}
            components.append(_button(place, "copy_code", parameter))
    made: dict[str, Any] = {"name": name, "language": {"code": language}}
    return made | ({"components": components} if components else {})


def with_file(components: list[dict[str, Any]], media_id: str) -> list[dict[str, Any]]:
    """Return a message's components with Meta's id of the file above the text."""
    header = {"image", "video", "document"}

    def parameter(one: dict[str, Any]) -> dict[str, Any]:
        kind = one.get("type")
        return {**one, kind: {"id": media_id}} if kind in header else one

    return [
        {**one, "parameters": [parameter(each) for each in one["parameters"]]}
        if one.get("type") == "header"
        else one
        for one in components
    ]


def values_of(shape: Shape, components: Sequence[Mapping[str, Any]]) -> Values:
    """Return the values in a message's components as Meta writes them; odd ones are left out."""
    header: dict[str, str] = {}
    body: dict[str, str] = {}
    for component in components:
        match str(component.get("type", "")).lower():
            case "header":
                header = _texts(shape.header_variables, component)
            case "body":
                body = _texts(shape.variables, component)
    return Values(header=header, body=body)


def wanted(shape: Shape) -> list[str]:
    """Return the fields that have to be filled, as `payload` names them, in reading order."""
    fields = [f"header.{name}" for name in shape.header_variables]
    if shape.header in MEDIA:
        fields.append("media")
    fields += [f"body.{name}" for name in shape.variables]
    for place, button in enumerate(shape.buttons):
        takes_value = button.kind is ButtonKind.COPY_CODE or (
            button.kind is ButtonKind.URL and bool(variables_of(button.value))
        )
        if takes_value:
            fields.append(f"buttons.{place}")
    return fields


def _check(shape: Shape, values: Values) -> None:
    given = {
        **{f"header.{name}": text for name, text in values.header.items()},
        **{f"body.{name}": text for name, text in values.body.items()},
        **{f"buttons.{place}": text for place, text in values.buttons.items()},
        "media": values.media,
    }
    fields: dict[str, str] = {}
    for name in wanted(shape):
        text = given.get(name, "")
        if not text.strip():
            fields[name] = _("Fill this in.")
        elif UNSENDABLE.search(text) or len(text) > MAX_VALUE:
            fields[name] = _("One line, without tabs or many spaces.")
    if fields:
        raise ValidationFailed(fields)


def _texts(names: list[str], component: Mapping[str, Any]) -> dict[str, str]:
    """Return the texts of a component's parameters, by their names or else their order."""
    given = component.get("parameters")
    texts = [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
    return {
        str(one.get("parameter_name") or name): str(one["text"])
        for one, name in zip(texts, [*names, *[""] * len(texts)], strict=False)
        if "text" in one
    }


def _parameters(
    names: list[str], values: Mapping[str, str], *, is_named: bool
) -> list[dict[str, str]]:
    return [
        {"type": "text", "text": values[name]} | ({"parameter_name": name} if is_named else {})
        for name in names
    ]


def _button(place: int, kind: str, parameter: dict[str, str]) -> dict[str, Any]:
    return {
        "type": "button",
        "sub_type": kind,
        "index": str(place),
        "parameters": [parameter],
    }

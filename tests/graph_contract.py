"""Meta's OpenAPI document as a judge of requests to Graph.

Its schemas are followed where they are right; `CORRECTIONS` says where they are not. Two faults are
everywhere and mended in passing: a part of an `allOf` refuses the members of the other parts, so
the parts are merged; and most objects say nothing of unknown members, so every object is closed.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from email import message_from_bytes
from functools import cache
from typing import Any

import httpx
import yaml
from jsonschema import Draft202012Validator

from tests.contracts import DOCUMENT

JSON, FORM = "application/json", "multipart/form-data"
SCHEMAS = "#/components/schemas"
GAP = re.compile(r"\{([^}]+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What the document should say at a place below its schemas, and why."""

    place: str
    value: Any
    why: str


def _file(**beside: dict[str, Any]) -> dict[str, Any]:
    """Return what a file is: an id or a link, and what may stand beside it."""
    ways = ({"id": {"type": "string"}}, {"link": {"type": "string", "format": "url"}})
    return {
        "type": "object",
        "oneOf": [{"required": list(way), "properties": way | beside} for way in ways],
    }


CAPTION = {"type": "string", "maxLength": 1024}
CORRECTIONS = (
    Correction(
        place="TextMessage/allOf/1/properties/text",
        value={"$ref": f"{SCHEMAS}/TextMessage_1"},
        why="Limit and required member of a text are in TextMessage_1, to which nothing refers.",
    ),
    Correction(
        place="BaseMessageProperties/properties/messaging_product",
        value={"$ref": f"{SCHEMAS}/MessageRequest/properties/messaging_product"},
        why="Any word is taken here; MessageRequest, to which nothing refers, names the only one.",
    ),
    Correction(
        place="BaseMessageProperties/required",
        value=["messaging_product", "recipient_type", "type"],
        why="`to` may be missing where `recipient` is given; the next correction asks for one.",
    ),
    Correction(
        place="BaseMessageProperties/anyOf",
        value=[{"required": ["to"]}, {"required": ["recipient"]}],
        why="A message goes to a phone number or to a business-scoped user id.",
    ),
    Correction(
        place="BaseMessageProperties/properties/recipient",
        value={"type": "string", "pattern": r"^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}$"},
        why="The document is older than business-scoped user ids.",
    ),
    Correction(
        place="BaseMessageProperties/properties/biz_opaque_callback_data",
        value={"$ref": f"{SCHEMAS}/CallRequestPayload/properties/biz_opaque_callback_data"},
        why="The member is described for calls only; messages take it within the same limit.",
    ),
    Correction(
        place="MessageContext/required",
        value=["message_id"],
        why="A reply to nothing is refused by Meta; the document lets `context` be empty.",
    ),
    Correction(
        place="LanguageObject/required",
        value=["code"],
        why="Every sample of a template message has the code alone; one policy is left to name.",
    ),
    Correction(
        place="LocationMessage/allOf/1/properties/location/properties/latitude/type",
        value="number",
        why="Every sample of a place has numbers.",
    ),
    Correction(
        place="LocationMessage/allOf/1/properties/location/properties/longitude/type",
        value="number",
        why="Every sample of a place has numbers.",
    ),
    Correction(
        place="DocumentMessage/allOf/1/properties/document",
        value=_file(caption=CAPTION, filename={"type": "string", "maxLength": 240}),
        why="MediaObject has neither; Meta's reference of documents and the samples have both.",
    ),
    Correction(
        place="AudioMessage/allOf/1/properties/audio",
        value=_file(voice={"type": "boolean"}),
        why="The document is older than voice messages.",
    ),
    *(
        Correction(
            place=f"{kind.title()}Message/allOf/1/properties/{kind}",
            value=_file(caption=CAPTION),
            why="The caption is in MediaObject_1 only, of which one way lacks its end.",
        )
        for kind in ("image", "video")
    ),
    Correction(
        place="InteractiveObject/properties/type/enum",
        value=["button", "list", "cta_url", "product", "product_list", "catalog_message", "flow"],
        why="The document is older than buttons that open a web page.",
    ),
    Correction(
        place="ActionObject/oneOf/3",
        value={
            "required": ["name", "parameters"],
            "properties": {
                "name": {"type": "string", "enum": ["cta_url"]},
                "parameters": {
                    "type": "object",
                    "required": ["display_text", "url"],
                    "properties": {
                        "display_text": {"type": "string", "minLength": 1, "maxLength": 20},
                        "url": {"type": "string"},
                    },
                },
            },
        },
        why="The same; it stands in the place of catalogues, which we do not send.",
    ),
    Correction(
        place="TemplateComponent/properties/index/pattern",
        value="^[0-9]$",
        why="The pattern holds the numbers of footnotes; the text beside it says 0-9.",
    ),
    Correction(
        place="TemplateComponent/properties/sub_type/enum",
        value=["quick_reply", "url", "catalog", "copy_code"],
        why="The document is older than buttons that copy a code.",
    ),
)


@cache
def document() -> dict[str, Any]:
    return dict(yaml.load(DOCUMENT.read_bytes(), yaml.CSafeLoader))


class Contract:
    """The document with some corrections; every correction unless told otherwise."""

    def __init__(self, corrections: Sequence[Correction] = CORRECTIONS) -> None:
        self._paths = document()["paths"]
        self._parameters = document()["components"]["parameters"]
        self._schemas = deepcopy(document()["components"]["schemas"])
        for correction in corrections:
            self._correct(correction)

    def problems(self, request: httpx.Request, *, base: str = "") -> list[str]:
        """Say what is wrong with a request to `{base}/{version}/…`; nothing if it is right."""
        called = request.url.path.removeprefix(base)
        template = self._template(request.method.lower(), called)
        if template is None:
            return [f"{request.method} {called}: no such operation"]
        operation = self._paths[template][request.method.lower()]
        values = {
            "path": _gaps(template, called),
            "header": request.headers,
            "query": request.url.params,
        }
        return [
            *self._wrong_parameters(operation, values),
            *self._wrong_body(operation, request),
        ]

    def _correct(self, correction: Correction) -> None:
        *way, last = correction.place.split("/")
        target: Any = self._schemas
        for step in way:
            target = target[int(step)] if isinstance(target, list) else target[step]
        target[int(last) if isinstance(target, list) else last] = correction.value

    def _template(self, method: str, called: str) -> str | None:
        """Return the path of the document that fits, the one with the fewest gaps if several do."""
        fitting = [
            path
            for path, operations in self._paths.items()
            if method in operations and re.fullmatch(GAP.sub("[^/]+", path), called)
        ]
        return min(fitting, key=lambda path: len(GAP.findall(path)), default=None)

    def _wrong_parameters(
        self, operation: dict[str, Any], values: Mapping[str, Mapping[str, str]]
    ) -> Iterator[str]:
        known = [self._parameter(one) for one in operation.get("parameters", [])]
        for parameter in known:
            place, name = parameter["in"], parameter["name"]
            value = values[place].get(name)
            if value is None and parameter.get("required"):
                yield f"{place} {name}: required"
            if value is not None:
                for error in Draft202012Validator(parameter["schema"]).iter_errors(value):
                    yield f"{place} {name}: {error.validator}"
        queries = {one["name"] for one in known if one["in"] == "query"}
        yield from (f"query {name}: unknown" for name in set(values["query"]) - queries)

    def _parameter(self, parameter: dict[str, Any]) -> dict[str, Any]:
        reference = parameter.get("$ref", "")
        return dict(self._parameters[reference.rpartition("/")[2]] if reference else parameter)

    def _wrong_body(self, operation: dict[str, Any], request: httpx.Request) -> Iterator[str]:
        expected = operation.get("requestBody", {}).get("content", {})
        content, form = request.read(), form_of(request)
        kind = JSON if form is None else FORM
        if kind not in expected:
            yield from ["body: none is expected"] if content else []
            return
        body = json.loads(content) if form is None else form
        schema = self._follow(expected[kind]["schema"])
        if choice := schema.get("discriminator"):
            chosen = choice["mapping"].get(body.get(choice["propertyName"]))
            if chosen is None:
                yield f"$.{choice['propertyName']}: enum"
                return
            schema = {"$ref": chosen}
        for error in Draft202012Validator(self._closed(schema)).iter_errors(body):
            yield f"{error.json_path}: {error.validator}"

    def _follow(self, schema: dict[str, Any]) -> dict[str, Any]:
        while reference := schema.get("$ref"):
            schema = self._schemas
            for step in reference.removeprefix(f"{SCHEMAS}/").split("/"):
                schema = schema[step]
        return schema

    def _closed(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the schema without references, in one part, for known members only."""
        schema = self._follow(schema)
        if parts := schema.get("allOf"):
            return self._closed(_merged([self._follow(part) for part in parts]))
        closed = dict(schema)
        if "properties" in schema:
            members = schema["properties"].items()
            closed["properties"] = {name: self._closed(member) for name, member in members}
            closed["additionalProperties"] = False
        if "items" in schema:
            closed["items"] = self._closed(schema["items"])
        if "oneOf" in schema:
            closed["oneOf"] = [self._closed(one) for one in schema["oneOf"]]
        return closed


def form_of(request: httpx.Request) -> dict[str, str] | None:
    """Return the fields of a form with files, each as text; None of a body that is none."""
    kind = request.headers.get("Content-Type", "")
    if not kind.startswith(FORM):
        return None
    whole = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + request.read())
    return {
        str(part.get_param("name", header="Content-Disposition")): str(part.get_payload())
        for part in whole.walk()
        if not part.is_multipart()
    }


def _gaps(template: str, called: str) -> dict[str, str]:
    """Return what stands in the gaps of a path."""
    found = re.fullmatch(GAP.sub("([^/]+)", template), called)
    assert found
    return dict(zip(GAP.findall(template), found.groups(), strict=True))


def _merged(parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for part in parts:
        merged |= {
            **part,
            "properties": merged.get("properties", {}) | part.get("properties", {}),
            "required": merged.get("required", []) + part.get("required", []),
        }
    return merged


@cache
def contract() -> Contract:
    """Return the document with all corrections; read once a process."""
    return Contract()

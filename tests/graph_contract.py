"""Meta's OpenAPI document as a judge of requests to Graph.

Its schemas are followed where they are right; `graph_corrections` says where they are not. Two
faults are everywhere and mended in passing: a part of an `allOf` refuses the members of the other
parts, so the parts are merged; and most objects say nothing of unknown members, so every object is
closed.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from email import message_from_bytes
from functools import cache
from typing import Any

import httpx
import yaml
from jsonschema import Draft202012Validator

from tests.contracts import DOCUMENT
from tests.graph_corrections import BODIES, CORRECTIONS, QUERIES, SCHEMAS, Correction

JSON, FORM = "application/json", "multipart/form-data"
GAP = re.compile(r"\{([^}]+)\}")


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
        found = [
            self._problems(request, template, called)
            for template in self._templates(request.method.lower(), called)
        ]
        return min(found, key=len, default=[f"{request.method} {called}: no such operation"])

    def _problems(self, request: httpx.Request, template: str, called: str) -> list[str]:
        operation = self._paths[template][request.method.lower()]
        called_as = f"{request.method} {template}"
        values = {
            "path": _gaps(template, called),
            "header": request.headers,
            "query": request.url.params,
        }
        return [
            *self._wrong_parameters(operation, values, QUERIES.get(called_as, frozenset())),
            *self._wrong_body(operation, request, BODIES.get(called_as)),
        ]

    def _correct(self, correction: Correction) -> None:
        *way, last = correction.place.split("/")
        target: Any = self._schemas
        for step in way:
            target = target[int(step)] if isinstance(target, list) else target[step]
        target[int(last) if isinstance(target, list) else last] = correction.value

    def _templates(self, method: str, called: str) -> list[str]:
        """Return the paths of the document that fit with the fewest gaps: several may, as ids of
        all kinds look alike."""
        fitting = [
            path
            for path, operations in self._paths.items()
            if method in operations and re.fullmatch(GAP.sub("[^/]+", path), called)
        ]
        fewest = min((len(GAP.findall(path)) for path in fitting), default=0)
        return [path for path in fitting if len(GAP.findall(path)) == fewest]

    def _wrong_parameters(
        self,
        operation: dict[str, Any],
        values: Mapping[str, Mapping[str, str]],
        silent: frozenset[str],
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
        yield from (f"query {name}: unknown" for name in set(values["query"]) - queries - silent)

    def _parameter(self, parameter: dict[str, Any]) -> dict[str, Any]:
        reference = parameter.get("$ref", "")
        return dict(self._parameters[reference.rpartition("/")[2]] if reference else parameter)

    def _wrong_body(
        self, operation: dict[str, Any], request: httpx.Request, better: dict[str, Any] | None
    ) -> Iterator[str]:
        expected = operation.get("requestBody", {}).get("content", {})
        content, form = request.read(), form_of(request)
        kind = JSON if form is None else FORM
        if kind not in expected:
            yield from ["body: none is expected"] if content else []
            return
        body = json.loads(content) if form is None else form
        schema = better or self._follow(expected[kind]["schema"])
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
                schema = schema[int(step)] if isinstance(schema, list) else schema[step]
        return schema

    def _closed(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the schema without references, in one part, for known members only."""
        schema = self._follow(schema)
        if parts := schema.get("allOf"):
            return self._closed(_merged([self._follow(part) for part in parts]))
        if choice := schema.get("discriminator"):
            return {"oneOf": [self._closed({"$ref": one}) for one in choice["mapping"].values()]}
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
    merged.pop("discriminator", None)  # it has led here
    return merged


@cache
def contract() -> Contract:
    """Return the document with all corrections; read once a process."""
    return Contract()

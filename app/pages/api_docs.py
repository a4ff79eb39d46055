"""The API's description as a page, readable without JavaScript: made from the OpenAPI document."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.config import settings
from app.templating import render

PATH = "/api/docs"
PLACEHOLDER = "$API_KEY"
JSON, FORM = "application/json", "multipart/form-data"
REFUSAL = '{"error": {"code": "validation_failed", "message": "…", "fields": {"to": "…"}}}'

Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One parameter or one member of a body or an answer."""

    name: str
    kind: str
    is_required: bool
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationView:
    """One operation as the page shows it."""

    anchor: str
    heading: str
    method: str
    path: str
    words: str
    scope: str | None
    parameters: tuple[Member, ...]
    body: tuple[Member, ...]
    answer: tuple[Member, ...]
    status: str
    curl: str


def new_router(document: Callable[[], Document]) -> APIRouter:
    """Return the router of the page that shows a document."""
    router = APIRouter(include_in_schema=False)

    @router.get(PATH)
    def show(_request: Request) -> Response:
        operations = list(_operations(document()))
        headings = groupby(operations, key=lambda one: one.heading)
        return render(
            "api_docs.html",
            first_call=next(one.curl for one in operations if one.scope and _is_simple(one)),
            refusal=REFUSAL,
            sections=[(heading, list(some)) for heading, some in headings],
        )

    return router


def _is_simple(one: OperationView) -> bool:
    """Tell whether a call can be tried as it stands."""
    return one.method == "GET" and "{" not in one.path


def _operations(document: Document) -> Iterator[OperationView]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            body = operation.get("requestBody", {})
            status = next(iter(operation["responses"]))
            yield OperationView(
                anchor=operation["operationId"],
                heading=operation["tags"][0],
                method=method.upper(),
                path=path,
                words=operation["description"],
                scope=operation.get("x-scope"),
                parameters=tuple(map(_parameter, operation.get("parameters", ()))),
                body=tuple(_members(document, _schema(body))),
                answer=tuple(_members(document, _schema(operation["responses"][status]))),
                status=status,
                curl=_curl(document, method.upper(), path, operation),
            )


def _schema(holder: dict[str, Any], kind: str | None = None) -> dict[str, Any]:
    """Return the schema of a body or an answer; of this kind alone, if one is named."""
    found = [one for name, one in holder.get("content", {}).items() if kind in {None, name}]
    schema: dict[str, Any] = found[0].get("schema", {}) if found else {}
    return schema


def _parameter(parameter: dict[str, Any]) -> Member:
    return Member(
        name=parameter["name"],
        kind=_kind(parameter["schema"]),
        is_required=parameter.get("required", False),
        words=parameter.get("description", ""),
    )


def _members(document: Document, schema: dict[str, Any], prefix: str = "") -> Iterator[Member]:
    """Return the members of an object and of the objects in it, as dotted names."""
    schema = _resolved(document, schema)
    required = schema.get("required", ())
    for name, member in schema.get("properties", {}).items():
        inner = _resolved(document, member.get("items", member))
        is_list = "items" in member
        yield Member(
            name=prefix + name,
            kind=f"{_kind(inner)}[]" if is_list else _kind(_resolved(document, member)),
            is_required=name in required,
            words=member.get("description", ""),
        )
        yield from _members(document, inner, f"{prefix}{name}{'[]' if is_list else ''}.")


def _resolved(document: Document, schema: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: dict[str, Any] = document["components"]["schemas"][reference.rsplit("/", 1)[1]]
    return found


def _kind(schema: dict[str, Any]) -> str:
    """Return what a value is, in a few words of JSON Schema."""
    if "anyOf" in schema:
        return " | ".join(_kind(one) for one in schema["anyOf"])
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    return str(schema.get("format") or schema.get("type") or "object")


def _curl(document: Document, method: str, path: str, operation: dict[str, Any]) -> str:
    lines = [f"curl {settings().public_url}{path}"]
    if method != "GET":
        lines[0] = f"curl -X {method} {settings().public_url}{path}"
    if "x-scope" in operation:
        lines.append(f'-H "Authorization: Bearer {PLACEHOLDER}"')
    body = operation.get("requestBody", {})
    if _schema(body, FORM):
        lines.append("-F 'file=@picture.jpg'")
    if schema := _schema(body, JSON):
        lines.append("-H 'Content-Type: application/json'")
        lines.append(f"-d '{json.dumps(_example(document, schema), ensure_ascii=False)}'")
    return " \\\n  ".join(lines)


def _example(document: Document, schema: dict[str, Any]) -> Any:
    """Return a value that fits a schema: its required members, or its own example."""
    schema = _resolved(document, schema)
    if "examples" in schema:
        return schema["examples"][0]
    if "properties" in schema:
        return {
            name: _example(document, member)
            for name, member in schema["properties"].items()
            if name in schema.get("required", ())
        }
    return schema.get("const", "…")

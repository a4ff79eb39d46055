"""Webhook bodies as JSON: whatever was signed is read, as far as a database can keep it."""

import json
import math
from typing import Any

import orjson

from app.services.text import storable

MAX_DEPTH = 100  # Meta's own bodies stay under 20


class Unreadable(ValueError):
    """A body or an item that cannot be understood; the message says why."""


def load(body: bytes) -> Any:
    """Read JSON as Meta writes it.

    NUL characters, which PostgreSQL cannot hold, and halves of surrogate pairs, which are no text,
    become U+FFFD. What lies deeper than 100 levels becomes null: nothing else could walk it.

    Raises:
        Unreadable: not JSON.
    """
    try:
        try:
            data, is_clean = orjson.loads(body), b"\\u0000" not in body
        except orjson.JSONDecodeError:
            data = json.loads(body, parse_constant=_no_number, parse_float=_number)
            is_clean = False
        if body.count(b"[") + body.count(b"{") > MAX_DEPTH:
            _cut(data)
        return data if is_clean else _clean(data)
    except (ValueError, RecursionError) as error:
        raise Unreadable("The body is not JSON.") from error


def _cut(data: Any) -> None:
    """Replace what lies too deep, level by level: recursion is what a deep body breaks."""
    level = [data]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return
    for outer in level:
        outer.clear()


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    return value


def _number(text: str) -> float | None:
    """Read a number; one beyond all bounds is none, because no JSON column takes it."""
    number = float(text)
    return number if math.isfinite(number) else None


def _no_number(_text: str) -> None:
    """Read NaN and Infinity, which are no JSON, as null."""

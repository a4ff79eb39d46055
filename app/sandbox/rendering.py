"""A template with a message's parameters in it: what the customer reads, or Meta's refusal."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from app.sandbox.errors import GraphError

VARIABLE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
# Every account has it from the beginning.
HELLO_WORLD: dict[str, Any] = {
    "name": "hello_world",
    "language": "en_US",
    "category": "UTILITY",
    "status": "APPROVED",
    "components": [
        {"type": "HEADER", "format": "TEXT", "text": "Hello World"},
        {
            "type": "BODY",
            "text": "Welcome and congratulations!! This message shows that your app can send"
            " messages over WhatsApp. Thank you for taking the time to test with us.",
        },
        {"type": "FOOTER", "text": "WhatsApp Business Platform sample message"},
    ],
}


def choose(templates: Sequence[dict[str, Any]], content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the approved template that a message names; raises Meta's error."""
    language = content.get("language")
    code = language.get("code") if isinstance(language, Mapping) else None
    for one in (*templates, HELLO_WORLD):
        if (one["name"], one["language"]) == (content.get("name"), code):
            if one["status"] == "APPROVED":
                return one
            break
    raise GraphError(
        132001,
        details=f"template name ({content.get('name')}) does not exist in {code}",
    )


def render(template: Mapping[str, Any], content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the `text`, the words on its `buttons`, and those of `replies`, which one can tap.

    Raises Meta's error for other parameters.
    """
    given = content.get("components")
    components = [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
    parts: list[str] = []
    buttons: list[str] = []
    replies: list[str] = []
    for part in template["components"]:
        kind = str(part.get("type", "")).lower()
        if kind == "buttons":
            for one in part.get("buttons", []):
                is_reply = str(one.get("type", "")).upper() == "QUICK_REPLY"
                (replies if is_reply else buttons).append(str(one.get("text") or ""))
        elif kind in {"header", "body", "footer"}:
            parameters = _parameters(components, kind)
            parts.append(_filled(str(part.get("text") or ""), kind, parameters))
    return {
        "text": "\n\n".join(part for part in parts if part),
        "buttons": [text for text in buttons if text],
        "replies": [text for text in replies if text],
    }


def _parameters(components: Sequence[Mapping[str, Any]], kind: str) -> list[dict[str, Any]]:
    found = [one for one in components if str(one.get("type", "")).lower() == kind]
    given = found[0].get("parameters") if found else None
    return [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []


def _filled(text: str, kind: str, parameters: list[dict[str, Any]]) -> str:
    names = list(dict.fromkeys(VARIABLE.findall(text)))
    texts = [one for one in parameters if one.get("type") == "text"]
    if len(texts) != len(names):
        raise GraphError(
            132000,
            details=f"{kind}: number of localizable_params ({len(texts)}) does not match the"
            f" expected number of params ({len(names)})",
        )
    values = {
        str(one.get("parameter_name") or name): str(one.get("text", ""))
        for one, name in zip(texts, names, strict=True)
    }
    if any(not values.get(name, "").strip() for name in names):
        raise GraphError(132012, details=f"{kind}: Parameter name is missing or empty")
    if any("\n" in value or "\t" in value or " " * 5 in value for value in values.values()):
        raise GraphError(132018, details="Param text cannot have new-line characters")
    return VARIABLE.sub(lambda match: values[match[1]], text)

"""How Meta reviews a template: what it refuses at once, and what it decides after a while.

Codes and rules are those of Meta's error page and its overview of templates. What a reviewer
judges by sense is decided here by words, so that a test can ask for a verdict.
"""

import re
from typing import Any

from app.sandbox.errors import GraphError

NAME = re.compile(r"[a-z0-9_]{1,512}")
LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2})?")
CATEGORIES = ("MARKETING", "UTILITY", "AUTHENTICATION")
VARIABLE = re.compile(r"\{\{[^{}]*\}\}")
APPROVED = "APPROVED"
# What a header of a file may hold.
SAMPLES = {
    "IMAGE": frozenset({"image/jpeg", "image/png"}),
    "VIDEO": frozenset({"video/mp4"}),
    "DOCUMENT": frozenset({"application/pdf"}),
}
MAX_BODY, MAX_HEADER, MAX_FOOTER, MAX_BUTTON = 1024, 60, 60, 25
# Asking for these is forbidden; shortened links hide where they lead.
FORBIDDEN = {
    "SCAM": re.compile(r"password|card number|\bpin\b", re.IGNORECASE),
    "INVALID_FORMAT": re.compile(r"bit\.ly|tinyurl|wa\.me", re.IGNORECASE),
}
PROMOTIONAL = re.compile(r"\bsale\b|% off|discount|special offer", re.IGNORECASE)


def check(body: dict[str, Any]) -> None:
    """Refuse what Meta's form refuses; raises its error."""
    if not NAME.fullmatch(str(body.get("name", ""))):
        raise _invalid("name has lowercase letters, digits and underscores.")
    if not LANGUAGE.fullmatch(str(body.get("language", ""))):
        raise _invalid("language is like en_US.")
    if body.get("category") not in CATEGORIES:
        raise _invalid("category is MARKETING, UTILITY or AUTHENTICATION.")
    check_components(body.get("components"))


def check_components(components: Any) -> None:
    """Refuse parts that Meta's form refuses; raises its error."""
    if not isinstance(components, list) or not all(isinstance(one, dict) for one in components):
        raise _invalid("components is a list of objects.")
    text = text_of(components)
    if not text.strip():
        raise _invalid("A template has a BODY with text.")
    limits = {"BODY": MAX_BODY, "HEADER": MAX_HEADER, "FOOTER": MAX_FOOTER}
    for component in components:
        most = limits.get(str(component.get("type", "")).upper())
        if most and len(str(component.get("text", ""))) > most:
            raise _refused(2388040, "A text exceeds the character limit.")
    stripped = text.strip()
    if VARIABLE.match(stripped) or stripped.endswith("}}"):
        raise _refused(2388299, "Variables can't be at the start or end of the template.")
    count = len(set(VARIABLE.findall(text)))
    if count and len(VARIABLE.sub(" ", text).split()) < 3 * count:  # Meta's rule of thumb
        raise _refused(2388293, "This template contains too many variable parameters.")
    body = next(one for one in components if str(one.get("type", "")).upper() == "BODY")
    if count and not body.get("example"):
        raise _refused(2388047, "Every variable needs an example.")
    for component in components:
        for button in component.get("buttons", []):
            if len(str(button.get("text", ""))) > MAX_BUTTON:
                raise _refused(2388040, "A button's text exceeds the character limit.")


def verdict(components: list[dict[str, Any]]) -> str:
    """Return what the review will come to: APPROVED, or the reason for REJECTED."""
    text = text_of(components)
    return next((reason for reason, words in FORBIDDEN.items() if words.search(text)), APPROVED)


def category(wished: str, components: list[dict[str, Any]]) -> str:
    """Return the category that Meta gives it: what promotes something is marketing."""
    is_promotion = wished == "UTILITY" and PROMOTIONAL.search(text_of(components))
    return "MARKETING" if is_promotion else wished


def text_of(components: list[dict[str, Any]]) -> str:
    """Return the text of the body."""
    bodies = [one for one in components if str(one.get("type", "")).upper() == "BODY"]
    return str(bodies[0].get("text", "")) if bodies else ""


def _invalid(details: str) -> GraphError:
    return GraphError(100, "(#100) Invalid parameter", details=details)


def _refused(subcode: int, details: str) -> GraphError:
    return GraphError(100, "Invalid parameter", details=details, subcode=subcode)

"""What a program sent and cannot be read, as a sentence for each member."""

from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from app.api.rest.shapes import KIND
from app.errors import AppError, ValidationFailed
from app.i18n import gettext as _

SOURCES = frozenset({"body", "query", "path", "header"})
UNKNOWN_KIND, NO_KIND = "union_tag_invalid", "union_tag_not_found"


def refusal_of(error: RequestValidationError | HTTPException) -> AppError:
    """Return what FastAPI found wrong, in our shape."""
    if isinstance(error, HTTPException):
        return _unreadable()
    fields: dict[str, str] = {}
    for one in error.errors():
        name = ".".join(str(part) for part in _place(one))
        if one["type"] == "json_invalid" or not name:
            return _unreadable()
        fields.setdefault(name, _sentence(one))
    return ValidationFailed(fields, _("Please check the members named in fields."))


def _place(problem: dict[str, Any]) -> list[str | int]:
    """Return the members that lead to a problem."""
    parts = [part for part in problem["loc"] if part not in SOURCES]
    place = [part for part in parts if not str(part).startswith(KIND)]
    return [*place, "type"] if problem["type"] in {UNKNOWN_KIND, NO_KIND} else place


def _unreadable() -> AppError:
    return ValidationFailed({}, _("We could not read this body. Send JSON, encoded as UTF-8."))


def _sentence(problem: dict[str, Any]) -> str:
    """Return what to do about one member. Of pydantic's kinds, the ones that programs meet."""
    limits = problem.get("ctx", {})
    sentences = {
        "missing": _("This is required."),
        NO_KIND: _("This is required."),
        UNKNOWN_KIND: _("There is no such type here."),
        "string_too_short": _("Write at least {min_length} characters."),
        "string_too_long": _("Write at most {max_length} characters."),
        "uuid_parsing": _("This is not one of our ids."),
        "uuid_type": _("This is not one of our ids."),
        "string_type": _("This must be a text."),
        "int_parsing": _("This must be a whole number."),
        "int_type": _("This must be a whole number."),
        "bool_type": _("This must be true or false."),
        "greater_than_equal": _("This must be at least {ge}."),
        "less_than_equal": _("This must be at most {le}."),
        "extra_forbidden": _("There is no member of this name."),
        "literal_error": _("This must be one of {expected}."),
        "enum": _("This must be one of {expected}."),
        "model_attributes_type": _("This must be an object."),
        "dict_type": _("This must be an object."),
        "list_type": _("This must be a list."),
    }
    known = sentences.get(problem["type"])
    return known.format(**limits) if known else _("This value is not acceptable.")

"""What all shapes of the REST API share: camelCase, UTC, strict bodies, pages of a list."""

import datetime as dt
from typing import Annotated

from fastapi import Depends, Query
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    PlainSerializer,
    Tag,
)
from pydantic.alias_generators import to_camel

from app.errors import ValidationFailed
from app.i18n import gettext as _
from app.pagination import Cursor, Slice
from app.services.text import is_storable

DEFAULT_LIMIT, MAX_LIMIT, MAX_PAGE = 50, 100, 10_000


def _rfc3339(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Moment = Annotated[dt.datetime, PlainSerializer(_rfc3339, return_type=str, when_used="json")]


class Answer(BaseModel):
    """A part of an answer; members are written in camelCase."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, from_attributes=True)


class Problem(Answer):
    """Why a call was refused: a word for programs, a sentence for people, both for each member."""

    code: str
    message: str
    fields: dict[str, str] | None = None


class Refusal(Answer):
    """The shape of every refusal."""

    error: Problem


def _storable(text: str) -> str:
    if not is_storable(text):
        raise ValueError
    return text


class Body(BaseModel):
    """What a program sends: unknown members are refused, numbers are no texts."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", strict=True)


KIND = "kind "  # marks, in the place of an error, what is no member


def kind(name: str) -> Tag:
    """Mark one shape of a body that has several, told apart by its member `type`."""
    return Tag(KIND + name)


def _kind_of(body: object) -> str | None:
    found = body.get("type") if isinstance(body, dict) else getattr(body, "type", None)
    return None if found is None else f"{KIND}{found}"


BY_TYPE = Discriminator(_kind_of)
Text = Annotated[str, AfterValidator(_storable)]


def _slice_of(
    page: Annotated[int | None, Query(ge=1, le=MAX_PAGE)] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Slice:
    if cursor is None:
        return Slice(limit=limit, skip=((page or 1) - 1) * limit)
    after = Cursor.decode(cursor)
    if after is None or page is not None:
        raise ValidationFailed(
            {"cursor": _("Pass on nextCursor of the page before as it is, and no page.")}
        )
    return Slice(limit=limit, after=after)


# The part of a list that is asked for, by number of page or by the cursor of the page before.
Part = Annotated[Slice, Depends(_slice_of)]

"""Messages made in a form: a place, a person, buttons, a list, a link; named by its fields."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from app.errors import ValidationFailed
from app.i18n import gettext as _
from app.services import writing
from app.services.phone_text import e164
from app.services.sending import Written
from app.services.whatsapp import contents, interactives

M = TypeVar("M", bound=BaseModel)
BUTTONS = ("first", "second", "third")
Texts = Mapping[str, Any]


def place(texts: Texts) -> Written:
    """Return a place from `name`, `address` and `point`, which is "latitude, longitude".

    Raises:
        ValidationFailed: by these names.
    """
    latitude, _comma, longitude = _text(texts, "point").partition(",")
    try:
        where = {"latitude": float(latitude), "longitude": float(longitude)}
        found = contents.Location.model_validate(where | _given(texts, "name", "address"))
    except ValueError as error:
        wanted = _("Write it as maps show it: 52.520008, 13.404954")
        raise ValidationFailed({"point": wanted}) from error
    return writing.location(found)


def person(texts: Texts) -> Written:
    """Return a contact card from `name`, `phone`, `email` and `company`.

    Raises:
        ValidationFailed: by these names.
    """
    name, phone = _text(texts, "name"), _text(texts, "phone")
    fields, number = dict[str, str](), ""
    if not name:
        fields["name"] = _("Write how the person is called.")
    try:
        number = e164(phone)
    except ValidationFailed as error:
        fields["phone"] = error.explanation
    if fields:
        raise ValidationFailed(fields)
    card: dict[str, Any] = {
        "name": {"formatted_name": name, "first_name": name.split()[0]},
        "phones": [{"phone": number, "wa_id": number.lstrip("+")}],
    }
    if email := _text(texts, "email"):
        card["emails"] = [{"email": email}]
    if company := _text(texts, "company"):
        card["org"] = {"company": company}
    return writing.cards(_read(contents.Contacts, {"contacts": [card]}, {"contacts": "name"}))


def buttons(texts: Texts) -> Written:
    """Return a text with up to three buttons from `text`, `footer` and `first` to `third`.

    Raises:
        ValidationFailed: by these names.
    """
    titles = [title for name in BUTTONS if (title := _text(texts, name))]
    if len(set(titles)) != len(titles):
        raise ValidationFailed({"second": _("Each button says something else.")})
    replies = [
        {"type": "reply", "reply": {"id": f"{number}", "title": title}}
        for number, title in enumerate(titles, 1)
    ]
    body = {"type": "button", **_words(texts), "action": {"buttons": replies}}
    lacking = _("Write what is on the button.")
    return writing.interactive(
        _read(interactives.Buttons, body, {"action": "first"}, lacking=lacking)
    )


def choices(texts: Texts) -> Written:
    """Return a list to choose from: `text`, `button`, and `rows`, one a line, "title: more".

    Raises:
        ValidationFailed: by these names.
    """
    lines = [line.strip() for line in _text(texts, "rows").splitlines() if line.strip()]
    rows = []
    for number, line in enumerate(lines, 1):
        title, _colon, more = (part.strip() for part in line.partition(":"))
        rows.append({"id": f"{number}", "title": title} | ({"description": more} if more else {}))
    action = {"button": _text(texts, "button"), "sections": [{"rows": rows}]}
    body = {"type": "list", **_words(texts), "action": action}
    names = {"sections": "rows", "button": "button", "action": "rows"}
    lacking = _("Write one to ten choices, each in a line of its own.")
    return writing.interactive(_read(interactives.Choices, body, names, lacking=lacking))


def link(texts: Texts) -> Written:
    """Return a text with a button that opens a web page: `text`, `label` and `url`.

    Raises:
        ValidationFailed: by these names.
    """
    parameters = {"display_text": _text(texts, "label"), "url": _text(texts, "url")}
    body = {"type": "cta_url", **_words(texts), "action": {"parameters": parameters}}
    return writing.interactive(
        _read(interactives.WebLink, body, {"display_text": "label", "url": "url"})
    )


MAKERS = {"place": place, "person": person, "buttons": buttons, "choices": choices, "link": link}


def _words(texts: Texts) -> dict[str, Any]:
    footer = _text(texts, "footer")
    return {"body": {"text": _text(texts, "text")}} | (
        {"footer": {"text": footer}} if footer else {}
    )


def _read(shape: type[M], given: dict[str, Any], names: dict[str, str], *, lacking: str = "") -> M:
    """Read what a form gave; `names` says which of its fields stands for which member, `lacking`
    what to say where a list has too few or too many."""
    try:
        return shape.model_validate(given)
    except ValidationError as error:
        raise ValidationFailed(
            {_field(one["loc"], names): _sentence(one, lacking) for one in error.errors()}
        ) from error


def _field(place: tuple[str | int, ...], names: dict[str, str]) -> str:
    known = names | {"body": "text", "footer": "footer"}
    found = [known[str(part)] for part in place if str(part) in known]
    return found[-1] if found else "text"


def _sentence(problem: Any, lacking: str) -> str:
    limits = problem.get("ctx", {})
    if problem["type"] in {"too_short", "too_long"}:
        return lacking
    if problem["type"] == "string_too_long":
        return _("Write at most {max_length} characters.").format(**limits)
    if problem["type"] == "string_too_short":
        return _("Write something here.")
    if problem["type"] == "string_pattern_mismatch":
        return _("Give an address that begins with https://.")
    return _("WhatsApp does not take this.")


def _given(texts: Texts, *names: str) -> dict[str, str]:
    return {name: text for name in names if (text := _text(texts, name))}


def _text(texts: Texts, name: str) -> str:
    return str(texts.get(name) or "").strip()

"""What people make in forms is what WhatsApp takes, or is named by the form's own fields."""

from typing import Any

import pytest

from app.errors import ValidationFailed
from app.services import composed

WORDS = {"text": "Is it right?", "footer": "We answer soon"}


def test_place_is_read_as_maps_show_it():
    made = composed.place({"name": "The shop", "point": " 52.520008, 13.404954 ", "address": ""})

    assert made.content == {"name": "The shop", "latitude": 52.520008, "longitude": 13.404954}
    assert made.text == "The shop"


def test_person_has_a_name_and_a_number():
    made = composed.person(
        {"name": "Lucía Gómez", "phone": "+1 983 555 2319", "company": "Pots", "email": "l@x.org"}
    )

    [card] = made.content["contacts"]
    assert card["name"] == {"formatted_name": "Lucía Gómez", "first_name": "Lucía"}
    assert card["phones"] == [{"phone": "+19835552319", "wa_id": "19835552319"}]
    assert (card["emails"], card["org"]) == ([{"email": "l@x.org"}], {"company": "Pots"})


def test_buttons_are_those_that_say_something():
    made = composed.buttons(WORDS | {"first": "Yes", "second": "", "third": "No"})

    assert made.content["body"] == {"text": "Is it right?"}
    assert made.content["footer"] == {"text": "We answer soon"}
    replies = [one["reply"] for one in made.content["action"]["buttons"]]
    assert replies == [{"id": "1", "title": "Yes"}, {"id": "2", "title": "No"}]


def test_list_has_a_row_for_each_line():
    made = composed.choices(
        WORDS | {"button": "Choose", "rows": "Express: next day\n\n By ship \n"}
    )

    [section] = made.content["action"]["sections"]
    assert section["rows"] == [
        {"id": "1", "title": "Express", "description": "next day"},
        {"id": "2", "title": "By ship"},
    ]


def test_link_opens_a_web_page():
    made = composed.link(WORDS | {"label": "Track it", "url": "https://shop.example/t/1"})

    assert made.content["action"] == {
        "name": "cta_url",
        "parameters": {"display_text": "Track it", "url": "https://shop.example/t/1"},
    }


LIST = WORDS | {"button": "Choose", "rows": "One"}


@pytest.mark.parametrize(
    ("kind", "texts", "field"),
    [
        ("place", {"point": ""}, "point"), ("place", {"point": "52.5"}, "point"),
        ("place", {"point": "91, 0"}, "point"), ("place", {"point": "nan, 0"}, "point"),
        ("person", {"phone": "+1 983 555 2319"}, "name"),
        ("person", {"name": "Ana", "phone": "soon"}, "phone"),
        ("buttons", {"first": "Yes"}, "text"), ("buttons", WORDS, "first"),
        ("buttons", WORDS | {"first": "x" * 21}, "first"),
        ("buttons", WORDS | {"first": "Yes", "second": "Yes"}, "second"),
        ("buttons", {"text": "x" * 1025, "first": "Yes"}, "text"),
        ("buttons", WORDS | {"first": "Yes", "footer": "x" * 61}, "footer"),
        ("choices", LIST | {"rows": ""}, "rows"), ("choices", LIST | {"rows": "a\n" * 11}, "rows"),
        ("choices", LIST | {"rows": "x" * 25}, "rows"),
        ("choices", LIST | {"rows": "a: " + "x" * 73}, "rows"),
        ("choices", LIST | {"button": ""}, "button"), ("choices", LIST | {"text": ""}, "text"),
        ("link", WORDS | {"label": "", "url": "https://x.org"}, "label"),
        ("link", WORDS | {"label": "Go", "url": "javascript:alert(1)"}, "url"),
        ("link", WORDS | {"label": "Go", "url": ""}, "url"),
        ("link", {"label": "Go", "url": "https://x.org"}, "text"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_field(kind: str, texts: dict[str, Any], field: str):
    with pytest.raises(ValidationFailed) as refused:
        composed.MAKERS[kind](texts)

    assert set(refused.value.fields) == {field}
    assert all(refused.value.fields.values())


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("buttons", {"text", "first"}),
        ("choices", {"text", "button", "rows"}),
        ("link", {"text", "label", "url"}),
        ("person", {"name", "phone"}),
    ],
)
def test_everything_that_an_empty_form_lacks_is_said_at_once(kind: str, fields: set[str]):
    with pytest.raises(ValidationFailed) as refused:
        composed.MAKERS[kind]({})

    assert set(refused.value.fields) == fields

"""A template filled for one customer: what they read, and what Meta is sent."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import ValidationFailed
from app.services.templates.fill import Values, payload, rendered, values_of, wanted
from app.services.templates.shape import Button, ButtonKind, HeaderKind, Shape

SHAPE = Shape(
    header=HeaderKind.TEXT,
    header_text="Order {{1}}",
    body="Hello {{1}}, it comes to {{2}} today.",
    footer="Marigold",
    buttons=(
        Button(kind=ButtonKind.QUICK_REPLY, text="Thanks"),
        Button(kind=ButtonKind.URL, text="Track", value="https://shop.example/{{1}}"),
        Button(kind=ButtonKind.URL, text="Shop", value="https://shop.example"),
        Button(kind=ButtonKind.COPY_CODE, value="X"),
    ),
)
VALUES = Values(
    header={"1": "77"}, body={"1": "Ana", "2": "Porto"}, buttons={1: "t/77", 3: "SAGE10"}
)


def test_reader_sees_header_text_and_footer():
    assert rendered(SHAPE, VALUES) == "Order 77\n\nHello Ana, it comes to Porto today.\n\nMarigold"


def test_value_that_looks_like_a_variable_is_not_filled_again():
    values = replace(VALUES, body={"1": "{{2}}", "2": "\\1 {{1}}"})

    assert "Hello {{2}}, it comes to \\1 {{1}} today." in rendered(SHAPE, values)


def test_meta_is_sent_every_value_at_its_place():
    made = payload("order_update", "en_US", SHAPE, VALUES)

    assert (made["name"], made["language"]) == ("order_update", {"code": "en_US"})
    header, body, track, code = made["components"]
    assert header == {"type": "header", "parameters": [{"type": "text", "text": "77"}]}
    assert [one["text"] for one in body["parameters"]] == ["Ana", "Porto"]
    assert (track["sub_type"], track["index"]) == ("url", "1")
    assert track["parameters"] == [{"type": "text", "text": "t/77"}]
    assert code["parameters"] == [{"type": "coupon_code", "coupon_code": "SAGE10"}]
    assert "components" not in payload("hello", "en", Shape(body="Hello there."), Values())


def test_named_values_carry_their_names():
    shape = Shape(body="Hello {{first_name}}, welcome.", is_named=True)

    (body,) = payload("hi", "en", shape, Values(body={"first_name": "Ana"}))["components"]

    assert body["parameters"] == [{"type": "text", "text": "Ana", "parameter_name": "first_name"}]


@pytest.mark.parametrize(
    ("media", "member"),
    [("https://shop.example/a.png", {"link": "https://shop.example/a.png"}), ("99", {"id": "99"})],
)
def test_media_goes_by_its_id_or_its_link(media: str, member: dict[str, str]):
    shape = Shape(header=HeaderKind.IMAGE, media="4::aW", body="Look.")

    (header,) = payload("look", "en", shape, Values(media=media))["components"]

    assert header["parameters"] == [{"type": "image", "image": member}]


def test_every_missing_value_is_named_at_once():
    with pytest.raises(ValidationFailed) as refused:
        payload("order_update", "en_US", SHAPE, Values(body={"1": " "}))

    assert list(refused.value.fields) == wanted(SHAPE)
    assert wanted(SHAPE) == ["header.1", "body.1", "body.2", "buttons.1", "buttons.3"]
    assert wanted(Shape(header=HeaderKind.VIDEO, media="x", body="Look.")) == ["media"]


@pytest.mark.parametrize("text", ["two\nlines", "a\ttab", "many     spaces", "x" * 1025])
def test_value_that_meta_refuses_is_refused_here(text: str):
    with pytest.raises(ValidationFailed) as refused:
        payload("order_update", "en_US", SHAPE, replace(VALUES, body={"1": "Ana", "2": text}))

    assert list(refused.value.fields) == ["body.2"]


@given(value=st.text(max_size=30))
def test_whatever_the_value_the_text_holds_it_once(value: str):
    shape = Shape(body="<{{1}}>")

    assert rendered(shape, Values(body={"1": value})) == f"<{value}>"


def test_values_can_be_read_back_from_what_was_sent():
    components = payload("order", "en_US", SHAPE, VALUES)["components"]

    read = values_of(SHAPE, components)

    assert (read.header, read.body) == (VALUES.header, VALUES.body)
    assert rendered(SHAPE, read) == rendered(SHAPE, VALUES)


@pytest.mark.parametrize(
    "components",
    [
        [{}],
        [{"type": "body"}],
        [{"type": "body", "parameters": "x"}],
        [{"type": "body", "parameters": [None, {"type": "image"}]}],
        [{"type": 7, "parameters": []}],
    ],
)
def test_odd_components_of_a_program_fill_nothing(components: list[dict[str, object]]):
    assert rendered(SHAPE, values_of(SHAPE, components)) == rendered(SHAPE, Values())

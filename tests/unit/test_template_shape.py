"""A template's parts, as Meta writes them and back; nothing Meta says makes reading fail."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.templates.shape import (
    Button,
    ButtonKind,
    HeaderKind,
    Shape,
    read,
    to_components,
    variables_of,
)

FULL = Shape(
    header=HeaderKind.TEXT,
    header_text="Order {{number}}",
    header_examples={"number": "1024"},
    body="Hello {{first_name}}, your order is on its way to {{city}} today.",
    examples={"first_name": "Ana", "city": "Porto"},
    footer="Marigold Home",
    buttons=(
        Button(kind=ButtonKind.QUICK_REPLY, text="Thanks"),
        Button(
            kind=ButtonKind.URL, text="Track", value="https://shop.example/t/{{1}}", example="X1"
        ),
        Button(kind=ButtonKind.PHONE_NUMBER, text="Call us", value="+15550102030"),
        Button(kind=ButtonKind.COPY_CODE, value="SAGE10"),
    ),
    is_named=True,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "format", "text", "example", "buttons", "url", "body_text"]),
            inner | st.sampled_from(["HEADER", "BODY", "BUTTONS", "URL", "COPY_CODE", "IMAGE"]),
            max_size=4,
        )
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(
    "shape",
    [
        FULL,
        Shape(body="Plain words."),
        Shape(
            header=HeaderKind.IMAGE,
            media="4::aW",
            body="For {{2}} and {{1}}, from us.",
            examples={"1": "Ana", "2": "Ben"},
        ),
        Shape(header=HeaderKind.LOCATION, body="We are here."),
    ],
)
def test_parts_come_back_as_they_were_written(shape: Shape):
    assert read(to_components(shape), is_named=shape.is_named) == shape


def test_examples_are_written_as_meta_takes_them():
    header, body, _footer, buttons = to_components(FULL)

    assert header["example"] == {
        "header_text_named_params": [{"param_name": "number", "example": "1024"}]
    }
    assert body["example"]["body_text_named_params"][1] == {
        "param_name": "city",
        "example": "Porto",
    }
    assert buttons["buttons"][1]["example"] == ["https://shop.example/t/X1"]
    positional = to_components(
        Shape(body="Hi {{2}}, {{1}} is here.", examples={"1": "a", "2": "b"})
    )
    assert positional[0]["example"] == {"body_text": [["a", "b"]]}


@pytest.mark.parametrize(
    "components",
    [
        [{"type": "BODY", "text": "Hi."}, {"type": "CAROUSEL", "cards": []}],
        [{"type": "BODY", "text": "Hi."}, {"type": "BUTTONS", "buttons": [{"type": "FLOW"}]}],
        [{"type": "BODY", "add_security_recommendation": True}],
        [{"type": "HEADER", "format": "PRODUCT"}, {"type": "BODY", "text": "Hi."}],
        [],
        None,
    ],
)
def test_what_we_do_not_edit_is_known_as_such(components: Any):
    assert read(components, is_named=False).is_foreign


@given(components=JSON, is_named=st.booleans())
def test_reading_never_fails(components: Any, is_named: bool):  # noqa: FBT001  # drawn
    shape = read(components, is_named=is_named)

    assert isinstance(shape.body, str)
    assert to_components(shape)


def test_numbers_are_in_their_own_order_and_names_in_that_of_the_text():
    assert variables_of("{{2}} {{10}} {{1}} {{2}}") == ["1", "2", "10"]
    assert variables_of("{{ b }} {{a}} {{b}}") == ["b", "a"]
    assert variables_of("{{}} {x} {{y}") == [""]

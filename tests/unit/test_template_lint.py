"""Meta's rules for templates: each is told at its place, and what is right passes."""

from dataclasses import replace

import pytest

from app.services.templates.lint import check
from app.services.templates.shape import Button, ButtonKind, HeaderKind, Shape

GOOD = Shape(
    body="Hello {{1}}, your order {{2}} is on its way to you.", examples={"1": "Ana", "2": "77"}
)


def places(shape: Shape, name: str = "order_update", language: str = "en_US") -> list[str]:
    return [one.place for one in check(name, language, shape)]


def reply(text: str) -> Button:
    return Button(kind=ButtonKind.QUICK_REPLY, text=text)


def url(value: str, example: str = "") -> Button:
    return Button(
        kind=ButtonKind.URL, text=f"Open {value[-1:].strip('}')}", value=value, example=example
    )


CALL = Button(kind=ButtonKind.PHONE_NUMBER, text="Call", value="+15550102030")
CODE = Button(kind=ButtonKind.COPY_CODE, value="SAGE10")
PAGE = url("https://shop.example/a")


@pytest.mark.parametrize(
    "shape",
    [
        GOOD,
        Shape(body="No variable at all"),
        replace(
            GOOD, header=HeaderKind.TEXT, header_text="Order {{1}}", header_examples={"1": "7"}
        ),
        replace(GOOD, header=HeaderKind.IMAGE, media="4::aW"),
        replace(GOOD, header=HeaderKind.LOCATION),
        replace(GOOD, buttons=(reply("Yes"), reply("No"), PAGE, CALL, CODE)),
        replace(GOOD, buttons=(PAGE, CALL, reply("Yes"))),
        replace(GOOD, buttons=(url("https://shop.example/o/{{1}}", "77"),)),
        Shape(
            body="Dear {{first_name}}, welcome here.", examples={"first_name": "A"}, is_named=True
        ),
    ],
)
def test_what_meta_takes_passes(shape: Shape):
    assert places(shape) == []


@pytest.mark.parametrize("name", ["", "Order", "order-update", "ümlaut", "a" * 513, "a b"])
def test_name_is_small_letters_digits_and_underscores(name: str):
    assert places(GOOD, name=name) == ["name"]


@pytest.mark.parametrize("language", ["", "english", "en-US", "EN_us"])
def test_language_is_one_of_metas_codes(language: str):
    assert places(GOOD, language=language) == ["language"]


@pytest.mark.parametrize(
    "changes",
    [
        {"header_text": " "},
        {"header_text": "x" * 61},
        {"header_text": "Two\nlines"},
        {"header_text": "*Bold*"},
        {"header_text": "{{1}} and {{2}}", "header_examples": {"1": "a", "2": "b"}},
        {"header_text": "Order {{1}}"},
        {"header": HeaderKind.VIDEO},
    ],
)
def test_header_findings(changes: dict[str, object]):
    shape = replace(GOOD, **{"header": HeaderKind.TEXT, "header_text": "", **changes})

    assert places(shape) == ["header"]


@pytest.mark.parametrize(
    ("body", "examples"),
    [
        ("", {}),
        ("  \n ", {}),
        ("x" * 1025, {}),
        ("One\n\n\n\nTwo", {}),
        ("{{1}} is what you ordered here today", {"1": "a"}),
        ("What you ordered here today is {{1}}", {"1": "a"}),
        ("Your order {{1}}{{2}} is on its way to you now", {"1": "a", "2": "b"}),
        ("Hi {{1}} ok", {"1": "a"}),
        ("Your order {{2}} is on its way", {"2": "a"}),
        ("Your order {{x}} is on its way", {"x": "a"}),
        ("Your order {{1} is on its way", {}),
        ("Your order {{1}} is on its way", {}),
        ("Your order {{1}} is on its way", {"1": "  "}),
    ],
)
def test_body_findings(body: str, examples: dict[str, str]):
    assert places(Shape(body=body, examples=examples)) == ["body"]


@pytest.mark.parametrize("footer", ["x" * 61, "From {{1}}", "Two\nlines"])
def test_footer_findings(footer: str):
    assert places(replace(GOOD, footer=footer)) == ["footer"]


@pytest.mark.parametrize(
    ("buttons", "place"),
    [
        (tuple(reply(f"Answer {n}") for n in range(11)), "buttons"),
        ((PAGE, url("https://shop.example/b"), url("https://shop.example/c")), "buttons"),
        ((CALL, replace(CALL, text="Ring")), "buttons"),
        ((CODE, CODE), "buttons"),
        ((reply("Yes"), PAGE, reply("No")), "buttons"),
        ((reply("Yes"), reply(" yes ")), "buttons"),
        ((reply(" "),), "buttons.0"),
        ((reply("x" * 26),), "buttons.0"),
        ((reply("Hi {{1}}"),), "buttons.0"),
        ((reply("Yes"), url("shop.example")), "buttons.1"),
        ((url("javascript:alert(1)"),), "buttons.0"),
        ((url("https://[::1"),), "buttons.0"),
        ((url("https://shop.example/{{1}}/x", "a"),), "buttons.0"),
        ((url("https://shop.example/{{1}}"),), "buttons.0"),
        ((replace(CALL, value="call me"),), "buttons.0"),
        ((replace(CODE, value=""),), "buttons.0"),
        ((replace(CODE, value="x" * 16),), "buttons.0"),
    ],
)
def test_button_findings(buttons: tuple[Button, ...], place: str):
    assert places(replace(GOOD, buttons=buttons)) == [place]

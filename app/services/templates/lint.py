"""Meta's rules for templates, told before it refuses: each finding names its place and the mend.

The rules are those of Meta's overview of templates and of its OpenAPI document, 2026.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import urlsplit

from app.i18n import gettext as _
from app.services.templates.shape import (
    MEDIA,
    VARIABLE,
    Button,
    ButtonKind,
    HeaderKind,
    Shape,
    variables_of,
)

MAX_NAME, MAX_HEADER, MAX_BODY, MAX_FOOTER = 512, 60, 1024, 60
MAX_BUTTONS, MAX_BUTTON_TEXT, MAX_URL, MAX_PHONE, MAX_CODE = 10, 25, 2000, 20, 15
MAX_URLS, MAX_PHONES, MAX_CODES = 2, 1, 1
# Meta refuses texts that are mostly variables; three words for each is the rule of thumb.
WORDS_PER_VARIABLE = 3
NAME = re.compile(r"[a-z0-9_]+")
LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2})?")
NAMED = re.compile(r"[a-z_][a-z0-9_]*")
ADJACENT = re.compile(r"\}\}\s*\{\{")
BLANK_LINES = re.compile(r"\n[ \t]*\n[ \t]*\n[ \t]*\n")


@dataclass(frozen=True, slots=True)
class Finding:
    """What Meta would refuse: `place` is a part of the editor, such as body or buttons.2."""

    place: str
    sentence: str


def check(name: str, language: str, shape: Shape) -> list[Finding]:
    """Return everything that Meta would refuse, in the order of the editor; empty: submit it."""
    return [
        *_name(name, language),
        *_header(shape),
        *_body(shape),
        *_footer(shape),
        *_buttons(shape),
    ]


def _name(name: str, language: str) -> Iterator[Finding]:
    if not NAME.fullmatch(name) or len(name) > MAX_NAME:
        yield Finding("name", _("Use small letters, digits and _ only, like order_update."))
    if not LANGUAGE.fullmatch(language):
        yield Finding("language", _("Choose the language that the text is in."))


def _header(shape: Shape) -> Iterator[Finding]:
    if shape.header is HeaderKind.TEXT:
        text = shape.header_text
        if not text.strip():
            yield Finding("header", _("Write the header, or choose none."))
        if len(text) > MAX_HEADER:
            yield Finding("header", _too_long(len(text), MAX_HEADER))
        if "\n" in text or "*" in text:
            yield Finding("header", _("A header is one line without marks such as *."))
        if len(shape.header_variables) > 1:
            yield Finding("header", _("A header takes one variable at most."))
        yield from _names("header", text, shape)
        yield from _missing("header", shape.header_variables, shape.header_examples)
    elif shape.header in MEDIA and not shape.has_sample:
        yield Finding("header", _("Add a sample file; Meta looks at it when it reviews."))


def _body(shape: Shape) -> Iterator[Finding]:
    text = shape.body
    if not text.strip():
        yield Finding("body", _("Write the text."))
        return
    if len(text) > MAX_BODY:
        yield Finding("body", _too_long(len(text), MAX_BODY))
    if BLANK_LINES.search(text):
        yield Finding("body", _("Leave at most two empty lines in a row."))
    yield from _names("body", text, shape)
    stripped = text.strip()
    if VARIABLE.match(stripped) or stripped.endswith("}}"):
        yield Finding("body", _("The text must not begin or end with a variable; add a word."))
    if ADJACENT.search(text):
        yield Finding("body", _("Two variables must not stand side by side; put words between."))
    words, count = len(VARIABLE.sub(" ", text).split()), len(shape.variables)
    if count and words < WORDS_PER_VARIABLE * count:
        yield Finding("body", _("There are too many variables for so few words; write more text."))
    yield from _missing("body", shape.variables, shape.examples)


def _footer(shape: Shape) -> Iterator[Finding]:
    if len(shape.footer) > MAX_FOOTER:
        yield Finding("footer", _too_long(len(shape.footer), MAX_FOOTER))
    if variables_of(shape.footer):
        yield Finding("footer", _("A footer takes no variables."))
    if "\n" in shape.footer:
        yield Finding("footer", _("A footer is one line."))


def _buttons(shape: Shape) -> Iterator[Finding]:
    kinds = [button.kind for button in shape.buttons]
    if len(kinds) > MAX_BUTTONS:
        yield Finding("buttons", _("A template has ten buttons at most."))
    for kind, most, sentence in (
        (ButtonKind.URL, MAX_URLS, _("Two buttons at most may open a web page.")),
        (ButtonKind.PHONE_NUMBER, MAX_PHONES, _("One button at most may call a number.")),
        (ButtonKind.COPY_CODE, MAX_CODES, _("One button at most may copy a code.")),
    ):
        if kinds.count(kind) > most:
            yield Finding("buttons", sentence)
    changes = sum(
        (one is ButtonKind.QUICK_REPLY) != (two is ButtonKind.QUICK_REPLY)
        for one, two in pairwise(kinds)
    )
    if changes > 1:
        yield Finding("buttons", _("Keep the quick replies together, before or after the others."))
    texts = [button.text.strip().casefold() for button in shape.buttons if button.text.strip()]
    if len(set(texts)) < len(texts):
        yield Finding("buttons", _("Two buttons have the same words."))
    for place, button in enumerate(shape.buttons):
        for sentence in _button(button):
            yield Finding(f"buttons.{place}", sentence)


def _button(button: Button) -> Iterator[str]:
    text, value = button.text, button.value
    if button.kind is not ButtonKind.COPY_CODE:
        if not text.strip():
            yield _("Write what the button says.")
        elif len(text) > MAX_BUTTON_TEXT:
            yield _too_long(len(text), MAX_BUTTON_TEXT)
        if variables_of(text) or "\n" in text:
            yield _("A button's words are one line without variables.")
    match button.kind:
        case ButtonKind.URL:
            yield from _url(value, button.example)
        case ButtonKind.PHONE_NUMBER if not re.fullmatch(r"\+?[0-9 ()-]{5,20}", value):
            yield _("Write the number with its country code, at most 20 characters.")
        case ButtonKind.COPY_CODE if not 1 <= len(value.strip()) <= MAX_CODE:
            yield _("Give an example of the code, at most 15 characters.")
        case _other:
            pass


def _url(url: str, example: str) -> Iterator[str]:
    names = variables_of(url)
    try:
        parts = urlsplit(VARIABLE.sub("x", url))
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        is_address = False
    if not is_address or " " in VARIABLE.sub("x", url) or len(url) > MAX_URL:
        yield _("Write the whole address, with https://.")
    if len(names) > 1 or (names and not url.rstrip().endswith("}}")):
        yield _("An address takes one variable, at its end.")
    if names and not example.strip():
        yield _("Give an example for the end of the address.")


def _names(place: str, text: str, shape: Shape) -> Iterator[Finding]:
    names = variables_of(text)
    left = VARIABLE.sub("", text)
    if "{{" in left or "}}" in left:
        yield Finding(place, _("A variable is written {{name}}, with both pairs of braces."))
    if shape.is_named:
        if not all(NAMED.fullmatch(name) for name in names):
            yield Finding(
                place, _("Name a variable with small letters and _, like {{first_name}}.")
            )
    elif [name for name in names if name] != [str(n) for n in range(1, len(names) + 1)]:
        yield Finding(place, _("Number the variables {{1}}, {{2}} … in order, without a gap."))


def _missing(place: str, names: list[str], examples: Mapping[str, str]) -> Iterator[Finding]:
    for name in names:
        if not examples.get(name, "").strip():
            wish = _("Give an example for {variable}; Meta reviews by it.")
            yield Finding(place, wish.format(variable=f"{{{{{name}}}}}"))


def _too_long(length: int, most: int) -> str:
    return _("{length} characters; at most {most} are allowed.").format(length=length, most=most)

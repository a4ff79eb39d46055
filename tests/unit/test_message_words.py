"""What a bubble and the list say of a message: plain sentences, never nothing."""

from types import SimpleNamespace
from typing import Any

import pytest

from app.components import words
from app.components.cards import cards
from app.models.enums import MessageType
from app.services.whatsapp.errors import NEVER_LEFT, TOO_MANY, UNAVAILABLE
from tests.unit.message_views import message_view


def bubble(kind: MessageType, text: str | None = None, **content: Any) -> words.Words:
    return words.body(message_view(kind, text, content=content))


@pytest.mark.parametrize("kind", list(MessageType))
def test_no_kind_of_message_is_an_empty_bubble(kind: MessageType):
    view = message_view(kind)
    assert words.body(view).text or cards(view)
    assert words.preview(kind, None).text
    assert kind in words.CARDS or bubble(kind, "Hello").text.endswith("Hello")


def test_a_voice_message_is_not_an_audio_file():
    assert bubble(MessageType.AUDIO, voice=True).text == "Voice message"
    assert bubble(MessageType.AUDIO, voice=False).text == "Audio"
    assert bubble(MessageType.AUDIO).text == "Audio"
    assert words.preview(MessageType.AUDIO, None, is_voice=True).text == "Voice message"
    assert words.preview(MessageType.AUDIO, None).text == "Audio"


def test_what_whatsapp_keeps_back_is_not_what_we_cannot_show_yet():
    assert "WhatsApp does not pass on" in bubble(MessageType.UNSUPPORTED).text
    assert "cannot be shown here yet" in bubble(MessageType.UNKNOWN).text


def test_text_that_nobody_could_read_says_so():
    assert bubble(MessageType.TEXT).is_sentence
    assert bubble(MessageType.TEXT, "Hello") == words.Words("Hello")


def fault(code: int, *, is_tried_again: bool = False, **more: object) -> str:
    view: Any = SimpleNamespace(error={"code": code, **more}, is_tried_again=is_tried_again)
    return words.error_words(view)


@pytest.mark.parametrize("code", [131016, 130429, NEVER_LEFT, TOO_MANY, UNAVAILABLE])
def test_only_what_is_tried_again_says_that_it_is(code: int):
    assert "again by itself" in fault(code, is_tried_again=True)
    assert "again by itself" not in fault(code)
    assert "You stopped" in fault(code, given_up=True)


def test_what_is_not_tried_again_says_its_own_reason():
    assert "24-hour window" in fault(131047)


@pytest.mark.parametrize(
    ("context", "says"),
    [
        (None, ""),
        ({"forwarded": True}, "Forwarded"),
        ({"forwarded": True, "frequently_forwarded": True}, "Forwarded many times"),
        ({"group_id": "HX1", "forwarded": True}, "Wrote this in a group"),
    ],
)
def test_what_stands_above_the_text_says_where_it_comes_from(
    context: dict[str, Any] | None, says: str
):
    found = words.label(message_view(MessageType.TEXT, "Hello", context=context))

    assert found.startswith(says)
    assert bool(found) is bool(says)


@pytest.mark.parametrize("text", [" ", "\n\t ", "\u200b", " \u2060\ufeff "])
def test_a_message_that_nobody_can_see_says_so(text: str):
    assert bubble(MessageType.TEXT, text) == words.Words(
        "A message of spaces only", is_sentence=True
    )
    assert words.preview(MessageType.TEXT, text).text == "A message of spaces only"
    assert bubble(MessageType.TEXT, f"{text}x") == words.Words(f"{text}x")


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("What does *shipping* cost?", "What does shipping cost?"),
        ("*_both_* and ~gone~", "both and gone"),
        ("```mono``` text", "mono text"),
        ("2*3*4 and snake_case_name", "2*3*4 and snake_case_name"),
        ("* not bold * and _", "* not bold * and _"),
        ("*a\nb*", "*a\nb*"),
    ],
)
def test_one_line_about_a_message_is_without_its_marks(text: str, plain: str):
    assert words.preview(MessageType.TEXT, text).text == plain
    assert words.preview(MessageType.IMAGE, text).text == plain

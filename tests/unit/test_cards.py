"""What is not text is readable: places, people, forms, orders, where somebody came from."""

from typing import Any

import pytest

from app.components import bubbles, words
from app.components.cards import MOST_CARDS, MOST_CHARACTERS, MOST_LINES, cards
from app.models.enums import MessageDirection, MessageType
from tests.unit.message_views import message_view, reference

OURS, THEIRS = MessageDirection.OUTBOUND, MessageDirection.INBOUND
PLACE = {"latitude": 37.44, "longitude": -122.16, "name": "The shop", "address": "1 Hacker Way"}
JUNK: list[Any] = [
    None, True, 7, 1.5, "words", "\x00", [], [1], ["a", {"b": 1}], {}, {"deep": {"er": [{}]}},
    "x" * 10_000, [{"x": 1}] * 500, float("nan"),
]  # fmt: skip


def one(kind: MessageType, content: dict[str, Any], **members: Any) -> dict[str, Any]:
    [card] = cards(message_view(kind, content=content, **members))
    return card


def lines_of(card: dict[str, Any]) -> list[tuple[str, str]]:
    return [(line["label"], line["text"]) for line in card["lines"]]


def test_place_has_its_name_and_a_map():
    card = one(MessageType.LOCATION, PLACE)

    assert (card["title"], card["sub"]) == ("The shop", "1 Hacker Way")
    assert lines_of(card) == [("", "37.440000, -122.160000")]
    assert card["link"]["href"].endswith("?api=1&query=37.440000,-122.160000")


@pytest.mark.parametrize("latitude", ["here", None, float("nan"), float("inf"), [], "1e999"])
def test_place_that_is_nowhere_has_no_map(latitude: object):
    card = one(MessageType.LOCATION, {**PLACE, "latitude": latitude})

    assert card["title"] == "The shop"
    assert card["link"] is None


def test_person_is_named_with_every_number():
    card = one(
        MessageType.CONTACTS,
        {
            "contacts": [
                {
                    "name": {"formatted_name": "Lucía Gómez"},
                    "org": {"company": "Shop", "title": "Owner"},
                    "phones": [{"phone": "+1 983 555 2319", "type": "MOBILE"}, {"wa_id": "1983"}],
                    "emails": [{"email": "l@example.com", "type": "WORK"}],
                    "addresses": [{"street": "1 Way", "city": "Paris", "country": "France"}],
                    "birthday": "1990-01-31",
                }
            ]
        },
    )

    assert (card["title"], card["sub"]) == ("Lucía Gómez", "Owner, Shop")
    assert lines_of(card) == [
        ("Phone (mobile)", "+1 983 555 2319"),
        ("Phone", "1983"),
        ("E-mail (work)", "l@example.com"),
        ("Address", "1 Way, Paris, France"),
        ("Birthday", "1990-01-31"),
    ]


def test_order_is_added_up_by_currency():
    items = [
        {"product_retailer_id": "cup", "quantity": 2, "item_price": 30, "currency": "USD"},
        {"product_retailer_id": "pot", "quantity": "1", "item_price": "25.5", "currency": "USD"},
        {"product_retailer_id": "jug", "quantity": 1, "item_price": 9, "currency": "EUR"},
    ]
    card = one(MessageType.ORDER, {"catalog_id": "1", "product_items": items})

    assert card["sub"] == "3 products"
    assert lines_of(card)[0] == ("2 \N{MULTIPLICATION SIGN} cup", "30 USD")
    assert lines_of(card)[3:] == [("Total", "85.50 USD"), ("Total", "9 EUR")]


def test_form_is_read_field_by_field():
    filled = (
        '{"screen_0_name_0": "Ana", "screen_0_orderNumber_1": 17, "flow_token": "unused",'
        ' "sizes": ["S", "M"], "address": {"pin_code": "400063"}, "gift": true}'
    )
    card = one(MessageType.INTERACTIVE, {"nfm_reply": {"name": "flow", "response_json": filled}})

    assert lines_of(card) == [
        ("Name", "Ana"), ("Order number", "17"), ("Sizes", "S, M"), ("Pin code", "400063"),
        ("Gift", "Yes"),
    ]  # fmt: skip


@pytest.mark.parametrize("filled", ["no json", "[]", "7", "", "null", '["a", "b"]', "[[[[1]]]]"])
def test_form_that_is_no_object_is_shown_as_far_as_it_goes(filled: str):
    content = {"nfm_reply": {"response_json": filled}}

    assert one(MessageType.INTERACTIVE, content)["title"] == "Filled in a form"


def test_choice_says_what_was_chosen_and_that_it_was_a_choice():
    chosen = message_view(
        MessageType.INTERACTIVE,
        "Express",
        content={"list_reply": {"id": "1", "title": "Express", "description": "Next day"}},
    )

    assert words.body(chosen).text == "Express"
    assert words.label(chosen) == "Chose"
    assert words.footer(chosen) == "Next day"
    assert not cards(chosen)


def test_advertisement_that_somebody_came_from_is_above_their_words():
    context = {
        "referral": {
            "source_url": "https://fb.me/x", "source_type": "ad", "headline": "Summer sale",
            "body": "Everything must go",
        }
    }  # fmt: skip
    view = message_view(MessageType.TEXT, "Is it still on?", context=context)

    [card] = cards(view)
    assert (card["title"], card["sub"]) == ("Summer sale", "Came from an advertisement")
    assert card["link"]["href"] == "https://fb.me/x"
    assert words.body(view).text == "Is it still on?"


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "data:text/html,x", "//evil.example", "https://", "http://[", ""],
)
def test_link_of_a_stranger_leads_to_a_web_page_or_nowhere(address: str):
    context = {"referral": {"source_url": address, "headline": "Sale"}}

    [card] = cards(message_view(MessageType.TEXT, "Hello", context=context))
    assert card["link"] is None


def test_buttons_and_lists_of_ours_are_shown_as_the_customer_sees_them():
    listed = message_view(
        MessageType.INTERACTIVE,
        "Which one?",
        direction=OURS,
        content={
            "type": "list",
            "header": {"type": "text", "text": "Delivery"},
            "body": {"text": "Which one?"},
            "footer": {"text": "All are safe"},
            "action": {
                "button": "Choose",
                "sections": [
                    {
                        "title": "Ways",
                        "rows": [
                            {"id": "1", "title": "Express", "description": "Next day"},
                            {"id": "2", "title": "By ship"},
                        ],
                    }
                ],
            },
        },
    )

    assert words.body(listed).text == "Which one?"
    assert (words.heading(listed), words.footer(listed)) == ("Delivery", "All are safe")
    assert words.buttons(listed) == ["Choose"]
    [card] = cards(listed)
    assert card["title"] == "Ways"
    assert lines_of(card) == [("Express", "Next day"), ("", "By ship")]


def test_news_about_the_customer_is_no_message_of_theirs():
    moved = {"type": "user_changed_number", "wa_id": "972912345678", "body": "User A changed"}

    assert words.notice(message_view(MessageType.SYSTEM, content=moved)).endswith("+972912345678")
    assert "security code" in words.notice(
        message_view(MessageType.SYSTEM, content={"type": "customer_identity_changed"})
    )
    assert words.notice(message_view(MessageType.TEXT, "Hello")) == ""


@pytest.mark.parametrize(
    ("kind", "author", "is_applied"),
    [
        (MessageType.REACTION, OURS, True), (MessageType.REACTION, THEIRS, True),
        (MessageType.EDIT, THEIRS, True), (MessageType.EDIT, OURS, False),
        (MessageType.REVOKE, THEIRS, True), (MessageType.REVOKE, OURS, False),
        (MessageType.TEXT, THEIRS, False),
    ],
)  # fmt: skip
def test_only_the_author_changes_a_message(
    kind: MessageType, author: MessageDirection, *, is_applied: bool
):
    view = message_view(kind, "New", content={"emoji": "👍"}, refers_to=reference(author))

    row = bubbles.row(view, None)

    assert bool(row["amends"]) == is_applied
    assert bool(row["quote"]) == (kind is MessageType.TEXT)


@pytest.mark.parametrize("junk", JUNK, ids=lambda junk: repr(junk)[:20])
@pytest.mark.parametrize(
    ("kind", "member"),
    [
        (MessageType.LOCATION, "latitude"), (MessageType.LOCATION, "name"),
        (MessageType.CONTACTS, "contacts"), (MessageType.ORDER, "product_items"),
        (MessageType.INTERACTIVE, "nfm_reply"), (MessageType.INTERACTIVE, "list_reply"),
        (MessageType.INTERACTIVE, "action"), (MessageType.INTERACTIVE, "header"),
        (MessageType.SYSTEM, "wa_id"), (MessageType.SYSTEM, "type"),
        (MessageType.REACTION, "emoji"), (MessageType.UNSUPPORTED, "errors"),
    ],
)  # fmt: skip
def test_whatever_a_stranger_sends_is_shown_and_short(kind: MessageType, member: str, junk: Any):
    for direction in (OURS, THEIRS):
        view = message_view(
            kind,
            content={member: junk, "contacts": [{member: junk, "name": junk, "phones": junk}]}
            if kind is MessageType.CONTACTS else {member: junk},
            context={"referral": {"headline": junk, "source_url": junk}, "errors": junk},
            direction=direction,
        )  # fmt: skip

        row = bubbles.row(view, None)

        assert row["text"] or row["cards"] or row["notice"]
        assert len(row["cards"]) <= MOST_CARDS
        for card in row["cards"]:
            assert len(card["lines"]) <= MOST_LINES
            texts = [card["title"], card["sub"], *(line["text"] for line in card["lines"])]
            assert all(
                isinstance(text, str) and len(text) <= MOST_CHARACTERS + 60 for text in texts
            )

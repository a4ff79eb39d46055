"""Texts that open a WhatsApp account: what is taken as it is, and what is refused, and why."""

import pytest

from app.errors import ValidationFailed
from app.services import account_text

LONG = "https://graph.example/"


@pytest.mark.parametrize(
    ("reader", "typed", "kept"),
    [
        (account_text.meta_phone_number_id, " 106540352242922\n", "106540352242922"),
        (account_text.waba_id, "waba-id", "waba-id"),
        (account_text.waba_id, "1" * 64, "1" * 64),
        (account_text.access_token, "\tEAAG|x-1\n", "EAAG|x-1"),
        (account_text.app_secret, "two words", "two words"),
        (account_text.verify_token, " mine ", "mine"),
        (account_text.graph_url, "http://127.0.0.1:9/graph/", "http://127.0.0.1:9/graph"),
        (account_text.graph_url, "https://[::1]:443", "https://[::1]:443"),
        (account_text.graph_url, LONG + "a" * (300 - len(LONG)), LONG + "a" * (300 - len(LONG))),
    ],
)
def test_text_is_kept_without_what_copying_brings(
    reader: account_text.Reader, typed: str, kept: str
):
    assert reader(typed) == kept


@pytest.mark.parametrize(
    ("reader", "field", "typed"),
    [
        *(
            (reader, field, typed)
            for reader, field in (
                (account_text.meta_phone_number_id, "phone_number_id"),
                (account_text.waba_id, "waba_id"),
            )
            for typed in ("", " ", "my account", "1" * 65, "100/../200", "\uff11\uff12", "1\n2")
        ),
        *(
            (account_text.access_token, "access_token", typed)
            for typed in ("", " ", "two words", "two\nlines", "caf\u00e9", "E" * 1001)
        ),
        *(
            (reader, field, typed)
            for reader, field in (
                (account_text.app_secret, "app_secret"),
                (account_text.verify_token, "verify_token"),
            )
            for typed in ("", " ", "two\nlines", "caf\u00e9", "s" * 201)
        ),
        *(
            (account_text.graph_url, "graph_url", typed)
            for typed in (
                "",
                "graph.example",
                "ftp://graph.example",
                "https://",
                "https://me@graph.example",
                "https://graph.example:none",
                "https://graph.example:99999",
                "https://[::1",
                "https://graph.example/?v=1",
                "https://graph.example/#v",
                "https://graph.example/a b",
                "https://gr\u00e1ph.example",
                LONG + "a" * (301 - len(LONG)),
            )
        ),
    ],
)
def test_text_that_cannot_be_right_is_refused_under_its_field(
    reader: account_text.Reader, field: str, typed: str
):
    with pytest.raises(ValidationFailed) as refused:
        reader(typed)

    assert list(refused.value.fields) == [field]
    if field in {"access_token", "app_secret"}:
        assert not typed.strip() or typed not in refused.value.explanation


def test_all_that_is_wrong_is_said_at_once_and_what_is_not_given_is_left_out():
    typed = {
        "waba_id": "",
        "access_token": "",
        "app_secret": None,
        "graph_url": "https://g.example",
    }

    with pytest.raises(ValidationFailed) as refused:
        account_text.read_all(account_text.ACCOUNT, typed)

    assert set(refused.value.fields) == {"waba_id", "access_token"}
    assert account_text.read_all(account_text.ACCOUNT, {"waba_id": " 1", "app_secret": None}) == {
        "waba_id": "1"
    }

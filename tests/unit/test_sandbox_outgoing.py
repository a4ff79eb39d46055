"""What the sandbox accepts and refuses to send, and how Meta's error bodies look."""

import pytest

from app.sandbox.errors import GraphError, bad_token, refusal, status_error, unknown_object
from app.sandbox.outgoing import Outgoing, ReadMark, parse

TEXT = {"messaging_product": "whatsapp", "to": "+1 202-555-0143", "text": {"body": "Hi"}}


def refused(body: object) -> GraphError:
    with pytest.raises(GraphError) as caught:
        parse(body)
    return caught.value


def test_text_is_accepted_with_its_reference_and_context():
    parsed = parse(
        {
            **TEXT,
            "type": "text",
            "recipient_type": "individual",
            "context": {"message_id": "wamid.A"},
            "biz_opaque_callback_data": "ours-1",
        }
    )

    assert isinstance(parsed, Outgoing)
    assert (parsed.wa_id, parsed.type) == ("12025550143", "text")
    assert (parsed.context_wamid, parsed.opaque) == ("wamid.A", "ours-1")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"messaging_product": None}, 100),
        ({"messaging_product": "sms"}, 100),
        ({"to": None}, 100),
        ({"to": "nobody"}, 131009),
        ({"recipient_type": "group"}, 100),
        ({"type": "telegram"}, 100),
        ({"type": "image"}, 131008),
        ({"text": {}}, 131008),
        ({"text": {"body": ""}}, 131008),
        ({"text": {"body": 5}}, 131009),
        ({"text": "Hi"}, 131009),
        ({"text": {"body": "x" * 4097}}, 100),
        ({"text": {"body": "x", "preview_url": "yes"}}, 131009),
        ({"context": {}}, 131008),
        ({"biz_opaque_callback_data": "x" * 513}, 131009),
        ({"type": "image", "image": {"id": "1", "link": "https://x"}}, 131008),
        ({"type": "audio", "audio": {"id": "1", "caption": "x"}}, 131009),
        ({"type": "image", "image": {"id": "1", "caption": "x" * 1025}}, 131009),
        ({"type": "template", "template": {"name": "x"}}, 131008),
        ({"type": "contacts", "contacts": []}, 131008),
    ],
)
def test_bad_sends_are_refused_with_a_code_and_details(change, code):
    error = refused({**TEXT, **change})

    assert error.code == code
    assert error.status == 400
    assert error.body()["error"]["error_data"]["details"]


@pytest.mark.parametrize("body", [[], "text", None, 7])
def test_a_body_that_is_no_object_is_refused(body):
    assert refused(body).code == 100


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("image", {"link": "https://example.com/a.png", "caption": "x" * 1024}),
        ("document", {"id": "1", "filename": "a.pdf"}),
        ("sticker", {"id": "1"}),
        ("location", {"latitude": 0, "longitude": 0}),
        ("contacts", [{"name": {"formatted_name": "Ana"}}]),
        ("reaction", {"message_id": "wamid.A", "emoji": ""}),
        ("interactive", {"type": "button", "body": {"text": "?"}, "action": {"buttons": []}}),
        ("template", {"name": "hello", "language": {"code": "en"}}),
    ],
)
def test_every_other_type_is_accepted(kind, content):
    parsed = parse({**TEXT, "type": kind, kind: content})

    assert isinstance(parsed, Outgoing)
    assert parsed.content == content


def test_the_longest_text_is_accepted():
    assert isinstance(parse({**TEXT, "text": {"body": "x" * 4096}}), Outgoing)


def test_to_wins_over_recipient():
    both = parse({**TEXT, "recipient": "US.123"})
    only = parse({**TEXT, "to": None, "recipient": "US.123"})

    assert isinstance(both, Outgoing)
    assert isinstance(only, Outgoing)
    assert (both.wa_id, both.user_id) == ("12025550143", None)
    assert (only.wa_id, only.user_id) == (None, "US.123")


def test_read_mark_with_typing_indicator():
    mark = parse(
        {
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": "wamid.A",
            "typing_indicator": {"type": "text"},
        }
    )

    assert mark == ReadMark(message_id="wamid.A", is_typing=True)


def test_read_mark_without_message_is_refused():
    assert refused({"messaging_product": "whatsapp", "status": "read"}).code == 100


def test_error_bodies_have_metas_members():
    token = bad_token()
    missing = unknown_object("POST", "123").body()["error"]

    assert token.status == 401
    assert token.body()["error"]["type"] == "OAuthException"
    assert token.body()["error"]["code"] == 190
    assert (missing["code"], missing["error_subcode"]) == (100, 33)
    assert missing["fbtrace_id"]


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        ("131056", 400, 131056),
        ("131016", 500, 131016),
        ("368", 403, 368),
        ("190", 401, 190),
        ("503", 503, 2),
        ("429", 429, 4),
        ("999999", 400, 999999),
    ],
)
def test_wished_failures_map_to_status_and_code(failure, status, code):
    error = refusal(failure)

    assert (error.status, error.code) == (status, code)


def test_errors_in_status_webhooks_carry_title_message_and_details():
    error = status_error(131047)

    assert error["title"] == error["message"] == "Re-engagement message"
    assert "24 hours" in error["error_data"]["details"]

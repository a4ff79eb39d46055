"""Is a body Meta's? HMAC over the raw bytes, whatever the header says."""

import hashlib
import hmac

import pytest

from app.services.whatsapp.signatures import is_valid, sign

BODY = b'{"text": "caf\\u00e9 \\/"}'


def test_signature_is_metas():
    digest = hmac.new(b"secret", BODY, hashlib.sha256).hexdigest()

    assert sign("secret", BODY) == f"sha256={digest}"
    assert is_valid(["secret"], BODY, f"sha256={digest}")


def test_either_secret_counts_while_one_is_being_replaced():
    assert is_valid(["new", "old"], BODY, sign("old", BODY))
    assert is_valid(["new", "old"], BODY, sign("new", BODY))


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "sha256=",
        "sha256=00",
        sign("wrong", BODY),
        sign("secret", BODY + b" "),
        sign("secret", BODY).removeprefix("sha256="),
        sign("secret", BODY).replace("sha256", "sha1"),
        sign("secret", BODY)[:-1],
        sign("secret", BODY) + "0",
        "sha256=" + "é" * 64,
    ],
)
def test_anything_else_is_refused(header: str | None):
    assert not is_valid(["secret"], BODY, header)


def test_without_a_secret_nothing_is_valid():
    assert not is_valid([], BODY, sign("", BODY))

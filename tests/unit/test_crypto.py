"""Secrets at rest: bound to their place, readable with older keys, useless when changed."""

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.crypto import (
    FIRST_VERSION,
    NONCE_BYTES,
    DecryptionFailed,
    decrypt,
    encrypt,
    hash_token,
    is_newest,
    key_id_of,
    new_token,
    same,
)

OLD, NEW = b"o" * 32, b"n" * 32
PLACE = "whatsapp_accounts|access_token|ws|row"


def test_secret_comes_back_at_its_place():
    value = encrypt([NEW], "EAAG secret ✓", bound_to=PLACE)

    assert decrypt([NEW], value, bound_to=PLACE) == "EAAG secret ✓"
    assert b"secret" not in value


@pytest.mark.parametrize(
    "elsewhere",
    [
        "whatsapp_accounts|app_secret|ws|row",
        "whatsapp_accounts|access_token|rival|row",
        "whatsapp_accounts|access_token|ws|other",
        "users|access_token|ws|row",
    ],
)
def test_value_moved_to_another_place_does_not_open(elsewhere: str):
    value = encrypt([NEW], "secret", bound_to=PLACE)

    with pytest.raises(DecryptionFailed):
        decrypt([NEW], value, bound_to=elsewhere)


def test_older_key_still_opens_and_the_newest_one_seals():
    value = encrypt([OLD], "secret", bound_to=PLACE)

    assert decrypt([NEW, OLD], value, bound_to=PLACE) == "secret"
    with pytest.raises(DecryptionFailed):
        decrypt([OLD], encrypt([NEW, OLD], "secret", bound_to=PLACE), bound_to=PLACE)


def test_value_of_one_workspace_does_not_open_with_the_key_of_another():
    value = encrypt([NEW], "secret", bound_to=PLACE, tenant="acme")

    assert decrypt([NEW], value, bound_to=PLACE, tenant="acme") == "secret"
    with pytest.raises(DecryptionFailed):
        decrypt([NEW], value, bound_to=PLACE, tenant="rival")


def test_value_of_the_first_form_still_opens_and_counts_as_old():
    nonce = b"n" * NONCE_BYTES
    sealed = AESGCM(NEW).encrypt(nonce, b"secret", PLACE.encode())
    key_id = key_id_of(encrypt([NEW], "x", bound_to=PLACE))
    value = FIRST_VERSION + key_id + nonce + sealed

    assert decrypt([NEW], value, bound_to=PLACE, tenant="acme") == "secret"
    assert not is_newest([NEW], value)
    assert is_newest([NEW, OLD], encrypt([NEW], "x", bound_to=PLACE))
    assert not is_newest([NEW, OLD], encrypt([OLD], "x", bound_to=PLACE))


def test_lost_key_is_told():
    with pytest.raises(DecryptionFailed):
        decrypt([NEW], encrypt([OLD], "secret", bound_to=PLACE), bound_to=PLACE)


def test_every_changed_byte_is_noticed():
    value = encrypt([NEW], "secret", bound_to=PLACE)

    for index in range(1, len(value)):
        changed = bytearray(value)
        changed[index] ^= 1
        with pytest.raises(DecryptionFailed):
            decrypt([NEW], bytes(changed), bound_to=PLACE)


@pytest.mark.parametrize("length", [0, 1, 5, 16, 17, 20])
def test_value_that_was_cut_off_is_noticed(length: int):
    value = encrypt([NEW], "secret", bound_to=PLACE)

    with pytest.raises(DecryptionFailed):
        decrypt([NEW], value[:length], bound_to=PLACE)


def test_same_secret_twice_looks_different():
    assert encrypt([NEW], "secret", bound_to=PLACE) != encrypt([NEW], "secret", bound_to=PLACE)


def test_tokens_are_long_different_and_stored_as_hashes():
    tokens = {new_token() for _ in range(100)}

    assert len(tokens) == 100
    assert min(map(len, tokens)) >= 43
    assert all(token.encode() not in hash_token(token) for token in tokens)


def test_comparison_of_secrets_takes_any_text():
    assert same("päss", "päss")
    assert not same("päss", "pass")

"""Secrets at rest and secrets at the door.

Provider secrets are encrypted with AES-256-GCM and bound to the row they stand in: a value moved
to another row, column or workspace does not decrypt. The newest key encrypts, older ones still
decrypt. Tokens of high entropy (sessions, API keys) are stored as SHA-256 hashes.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
VERSION = b"\x01"
KEY_ID_BYTES = 4


class DecryptionFailed(Exception):
    """No configured key opens this value at this place."""


def encrypt(keys: Sequence[bytes], plaintext: str, *, bound_to: str) -> bytes:
    """Encrypt with the newest key; `bound_to` names table, column, workspace and row."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = AESGCM(keys[0]).encrypt(nonce, plaintext.encode(), bound_to.encode())
    return VERSION + _key_id(keys[0]) + nonce + sealed


def decrypt(keys: Sequence[bytes], value: bytes, *, bound_to: str) -> str:
    """Decrypt with whichever key made it.

    Raises:
        DecryptionFailed: the key is gone, or the value was moved or changed.
    """
    head = len(VERSION) + KEY_ID_BYTES
    if len(value) < head + NONCE_BYTES:
        raise DecryptionFailed("The value is too short to be one of ours.")
    key_id, nonce = value[len(VERSION) : head], value[head : head + NONCE_BYTES]
    for key in keys:
        if _key_id(key) != key_id:
            continue
        try:
            opened = AESGCM(key).decrypt(nonce, value[head + NONCE_BYTES :], bound_to.encode())
        except InvalidTag:
            break
        return opened.decode()
    raise DecryptionFailed("No key of SECRET_KEYS opens this value.")


def new_token() -> str:
    """Return a random token of 256 bits for a cookie or a link."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> bytes:
    """Return what is stored of a high-entropy token."""
    return hashlib.sha256(token.encode()).digest()


def same(left: str, right: str) -> bool:
    """Compare two secrets in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"key id" + key).digest()[:KEY_ID_BYTES]

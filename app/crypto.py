"""Secrets at rest and secrets at the door.

Provider secrets are encrypted with AES-256-GCM and bound to the row they stand in: a value moved
to another row, column or workspace does not decrypt. Each workspace has a data key of its own,
derived from the newest of SECRET_KEYS; what an older one made still decrypts until it is rotated.
Tokens of high entropy (sessions, API keys) are stored as SHA-256 hashes.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from functools import lru_cache
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES = 12
CHUNK = 256 * 1024
# Of the form of a value. The first one was encrypted with the key of SECRET_KEYS itself.
FIRST_VERSION, VERSION = b"\x01", b"\x02"
KEY_ID_BYTES = 4


class DecryptionFailed(Exception):
    """No configured key opens this value at this place."""


def encrypt(keys: Sequence[bytes], plaintext: str, *, bound_to: str, tenant: str = "") -> bytes:
    """Encrypt with the tenant's newest key; `bound_to` names table, column, workspace and row."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    key = _data_key(keys[0], tenant)
    sealed = AESGCM(key).encrypt(nonce, plaintext.encode(), bound_to.encode())
    return VERSION + _key_id(keys[0]) + nonce + sealed


def is_newest(keys: Sequence[bytes], value: bytes) -> bool:
    """Tell whether the newest key has made this value, in the newest form."""
    return value.startswith(VERSION + _key_id(keys[0]))


def key_id_of(value: bytes) -> bytes:
    """Return which key has made a value."""
    return value[len(VERSION) : len(VERSION) + KEY_ID_BYTES]


def key_ids(keys: Sequence[bytes]) -> set[bytes]:
    """Return what values carry of these keys."""
    return {_key_id(key) for key in keys}


def decrypt(keys: Sequence[bytes], value: bytes, *, bound_to: str, tenant: str = "") -> str:
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
        used = key if value.startswith(FIRST_VERSION) else _data_key(key, tenant)
        try:
            opened = AESGCM(used).decrypt(nonce, value[head + NONCE_BYTES :], bound_to.encode())
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


def digest_of(file: IO[bytes]) -> bytes:
    """Return the SHA-256 of a whole file, which is at its beginning afterwards."""
    digest = hashlib.sha256()
    file.seek(0)
    while chunk := file.read(CHUNK):
        digest.update(chunk)
    file.seek(0)
    return digest.digest()


def same(left: str, right: str) -> bool:
    """Compare two secrets in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())


@lru_cache(maxsize=4096)
def _data_key(key: bytes, tenant: str) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=b"tenant " + tenant.encode()).derive(key)


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"key id" + key).digest()[:KEY_ID_BYTES]

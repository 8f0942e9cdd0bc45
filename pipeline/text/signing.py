"""Standard Webhooks 1.0.0: the key in a secret, and what a message is signed with. Pure.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hashlib
import hmac
from typing import Final

_PREFIX: Final = "whsec_"
_KEY_BYTES: Final = range(24, 65)


def key_in(secret: str) -> bytes:
    """The key. Raises: ValueError: it is not as the specification has it; the message holds nothing of it."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except ValueError:
        key = b""
    if not secret.startswith(_PREFIX) or len(key) not in _KEY_BYTES:
        raise ValueError("is not whsec_ and the base64 of 24 to 64 bytes") from None
    return key


def digest(key: bytes, identifier: str, moment: str, body: bytes) -> bytes:
    """Of a message by its id, its time in Unix seconds and its body."""
    return hmac.digest(key, f"{identifier}.{moment}.".encode() + body, hashlib.sha256)

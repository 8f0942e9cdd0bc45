"""How the network names bytes: by their hash (CID version 1, multiformats.io/cid)."""

import base64
import hashlib
from typing import Final

_RAW: Final = 0x55
_CBOR: Final = 0x71


def of_blob(content: bytes) -> str:
    return _of(content, _RAW)


def of_record(document: str) -> str:
    """Of the JSON here, where the real one hashes CBOR."""
    return _of(document.encode(), _CBOR)


def _of(content: bytes, codec: int) -> str:
    named = bytes((1, codec, 0x12, 32)) + hashlib.sha256(content).digest()
    return "b" + base64.b32encode(named).decode().lower().rstrip("=")

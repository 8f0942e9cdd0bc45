"""Media upload v2: initialize, append segments, finalize, ask until it is processed, and describe.

Of a picture the segments are kept, for the post's page; of what moves, only what tells one file from another.
"""

import base64
import binascii
import email.policy
import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from pipeline.sandbox.ledger import Document
from pipeline.sandbox.service import Call
from pipeline.sandbox.x.access import body, query
from pipeline.sandbox.x.errors import invalid_request

_MB: Final = 1024 * 1024
_MOST_BYTES: Final = {
    "tweet_image": 5 * _MB,
    "tweet_gif": 15 * _MB,
    "tweet_video": 512 * _MB,
    "amplify_video": 512 * _MB,
}
_IMAGES: Final = ("image/jpeg", "image/png", "image/webp", "image/bmp", "image/tiff", "image/pjpeg")
_TYPES: Final = {
    "tweet_image": _IMAGES,
    "tweet_gif": ("image/gif",),
    "tweet_video": ("video/mp4", "video/quicktime"),
    "amplify_video": ("video/mp4", "video/quicktime"),
}
_VIDEOS: Final = ("tweet_video", "amplify_video")
_LIFE: Final = timedelta(days=1)
_MOST_BYTES_A_SEGMENT: Final = 5 * _MB
_MOST_SEGMENTS: Final = 1000
_HEAD: Final = 12
_CONTAINER: Final = b"ftyp"
"""What stands behind the first four bytes of every MP4 and QuickTime file."""


class _Initialize(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    media_type: str
    total_bytes: int = Field(gt=0)
    media_category: str = "tweet_image"
    additional_owners: list[str] = Field(default_factory=list)
    shared: bool = False


class _AltText(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    text: str = Field(min_length=1, max_length=1000)


class _Description(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    alt_text: _AltText


class _Metadata(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    id: str = Field(pattern=r"^\d{1,19}$")
    metadata: _Description


def initialize(call: Call) -> Response:
    asked = body(call, _Initialize)
    if asked.media_type not in _TYPES.get(asked.media_category, ()):
        raise invalid_request(f"$.media_type: {asked.media_type} is not of the category {asked.media_category}")
    if asked.total_bytes > _MOST_BYTES[asked.media_category]:
        raise invalid_request(f"$.total_bytes: {asked.total_bytes} is more than {_MOST_BYTES[asked.media_category]}")
    id_ = str(call.ledger.next_id("x ids", at_least=10**18))
    item: Document = {
        "id": id_,
        "type": asked.media_type,
        "category": asked.media_category,
        "total": asked.total_bytes,
        "segments": 0,
        "received": 0,
        "crc32": 0,
        "latest": None,
        "head": "",
        "alt_text": "",
        "expires": (call.now + _LIFE).isoformat(),
        "finalized": None,
    }
    call.ledger.put("x", "media", id_, item)
    return JSONResponse({"data": _shown(call, item)})


def append(call: Call) -> Response:
    """One segment, as base64 in JSON or as a part of a form; segments come in order."""
    item = _open(call)
    index, chunk = _segment(call)
    if [index, zlib.crc32(chunk)] == item["latest"]:  # a segment may be sent again
        return _taken(item)
    if index != item["segments"]:
        raise invalid_request(f"Segments do not add up: expected segment_index {item['segments']}, got {index}.")
    if len(chunk) > _MOST_BYTES_A_SEGMENT or index >= _MOST_SEGMENTS:
        most = f"A segment has at most {_MOST_BYTES_A_SEGMENT} bytes, an upload {_MOST_SEGMENTS} of them."
        raise invalid_request(most)
    item["received"] += len(chunk)
    if item["received"] > item["total"]:
        raise invalid_request("The segments are larger than total_bytes.")
    item["segments"] += 1
    item["crc32"] = zlib.crc32(chunk, item["crc32"])
    item["latest"] = [index, zlib.crc32(chunk)]
    item["head"] = item["head"] + chunk[: _HEAD - len(item["head"]) // 2].hex()
    call.ledger.put("x", "media", item["id"], item)
    if item["category"] not in _VIDEOS:
        call.ledger.put("x", "segment", f"{item['id']} {index}", {}, content=chunk)
    return _taken(item)


def _taken(item: Document) -> Response:
    return JSONResponse({"data": {"expires_at": int(datetime.fromisoformat(item["expires"]).timestamp())}})


def finalize(call: Call) -> Response:
    item = _open(call)
    if item["received"] != item["total"]:
        raise invalid_request("Segments do not add up to provided total file size.")
    item["finalized"] = call.now.isoformat()
    call.ledger.put("x", "media", item["id"], item)
    call.record("media_uploaded", item["id"], title=item["type"], url=call.link(f"/x/media/{item['id']}"))
    return JSONResponse({"data": _shown(call, item)})


def status(call: Call) -> Response:
    given = query(call, "command", "media_id")
    if given.get("command") != "STATUS":
        raise invalid_request("The `command` query parameter is not one of [STATUS]", {"command": []})
    item = call.ledger.get("x", "media", given.get("media_id", ""))
    if item is None or item["finalized"] is None:
        raise invalid_request("The media id is not that of a finalized upload.", {"media_id": []})
    return JSONResponse({"data": _shown(call, item)})


def describe(call: Call) -> Response:
    """The text in place of a picture, for an upload that is whole and not yet expired."""
    asked = body(call, _Metadata)
    item = call.ledger.get("x", "media", asked.id)
    if item is None or item["finalized"] is None or _expired(call, item):
        raise invalid_request("The media id is not that of a finalized upload.", {"id": [asked.id]})
    item["alt_text"] = asked.metadata.alt_text.text
    call.ledger.put("x", "media", item["id"], item)
    call.record("media_described", item["id"], title=item["type"], text=item["alt_text"])
    return JSONResponse({"data": {"id": item["id"], "associated_metadata": asked.metadata.model_dump()}})


def content(call: Call, item: Document) -> bytes:
    """The bytes of an upload; empty where they were not kept."""
    return b"".join(call.ledger.content("x", "segment", f"{item['id']} {index}") for index in range(item["segments"]))


def kinds(call: Call, ids: Sequence[str]) -> list[tuple[str, str]]:
    """Of each upload the word in its page's address, and its key."""
    items = [item for id_ in ids if (item := call.ledger.get("x", "media", id_))]
    return [("video" if is_video(item) else "photo", _key(item)) for item in items]


def is_video(item: Document) -> bool:
    return item["category"] in _VIDEOS


def require_ready(call: Call, ids: list[str]) -> None:
    """Raises: Refusal: not all are media that a post can carry: four images, or one GIF or video, processed."""
    items = [call.ledger.get("x", "media", id_) for id_ in ids]
    ready = [item for item in items if item and item["finalized"] and _state(call, item) == "succeeded"]
    moving = [item for item in ready if item["category"] != "tweet_image"]
    expired = any(_expired(call, item) for item in ready)
    if len(ready) != len(set(ids)) or expired or (moving and len(ready) > 1):
        raise invalid_request("Your media IDs are invalid.", {"media.media_ids": ids})


def _key(item: Document) -> str:
    return f"{3 if item['category'] == 'tweet_image' else 13}_{item['id']}"


def _expired(call: Call, item: Document) -> bool:
    return datetime.fromisoformat(item["expires"]) < call.now


def _open(call: Call) -> Document:
    """The upload that hasn't been finalized yet. Raises: Refusal."""
    item = call.ledger.get("x", "media", call.request.path_params["id"])
    if item is None or item["finalized"] is not None or _expired(call, item):
        raise invalid_request("The media id is not that of an open upload.", {"id": [call.request.path_params["id"]]})
    return item


def _segment(call: Call) -> tuple[int, bytes]:
    kind = call.request.headers.get("content-type", "")
    try:
        if kind.startswith("multipart/form-data"):
            return _form_segment(kind, call.body)
        asked = call.json()
        return int(asked["segment_index"]), base64.b64decode(asked["media"], validate=True)
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise invalid_request("One of [media, segment_index] is missing or not valid.") from None


def _form_segment(kind: str, content: bytes) -> tuple[int, bytes]:
    head = f"Content-Type: {kind}\r\n\r\n".encode()
    message = BytesParser(EmailMessage, policy=email.policy.HTTP).parsebytes(head + content)
    parts = {part.get_param("name", header="content-disposition"): part for part in message.iter_parts()}
    index, chunk = (parts[name].get_payload(decode=True) for name in ("segment_index", "media"))
    assert isinstance(index, bytes)
    assert isinstance(chunk, bytes)
    return int(index), chunk


def _shown(call: Call, item: Document) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": item["id"],
        "media_key": _key(item),
        "expires_after_secs": max(0, int((datetime.fromisoformat(item["expires"]) - call.now).total_seconds())),
    }
    if item["finalized"]:
        shown["size"] = item["total"]
        if item["category"] != "tweet_image":
            shown["processing_info"] = _processing(_state(call, item))
    return shown


def _processing(state: str) -> dict[str, Any]:
    match state:
        case "succeeded":
            return {"state": state, "progress_percent": 100}
        case "failed":
            error = {"code": 1, "name": "InvalidMedia", "message": "Unsupported video format"}
            return {"state": state, "progress_percent": 50, "error": error}
    return {"state": state, "check_after_secs": 1, "progress_percent": 0 if state == "pending" else 50}


def _state(call: Call, item: Document) -> str:
    """A still image is ready at once; the rest goes from pending through in_progress to succeeded, or to failed."""
    since = call.now - datetime.fromisoformat(item["finalized"])
    if item["category"] == "tweet_image":
        return "succeeded"
    if since < call.processing:
        return "pending" if since < call.processing / 2 else "in_progress"
    return "failed" if is_video(item) and bytes.fromhex(item["head"])[4:8] != _CONTAINER else "succeeded"

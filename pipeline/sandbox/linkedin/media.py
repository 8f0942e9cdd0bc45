"""Uploads: images in one piece, videos in parts; both are worked on before a post can have them.

Of the bytes, only their number and their checksums are kept.
"""

import secrets
import zlib
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from pipeline.sandbox.ledger import Document
from pipeline.sandbox.linkedin import errors
from pipeline.sandbox.linkedin.access import bearer, body, query, require_scope, urn_in_path
from pipeline.sandbox.linkedin.clock import milliseconds
from pipeline.sandbox.linkedin.credentials import Token
from pipeline.sandbox.service import Call

PART: Final = 4 * 1024 * 1024
_MOST_IMAGE_BYTES: Final = 5 * 1024 * 1024
_VIDEO_BYTES: Final = (75 * 1024, 500 * 1024 * 1024)
_LIFE: Final = timedelta(hours=1)
_OWNER: Final = r"^urn:li:(person|organization):[\w-]+$"
_IMAGES: Final = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png", b"GIF8": "image/gif"}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _ImageUpload(_Part):
    owner: str = Field(pattern=_OWNER)


class _InitializeImage(_Part):
    initializeUploadRequest: _ImageUpload  # noqa: N815 - LinkedIn's


class _VideoUpload(_Part):
    owner: str = Field(pattern=_OWNER)
    fileSizeBytes: int = Field(gt=0)  # noqa: N815
    uploadCaptions: bool = False  # noqa: N815
    uploadThumbnail: bool = False  # noqa: N815


class _InitializeVideo(_Part):
    initializeUploadRequest: _VideoUpload  # noqa: N815


class _VideoParts(_Part):
    video: str
    uploadToken: str  # noqa: N815
    uploadedPartIds: list[str] = Field(min_length=1)  # noqa: N815


class _FinalizeVideo(_Part):
    finalizeUploadRequest: _VideoParts  # noqa: N815


def image_action(call: Call, token: Token) -> Response:
    if query(call, "action").get("action") != "initializeUpload":
        raise errors.bad_request("ILLEGAL_ARGUMENT", "Unknown action")
    asked = body(call, _InitializeImage).initializeUploadRequest
    require_scope(call, token, asked.owner, "w", "images.ACTION-initializeUpload")
    item = _new(call, "image", asked.owner, None)
    return JSONResponse(
        {
            "value": {
                "uploadUrlExpiresAt": _expires(item),
                "uploadUrl": _upload_address(call, item, 0),
                "image": item["urn"],
            }
        }
    )


def video_action(call: Call, token: Token) -> Response:
    action = query(call, "action").get("action")
    if action == "finalizeUpload":
        return _finalize(call, token)
    if action != "initializeUpload":
        raise errors.bad_request("ILLEGAL_ARGUMENT", "Unknown action")
    asked = body(call, _InitializeVideo).initializeUploadRequest
    require_scope(call, token, asked.owner, "w", "videos.ACTION-initializeUpload")
    if not _VIDEO_BYTES[0] <= asked.fileSizeBytes <= _VIDEO_BYTES[1]:
        raise errors.bad_request("INVALID_VALUE_FOR_FIELD", "/initializeUploadRequest/fileSizeBytes :: out of range")
    item = _new(call, "video", asked.owner, asked.fileSizeBytes)
    instructions = [
        {
            "uploadUrl": _upload_address(call, item, number),
            "firstByte": first,
            "lastByte": min(first + PART, asked.fileSizeBytes) - 1,
        }
        for number, first in enumerate(range(0, asked.fileSizeBytes, PART))
    ]
    return JSONResponse(
        {
            "value": {
                "uploadUrlsExpireAt": _expires(item),
                "video": item["urn"],
                "uploadInstructions": instructions,
                "uploadToken": item["token"],
            }
        }
    )


def upload(call: Call) -> Response:
    """An image, or one part of a video, at the address that was given for it: whoever has it may send."""
    key, number = call.request.path_params["key"], call.request.path_params["number"]
    found = call.ledger.find("linkedin", "media", key)
    if not found or call.now > _moment(found[0]["begun"]) + _LIFE:
        raise errors.bad_request("EXPIRED_UPLOAD_URL", "The upload URL is expired")
    (item,) = found
    if item["finished"]:
        raise errors.bad_request("UPDATING_ASSET_FAILED", "The asset is uploaded")
    if not call.body:
        raise errors.bad_request("ILLEGAL_ARGUMENT", "There is nothing in it")
    if item["kind"] == "image":
        return _image_arrived(call, item)
    return _part_arrived(call, item, number)


def read(call: Call, token: Token) -> Response:
    query(call)
    item = call.ledger.get("linkedin", "media", urn_in_path(call))
    if item is None:
        return JSONResponse(errors.not_found(), 404)
    if item["kind"] == "image":  # a member's own token reads its videos, and not its images
        require_scope(call, token, item["owner"], "r", "images.GET")
    shown: dict[str, Any] = {"id": item["urn"], "owner": item["owner"], "status": _state(call, item)}
    return JSONResponse(shown)


def require_ready(call: Call, urn: str, owner: str) -> None:
    """Raises: Refusal: it is not what this owner uploaded, whole and worked on."""
    item = call.ledger.get("linkedin", "media", urn)
    if item is None or item["owner"] != owner:
        raise errors.bad_request("INVALID_URN_ID", f"{urn} is not an asset of {owner}")
    state = _state(call, item)
    if state == "PROCESSING_FAILED":
        raise errors.bad_request("MEDIA_ASSET_PROCESSING_FAILED", "Media asset failed processing")
    if state != "AVAILABLE":
        raise errors.bad_request("MEDIA_ASSET_WAITING_UPLOAD", "Media asset is waiting upload")


def _new(call: Call, kind: str, owner: str, size: int | None) -> Document:
    item: Document = {
        "urn": f"urn:li:{kind}:C4D{call.ledger.next_id('linkedin assets'):07d}{secrets.token_hex(4)}",
        "kind": kind,
        "owner": owner,
        "size": size,
        "key": secrets.token_urlsafe(24),
        "token": secrets.token_urlsafe(12),
        "begun": call.now.isoformat(),
        "parts": {},
        "checksum": 0,
        "type": None,
        "finished": None,
    }
    _keep(call, item)
    return item


def _keep(call: Call, item: Document) -> None:
    call.ledger.put("linkedin", "media", item["urn"], item, lookup=item["key"])


def _image_arrived(call: Call, item: Document) -> Response:
    if bearer(call) is None:
        return errors.unauthorized()
    item |= {
        "size": len(call.body),
        "checksum": zlib.crc32(call.body),
        "type": next((name for magic, name in _IMAGES.items() if call.body.startswith(magic)), None),
        "finished": call.now.isoformat(),
    }
    _keep(call, item)
    _record(call, item)
    return Response(status_code=201)


def _part_arrived(call: Call, item: Document, number: int) -> Response:
    if call.request.headers.get("content-type") != "application/octet-stream":
        raise errors.bad_request("ILLEGAL_ARGUMENT", "Content-Type must be application/octet-stream")
    first = number * PART
    if first >= item["size"] or len(call.body) != min(PART, item["size"] - first):
        raise errors.bad_request("ILLEGAL_ARGUMENT", "The part is not of the size that was asked for")
    if number == 0:
        item["type"] = "video/mp4" if call.body[4:8] == b"ftyp" else None
    etag = f"{number}-{zlib.crc32(call.body):08x}"
    item["parts"][str(number)] = etag
    _keep(call, item)
    return Response(status_code=200, headers={"ETag": f'"{etag}"'})


def _finalize(call: Call, token: Token) -> Response:
    asked = body(call, _FinalizeVideo).finalizeUploadRequest
    item = call.ledger.get("linkedin", "media", asked.video)
    if item is None or item["kind"] != "video":
        raise errors.bad_request("INVALID_VIDEO_ID", "This Video ID is invalid")
    require_scope(call, token, item["owner"], "w", "videos.ACTION-finalizeUpload")
    expected = [item["parts"].get(str(number)) for number in range(-(-item["size"] // PART))]
    if item["finished"] or asked.uploadToken != item["token"] or asked.uploadedPartIds != expected:
        raise errors.bad_request("UPDATING_ASSET_FAILED", "Failed to update asset. Please recreate it and try again.")
    item |= {"checksum": zlib.crc32("".join(asked.uploadedPartIds).encode()), "finished": call.now.isoformat()}
    _keep(call, item)
    _record(call, item)
    return Response(status_code=200)


def _record(call: Call, item: Document) -> None:
    text = f"{item['size']:,} bytes, checksum {item['checksum']:08x}"
    call.record(f"{item['kind']}_uploaded", item["urn"], title=item["type"], text=text)


def _state(call: Call, item: Document) -> str:
    """Images are ready sooner than videos."""
    if not item["finished"]:
        return "WAITING_UPLOAD"
    work = call.processing if item["kind"] == "video" else call.processing / 10
    if call.now - _moment(item["finished"]) < work:
        return "PROCESSING"
    failed = item["type"] is None or (item["kind"] == "image" and item["size"] > _MOST_IMAGE_BYTES)
    return "PROCESSING_FAILED" if failed else "AVAILABLE"


def _upload_address(call: Call, item: Document, number: int) -> str:
    return call.link(f"/linkedin/api/dms-uploads/{item['key']}/{number}")


def _expires(item: Document) -> int:
    return milliseconds(_moment(item["begun"]) + _LIFE)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)

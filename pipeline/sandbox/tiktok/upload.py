"""The upload host: chunks in order, to an address that lets in whoever has it, for an hour.

It answers by its status alone.
"""

import re
import zlib
from datetime import datetime, timedelta
from typing import Final

from starlette.responses import Response

from pipeline.sandbox.ledger import Document
from pipeline.sandbox.service import Call, Refusal
from pipeline.sandbox.tiktok import posts

_TYPES: Final = ("video/mp4", "video/quicktime", "video/webm")
_RANGE: Final = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
_LIFE: Final = timedelta(hours=1)
_WEBM: Final = b"\x1a\x45\xdf\xa3"


def chunk(call: Call) -> Response:
    post = _open(call)
    start = _start(call, post)
    if start == 0 and not _looks_like_a_video(call.body):
        post["fail_reason"] = "file_format_check_failed"
    post["uploaded"] = start + len(call.body)
    post["crc32"] = zlib.crc32(call.body, post["crc32"])
    is_last = post["uploaded"] == post["video_size"]
    if is_last:
        posts.finish(call, post)
    else:
        posts.keep(call, post)
    return Response(status_code=201 if is_last else 206, headers=_progress(post))


def _open(call: Call) -> Document:
    """The upload that the address is for. Raises: Refusal."""
    given = call.request.query_params
    post = posts.find(call, given.get("upload_id", ""))
    if post is None or post["upload_token"] != given.get("upload_token"):
        raise Refusal(Response(status_code=404))
    if datetime.fromisoformat(post["begun"]) < call.now - _LIFE:
        raise Refusal(Response(status_code=403))
    return post


def _start(call: Call, post: Document) -> int:
    """Where the chunk begins. Raises: Refusal: it isn't the one that is due."""
    headers = call.request.headers
    found = _RANGE.fullmatch(headers.get("content-range", ""))
    if found is None or headers.get("content-type") not in _TYPES or "content-length" not in headers:
        raise Refusal(Response(status_code=400))
    first, last, total = map(int, found.groups())
    if last - first + 1 != len(call.body) or total != post["video_size"]:
        raise Refusal(Response(status_code=400))
    if first != post["uploaded"]:
        raise Refusal(Response(status_code=416, headers=_progress(post)))
    due = post["chunk_size"]
    if first // due == post["total_chunk_count"] - 1:
        due = total - first
    if len(call.body) != due:
        raise Refusal(Response(status_code=400))
    return first


def _progress(post: Document) -> dict[str, str]:
    if not post["uploaded"]:
        return {}
    return {"Content-Range": f"bytes 0-{post['uploaded'] - 1}/{post['video_size']}"}


def _looks_like_a_video(head: bytes) -> bool:
    return head[4:8] == b"ftyp" or head.startswith(_WEBM)

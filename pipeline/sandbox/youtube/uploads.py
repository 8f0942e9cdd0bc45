"""Resumable uploads: a session is opened with the metadata, the file comes in chunks, the last makes it a video."""

import base64
import re
import zlib
from datetime import datetime, timedelta
from typing import Final

from starlette.responses import JSONResponse, Response

from pipeline.sandbox.ledger import Document
from pipeline.sandbox.service import Call
from pipeline.sandbox.youtube import access, publishing
from pipeline.sandbox.youtube.credentials import UPLOADING
from pipeline.sandbox.youtube.errors import refusal
from pipeline.sandbox.youtube.metadata import Snippet, Status, Video, snippet_of, status_of
from pipeline.sandbox.youtube.resources import PARTS, shown

_UNIT: Final = 256 * 1024
_MOST_BYTES: Final = 256 * 1024**3
_LIFE: Final = timedelta(days=7)
_RANGE: Final = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+)")


def begin(call: Call) -> Response:
    access.require_scope(call, UPLOADING)
    given = access.query(call, "uploadType", "part", "notifySubscribers")
    if given.get("uploadType") != "resumable":
        raise refusal(400, "badRequest", "Uploads of this path are resumable.", "global")
    parts = access.parts(given, PARTS)
    asked = access.body(call, Video)
    for part in asked.model_fields_set & {"snippet", "status"}:
        if part not in parts:
            raise refusal(400, "unexpectedPart", f"'{part}'", "youtube.part")
    id_ = f"upload-{call.ledger.next_id('youtube uploads')}"
    session: Document = {
        "id": id_,
        "parts": parts,
        "snippet": snippet_of(asked.snippet or Snippet()),
        "status": status_of(asked.status or Status(), call.now, new=True),
        "total": _announced(call),
        "received": 0,
        "crc32": 0,
        "is_film": False,
        "expires": (call.now + _LIFE).isoformat(),
        "video": None,
    }
    call.ledger.put("youtube", "session", id_, session)
    address = call.link(f"{call.request.url.path}?uploadType=resumable&upload_id={id_}")
    return Response(status_code=200, headers={"Location": address, "X-GUploader-UploadID": id_})


def receive(call: Call) -> Response:
    """A chunk of the file, or the question how much of it is here: an empty one."""
    access.require_scope(call, UPLOADING)
    given = access.query(call, "uploadType", "upload_id", "part", "notifySubscribers")
    session = call.ledger.get("youtube", "session", given.get("upload_id", ""))
    if session is None or datetime.fromisoformat(session["expires"]) < call.now:
        raise refusal(404, "notFound", "Upload session not found.", "global")
    start = _start_of_chunk(call, session)
    if session["video"] is not None:
        return _completed(call, session)
    if start is None:
        return _incomplete(session)
    if start == 0:
        session["is_film"] = call.body[4:8] == b"ftyp"
    session["received"] += len(call.body)
    session["crc32"] = zlib.crc32(call.body, session["crc32"])
    if session["received"] == session["total"]:
        session["video"] = _become_video(call, session)
    call.ledger.put("youtube", "session", session["id"], session)
    return _completed(call, session) if session["video"] else _incomplete(session)


def _announced(call: Call) -> int | None:
    """How many bytes there will be. Raises: Refusal: the headers don't announce a video."""
    kind = call.request.headers.get("x-upload-content-type", "")
    if not kind.startswith("video/") and kind != "application/octet-stream":
        raise refusal(400, "mediaBodyRequired", "The request does not include the video content.")
    size = call.request.headers.get("x-upload-content-length")
    if size is None:
        return None
    if not size.isdecimal() or not 0 < int(size) <= _MOST_BYTES:
        raise refusal(400, "uploadTooLarge", f"Media size {size} is not allowed.", "global")
    return int(size)


def _start_of_chunk(call: Call, session: Document) -> int | None:
    """Where the chunk begins; None where there is none. Learns the file's size where it was not announced.

    Raises:
        Refusal: it is not the next one, or not of a size that is taken.
    """
    said = _RANGE.fullmatch(call.request.headers.get("content-range", f"bytes 0-{len(call.body) - 1}/{len(call.body)}"))
    if said is None:
        raise refusal(400, "badRequest", "Failed to parse Content-Range header.", "global")
    total = int(said[3])
    if session["total"] not in (None, total):
        raise refusal(400, "badRequest", f"The upload was announced to be of {session['total']} bytes.", "global")
    session["total"] = total
    if said[1] is None:
        if call.body:
            raise refusal(400, "badRequest", "A question for the upload's status has no body.", "global")
        return None
    start, last = int(said[1]), int(said[2])
    if last - start + 1 != len(call.body) or last >= total:
        raise refusal(400, "badRequest", "Content-Range does not fit the body.", "global")
    if session["video"] is None and start != session["received"]:
        message = f"The upload offset is {start} byte(s), and {session['received']} byte(s) are uploaded."
        raise refusal(400, "badRequest", f"Invalid request. According to the Content-Range header, {message}", "global")
    if last + 1 < total and len(call.body) % _UNIT:
        message = f"The number of bytes uploaded must be a multiple of {_UNIT}, except for the final request."
        raise refusal(400, "badRequest", f"Invalid request. {message}", "global")
    return start


def _become_video(call: Call, session: Document) -> str:
    number = call.ledger.next_id("youtube videos", at_least=2**40)
    id_ = base64.urlsafe_b64encode(number.to_bytes(8)).decode()[:11]
    video: Document = {
        "id": id_,
        "snippet": session["snippet"],
        "status": session["status"],
        "uploaded": call.now.isoformat(),
        "size": session["received"],
        "crc32": session["crc32"],
        "is_film": session["is_film"],
        "url": call.link(f"/youtube/watch?v={id_}"),
    }
    publishing.keep(call, video)
    return id_


def _incomplete(session: Document) -> Response:
    received = session["received"]
    return Response(status_code=308, headers={"Range": f"bytes=0-{received - 1}"} if received else {})


def _completed(call: Call, session: Document) -> Response:
    video = call.ledger.get("youtube", "video", session["video"])
    if video is None:  # deleted since
        raise refusal(404, "videoNotFound", "The video cannot be found.")
    return JSONResponse(shown(call, video, session["parts"]), 201)

"""Files, uploaded before the post that shows them. Nobody sees one that no post shows, so that is no effect."""

from typing import Any, Final

from starlette.responses import JSONResponse, Response

from pipeline.sandbox.bluesky import content_ids
from pipeline.sandbox.bluesky.access import require_session
from pipeline.sandbox.bluesky.errors import invalid, refusal
from pipeline.sandbox.service import Call

_MOST_BYTES: Final = 52_428_800
_SIGNATURES: Final = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png", b"GIF8": "image/gif"}


def upload(call: Call) -> Response:
    """The type is the one its bytes show, else the one that was said."""
    require_session(call)
    said = call.request.headers.get("content-type", "")
    if not said:
        raise invalid("Request encoding (Content-Type) required but not provided")
    if not call.body:
        raise invalid("A request body is expected but none was provided")
    if len(call.body) > _MOST_BYTES:
        raise refusal(413, "PayloadTooLarge", "request entity too large")
    sniffed = next((kind for head, kind in _SIGNATURES.items() if call.body.startswith(head)), said)
    cid = content_ids.of_blob(call.body)
    blob = {"$type": "blob", "ref": {"$link": cid}, "mimeType": sniffed, "size": len(call.body)}
    call.ledger.put("bluesky", "blob", cid, blob)
    return JSONResponse({"blob": blob})


def require_blob(call: Call, blob: Any, most_bytes: int) -> None:
    """Raises: Refusal: it is not the picture that was uploaded, or too large a one."""
    reference = blob.get("ref") if isinstance(blob, dict) else None
    cid = str(reference.get("$link")) if isinstance(reference, dict) else ""
    if not cid or blob.get("$type") != "blob":
        raise invalid("Invalid app.bsky.feed.post record: Record/embed/images/0/image should be a blob ref")
    kept = call.ledger.get("bluesky", "blob", cid)
    if kept is None:
        raise invalid(f"Could not find blob: {cid}", "BlobNotFound")
    if kept != {name: blob.get(name) for name in kept}:
        raise invalid("Referenced Mimetype or size does not match stored blob", "InvalidMimeType")
    if not kept["mimeType"].startswith("image/"):
        raise invalid(f"Wrong type of file. It is {kept['mimeType']} but it must match image/*.", "InvalidMimeType")
    if kept["size"] > most_bytes:
        raise invalid(f"This file is too large. It is {kept['size']} but the maximum is {most_bytes}.", "BlobTooLarge")

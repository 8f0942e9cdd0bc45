"""The media library: raw bodies with a Content-Disposition."""

import hashlib
import html
import mimetypes
import re
from datetime import datetime
from typing import Any, Final

from slugify import slugify
from starlette.responses import JSONResponse, Response

from pipeline.sandbox.ledger import Document
from pipeline.sandbox.service import Call
from pipeline.sandbox.wordpress.access import USER_ID, params, require, require_capability
from pipeline.sandbox.wordpress.errors import refusal
from pipeline.sandbox.wordpress.listing import only

_ALLOWED: Final = frozenset(
    {".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif", ".pdf", ".mp3", ".m4a", ".wav", ".mp4", ".m4v", ".mov"}
)


def upload(call: Call) -> Response:
    require(call, "rest_cannot_create", "Sorry, you are not allowed to create posts as this user.")
    message = "Sorry, you are not allowed to upload media on this site."
    require_capability(call, "upload_files", "rest_cannot_create", message, status=400)  # 400, as in core
    name = _file_name(call)
    stem, dot, suffix = name.rpartition(".")
    if f"{dot}{suffix}".lower() not in _ALLOWED:
        # A 500, as in core: its upload handler's refusals carry that status.
        raise refusal(500, "rest_upload_sideload_error", "Sorry, you are not allowed to upload this file type.")
    id_ = call.ledger.next_id("wordpress posts")
    item: Document = {
        "id": id_,
        "date": call.now.isoformat(timespec="seconds"),
        "name": f"{slugify(stem) or 'file'}.{suffix.lower()}",
        "title": stem,
        "mime_type": mimetypes.guess_type(name)[0] or "application/octet-stream",
        "alt_text": "",
        "caption": "",
    }
    call.ledger.put("wordpress", "media", str(id_), item, content=call.body)
    shown = _shown(call, item)
    call.record("media_uploaded", str(id_), title=item["name"], url=shown["source_url"])
    return JSONResponse(shown, 201, headers={"Location": call.link(f"/wordpress/wp-json/wp/v2/media/{id_}")})


def read(call: Call) -> Response:
    return JSONResponse(only(_shown(call, _media(call)), call.request.query_params))


def update(call: Call) -> Response:
    require(call, "rest_cannot_edit", "Sorry, you are not allowed to edit this post.")
    item = _media(call)
    asked = params(call)
    item |= {name: str(asked[name]) for name in ("title", "alt_text", "caption") if name in asked}
    call.ledger.put("wordpress", "media", str(item["id"]), item)
    return JSONResponse(_shown(call, item))


def file(call: Call) -> Response:
    item = _media(call)
    return Response(
        call.ledger.content("wordpress", "media", str(item["id"])),
        media_type=item["mime_type"],
        headers={"X-Content-Type-Options": "nosniff"},
    )


def _file_name(call: Call) -> str:
    """Raises: Refusal: what came is not an upload."""
    if not call.body:
        raise refusal(400, "rest_upload_no_data", "No data supplied.")
    if "content-type" not in call.request.headers:
        raise refusal(400, "rest_upload_no_content_type", "No Content-Type supplied.")
    disposition = call.request.headers.get("content-disposition")
    if disposition is None:
        raise refusal(400, "rest_upload_no_content_disposition", "No Content-Disposition supplied.")
    named = re.search(r"attachment\s*;.*?filename\s*=\s*\"?([^\";]+)", disposition, re.IGNORECASE)
    if named is None:
        raise refusal(
            400,
            "rest_upload_invalid_disposition",
            "Invalid Content-Disposition supplied."
            ' Content-Disposition needs to be formatted as `attachment; filename="image.png"` or similar.',
        )
    md5 = call.request.headers.get("content-md5")
    if md5 is not None and md5.strip() != hashlib.md5(call.body, usedforsecurity=False).hexdigest():
        raise refusal(412, "rest_upload_hash_mismatch", "Content hash did not match expected.")
    return named[1].strip()


def _media(call: Call) -> Document:
    item = call.ledger.get("wordpress", "media", str(call.request.path_params["id"]))
    if item is None:
        raise refusal(404, "rest_post_invalid_id", "Invalid post ID.")
    return item


def _shown(call: Call, item: Document) -> dict[str, Any]:
    address = call.link(f"/wordpress/wp-content/uploads/{item['id']}/{item['name']}")
    date = datetime.fromisoformat(item["date"]).strftime("%Y-%m-%dT%H:%M:%S")
    return {
        "id": item["id"],
        "date": date,
        "date_gmt": date,
        "slug": item["name"].rpartition(".")[0],
        "status": "inherit",
        "type": "attachment",
        "link": address,
        "title": {"raw": item["title"], "rendered": html.escape(item["title"], quote=False)},
        "author": USER_ID,
        "caption": {"raw": item["caption"], "rendered": html.escape(item["caption"], quote=False)},
        "alt_text": item["alt_text"],
        "media_type": "image" if item["mime_type"].startswith("image/") else "file",
        "mime_type": item["mime_type"],
        "media_details": {"filesize": len(call.ledger.content("wordpress", "media", str(item["id"])))},
        "post": None,
        "source_url": address,
    }

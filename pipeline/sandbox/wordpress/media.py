"""The media library: raw bodies with a Content-Disposition, and what is known of them."""

import hashlib
import html
import re
from datetime import datetime
from typing import Any, Final

from starlette.responses import JSONResponse, Response

from pipeline.sandbox.ledger import Document
from pipeline.sandbox.service import Call
from pipeline.sandbox.wordpress.access import require, require_capability, text_params
from pipeline.sandbox.wordpress.errors import invalid_param, refusal
from pipeline.sandbox.wordpress.listing import id_list, only, page_of
from pipeline.sandbox.wordpress.slugs import free, slug_of

_TYPES: Final = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "mp4": "video/mp4",
    "m4v": "video/mp4",
    "mov": "video/quicktime",
    "mp3": "audio/mpeg",
    "m4a": "audio/mpeg",
    "pdf": "application/pdf",
}
_SIGNATURES: Final = (
    (rb"\xff\xd8\xff", "image/jpeg"),
    (rb"\x89PNG\r\n\x1a\n", "image/png"),
    (rb"GIF8[79]a", "image/gif"),
    (rb"RIFF.{4}WEBP", "image/webp"),
    (rb".{4}ftypM4[AB] ", "audio/mp4"),
    (rb".{4}ftyp", "video/mp4"),
    (rb"ID3|\xff[\xe2-\xe7\xf2-\xf7\xfa\xfb]", "audio/mpeg"),
    (rb"%PDF-", "application/pdf"),
)
_STATUSES: Final = ("inherit", "private", "trash")
_KINDS: Final = ("image", "video", "text", "application", "audio")


def search(call: Call) -> Response:
    query = call.request.query_params
    if query.get("context") == "edit":
        require(call, "rest_forbidden_context", "Sorry, you are not allowed to edit posts in this post type.")
    if (status := query.get("status", "inherit")) not in _STATUSES:
        raise invalid_param("status", "status[0] is not one of inherit, private, and trash.")
    if (kind := query.get("media_type", "image")) not in _KINDS:
        raise invalid_param("media_type", "media_type is not one of image, video, text, application, and audio.")
    found = [item for item in call.ledger.newest("wordpress", "media") if status == "inherit"]
    if "slug" in query:
        slugs = query["slug"].split(",")
        found = [item for item in found if item["slug"] in slugs]
    if "include" in query:
        ids = id_list(query["include"], "include")
        found = [item for item in found if item["id"] in ids]
    if "media_type" in query:
        found = [item for item in found if item["mime_type"].startswith(f"{kind}/")]
    return page_of([_shown(call, item) for item in found], query)


def upload(call: Call) -> Response:
    message = "Sorry, you are not allowed to create posts as this user."
    user = require_capability(call, "upload_files", "rest_cannot_create", message)
    stem, mime_type, suffix = _checked(_file_name(call), call.body)
    names = {item["name"] for item in call.ledger.newest("wordpress", "media")}
    title = free(stem, lambda stem: f"{stem}.{suffix}" in names, first=1)
    item: Document = {
        "id": call.ledger.next_id("wordpress posts"),
        "date": call.now.isoformat(timespec="seconds"),
        "name": f"{title}.{suffix}",
        "slug": free(slug_of(title), lambda slug: _is_taken(call, slug)),
        "title": title,
        "author": user.id,
        "mime_type": mime_type,
        "alt_text": "",
        "caption": "",
    }
    call.ledger.put("wordpress", "media", str(item["id"]), item, lookup=item["slug"], content=call.body)
    shown = _shown(call, item)
    call.record("media_uploaded", str(item["id"]), title=item["name"], url=shown["source_url"])
    address = call.link(f"/wordpress/wp-json/wp/v2/media/{item['id']}")
    return JSONResponse(shown, 201, headers={"Location": address, "X-WP-Upload-Attachment-ID": str(item["id"])})


def read(call: Call) -> Response:
    return JSONResponse(only(_shown(call, _media(call)), call.request.query_params))


def update(call: Call) -> Response:
    message = "Sorry, you are not allowed to edit this post."
    user = require(call, "rest_cannot_edit", message)
    item = _media(call)
    if item["author"] != user.id:
        require_capability(call, "edit_others_posts", "rest_cannot_edit", message)
    item |= {name: _line(text) for name, text in text_params(call, "title", "alt_text", "caption").items()}
    call.ledger.put("wordpress", "media", str(item["id"]), item, lookup=item["slug"])
    shown = _shown(call, item)
    call.record(
        "media_updated", str(item["id"]), title=item["name"], text=item["alt_text"] or None, url=shown["source_url"]
    )
    return JSONResponse(shown)


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
    return re.sub(r"[^\w.]+", "-", named[1].strip())


def _checked(name: str, body: bytes) -> tuple[str, str, str]:
    """The name's stem, and the type and suffix by the bytes as much as by the name: what the header says is ignored.

    A picture under another picture's suffix gets its own. Raises: Refusal, a 500: core's upload handler says no so.
    """
    stem, _, suffix = name.rpartition(".")
    claimed = _TYPES.get(suffix.lower())
    real = next((type_ for sign, type_ in _SIGNATURES if re.match(sign, body, re.DOTALL)), None)
    if claimed is None or real is None or claimed.partition("/")[0] != real.partition("/")[0]:
        raise refusal(500, "rest_upload_sideload_error", "Sorry, you are not allowed to upload this file type.")
    if real.startswith("image/") and real != claimed:
        claimed, suffix = real, next(each for each, type_ in _TYPES.items() if type_ == real)
    return stem.strip("-"), claimed, suffix


def _is_taken(call: Call, slug: str) -> bool:
    return any(call.ledger.find("wordpress", kind, slug) for kind in ("media", "post"))


def _line(text: str) -> str:
    """As `sanitize_text_field` does: one line without tags."""
    return " ".join(re.sub(r"<[^>]*>", "", text).split())


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
        "slug": item["slug"],
        "status": "inherit",
        "type": "attachment",
        "link": call.link(f"/wordpress/{item['slug']}/"),
        "title": {"raw": item["title"], "rendered": html.escape(item["title"], quote=False)},
        "author": item["author"],
        "caption": {"raw": item["caption"], "rendered": html.escape(item["caption"], quote=False)},
        "alt_text": item["alt_text"],
        "media_type": "image" if item["mime_type"].startswith("image/") else "file",
        "mime_type": item["mime_type"],
        "media_details": {"filesize": len(call.ledger.content("wordpress", "media", str(item["id"])))},
        "post": None,
        "source_url": address,
    }

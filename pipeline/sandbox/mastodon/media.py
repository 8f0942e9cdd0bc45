"""Files, uploaded before the status that shows them. Nobody sees one that no status shows, so that is no effect."""

import email.policy
from datetime import datetime
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any, Final

from starlette.responses import JSONResponse, Response

from pipeline.sandbox.ledger import Document, Ledger
from pipeline.sandbox.mastodon import instance
from pipeline.sandbox.mastodon.errors import invalid, not_found
from pipeline.sandbox.service import Call

_NOT_A_FILE: Final = "File content type is invalid, File is invalid"


def upload(call: Call) -> Response:
    """A picture is ready at once; a film or a sound is worked on first."""
    parts = _form(call)
    if "file" not in parts:
        raise invalid("File can't be blank")
    content, said = parts["file"]
    kind = _type_of(content)
    if kind is None or said not in (*instance.IMAGES, *instance.OTHERS):
        raise invalid(_NOT_A_FILE)
    is_image = kind in instance.IMAGES
    if len(content) > (instance.MAX_IMAGE_BYTES if is_image else instance.MAX_VIDEO_BYTES):
        raise invalid("File file size must be less than the limit")
    description = parts["description"][0].decode() if "description" in parts else ""
    if len(description) > instance.MAX_DESCRIPTION:
        raise invalid(f"Description is too long (maximum is {instance.MAX_DESCRIPTION} characters)")
    item: Document = {
        "id": str(call.ledger.next_id("mastodon media", at_least=10**17)),
        "type": kind,
        "size": len(content),
        "description": description,
        "ready": (call.now if is_image else call.now + call.processing).isoformat(),
        "status": None,
    }
    call.ledger.put("mastodon", "media", item["id"], item)
    return JSONResponse(shown(call, item), 200 if is_image else 202)


def read(call: Call) -> Response:
    """Only as long as no status has it."""
    item = call.ledger.get("mastodon", "media", call.request.path_params["id"])
    if item is None or item["status"] is not None:
        raise not_found()
    return JSONResponse(shown(call, item), 200 if _is_ready(call, item) else 206)


def checked(call: Call, ids: list[str], status: str | None = None) -> list[Document]:
    """The files for a status. Raises: Refusal: they can't be had, or not together."""
    if len(ids) > instance.MAX_MEDIA:
        raise invalid(f"Cannot attach more than {instance.MAX_MEDIA} files")
    found = [item for item in kept(call.ledger, ids) if item["status"] in (None, status)]
    if len(found) != len(ids):
        missing = set(ids) - {item["id"] for item in found}
        raise invalid(f"Media {', '.join(sorted(missing))} not found or already attached to another post")
    if len(found) > 1 and any(item["type"] not in instance.IMAGES for item in found):
        raise invalid("Cannot attach a video to a post that already contains images")
    if not all(_is_ready(call, item) for item in found):
        raise invalid("Cannot attach files that have not finished processing. Try again in a moment!")
    return found


def attach(ledger: Ledger, items: list[Document], status: str) -> None:
    for item in items:
        ledger.put("mastodon", "media", item["id"], {**item, "status": status})


def kept(ledger: Ledger, ids: list[str]) -> list[Document]:
    """Those of them that there are."""
    return [item for id_ in ids if (item := ledger.get("mastodon", "media", id_)) is not None]


def shown(call: Call, item: Document) -> dict[str, Any]:
    address = call.link(f"/mastodon/media/{item['id']}")
    return {
        "id": item["id"],
        "type": item["type"].partition("/")[0],
        "url": address if _is_ready(call, item) else None,
        "preview_url": address,
        "remote_url": None,
        "meta": {},
        "description": item["description"] or None,
        "blurhash": None,
    }


def _is_ready(call: Call, item: Document) -> bool:
    return datetime.fromisoformat(item["ready"]) <= call.now


def _form(call: Call) -> dict[str, tuple[bytes, str]]:
    """The parts of the form, each with its type. Raises: Refusal: it is none."""
    kind = call.request.headers.get("content-type", "")
    if not kind.startswith("multipart/form-data"):
        raise invalid(_NOT_A_FILE)
    message = BytesParser(EmailMessage, policy=email.policy.HTTP).parsebytes(
        f"Content-Type: {kind}\r\n\r\n".encode() + call.body
    )
    found = {}
    for part in message.iter_parts():
        content = part.get_payload(decode=True)
        name = part.get_param("name", header="content-disposition")
        if isinstance(content, bytes) and isinstance(name, str):
            found[name] = (content, part.get_content_type())
    return found


def _type_of(content: bytes) -> str | None:
    for signature, kind in {
        b"\xff\xd8\xff": "image/jpeg",
        b"\x89PNG\r\n\x1a\n": "image/png",
        b"GIF8": "image/gif",
        b"ID3": "audio/mpeg",
        b"\xff\xfb": "audio/mpeg",
    }.items():
        if content.startswith(signature):
            return kind
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return "video/mp4" if content[4:8] == b"ftyp" else None

"""How the API shows a video: the parts that were asked for."""

from datetime import datetime
from typing import Any, Final

from pipeline.sandbox.growth import Growth
from pipeline.sandbox.ledger import Document
from pipeline.sandbox.service import Call

CHANNEL_ID: Final = "UCsandboxsandboxsandbox0"
CHANNEL_TITLE: Final = "Sandbox channel (nobody real)"
PARTS: Final = ("id", "snippet", "contentDetails", "statistics", "status", "processingDetails")


def shown(call: Call, video: Document, parts: list[str]) -> dict[str, Any]:
    available = {
        "snippet": _snippet(video),
        "contentDetails": {"duration": "PT3S", "dimension": "2d", "definition": "hd", "projection": "rectangular"},
        "statistics": statistics(call, video),
        "status": _status(call, video),
        "processingDetails": {"processingStatus": _PROCESSING[_upload_status(call, video)]},
    }
    wanted = {name: value for name, value in available.items() if name in parts}
    return {"kind": "youtube#video", "etag": etag(video), "id": video["id"], **wanted}


def statistics(call: Call, video: Document) -> dict[str, str]:
    """Figures, as the strings that 64 bits are in Google's JSON."""
    growth = growth_of(call, video)
    views = growth.final("views", 120, 30_000)
    return {
        "viewCount": str(growth.share("views", views, 1, 1)),
        "likeCount": str(growth.share("likes", views, 0.01, 0.06)),
        "favoriteCount": "0",
        "commentCount": str(growth.share("comments", views, 0.001, 0.01)),
    }


def growth_of(call: Call, video: Document) -> Growth:
    return Growth(f"youtube/{video['id']}", call.age(datetime.fromisoformat(video["uploaded"])))


def etag(video: Document) -> str:
    return f"{video['crc32']:08x}{video['size']:x}"


def is_processed(call: Call, video: Document) -> bool:
    return _upload_status(call, video) == "processed"


def _snippet(video: Document) -> dict[str, Any]:
    snippet = video["snippet"]
    return {
        "publishedAt": video.get("published", video["uploaded"]),
        "channelId": CHANNEL_ID,
        "channelTitle": CHANNEL_TITLE,
        "description": "",
        "thumbnails": {},
        "liveBroadcastContent": "none",
        "localized": {"title": snippet["title"], "description": snippet.get("description", "")},
        "categoryId": "22",
        **snippet,
    }


def _status(call: Call, video: Document) -> dict[str, Any]:
    status = {"uploadStatus": _upload_status(call, video), **video["status"]}
    if status["uploadStatus"] == "failed":
        status["failureReason"] = "invalidFile"
    if "selfDeclaredMadeForKids" in status:
        status["madeForKids"] = status["selfDeclaredMadeForKids"]
    return status


def _upload_status(call: Call, video: Document) -> str:
    if call.now - datetime.fromisoformat(video["uploaded"]) < call.processing:
        return "uploaded"
    return "processed" if video["is_film"] else "failed"


_PROCESSING: Final = {"uploaded": "processing", "processed": "succeeded", "failed": "failed"}

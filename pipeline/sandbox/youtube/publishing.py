"""Videos as they are kept: which the world sees, and when the clock shows it another."""

from datetime import UTC, datetime

from pipeline.sandbox.ledger import Document, Ledger
from pipeline.sandbox.service import Call


def keep(call: Call, video: Document, *, before: Document | None = None) -> None:
    """Keep a video that is new, or was changed; record what the world sees of that."""
    kind = _kind(video, before)
    if kind == "video_published":
        video["published"] = call.now.isoformat()
    call.ledger.put("youtube", "video", video["id"], video)
    due = video["status"].get("publishAt")
    if due is None:
        call.ledger.remove("youtube", "due", video["id"])
    else:
        request = f"{call.request.method} {call.request.url.path}"
        call.ledger.put("youtube", "due", video["id"], {"id": video["id"], "at": due, "request": request})
    call.record(kind, video["id"], **_shown(video))


def publish_due(ledger: Ledger, now: datetime) -> None:
    """Show the world the private videos whose time has come, as of that time and the request that set it."""
    for due in list(ledger.newest("youtube", "due")):
        at = datetime.fromisoformat(due["at"]).astimezone(UTC)
        if at > now:
            continue
        ledger.remove("youtube", "due", due["id"])
        video = ledger.get("youtube", "video", due["id"])
        if video is None:
            continue
        video["status"] |= {"privacyStatus": "public"}
        video["published"] = video["status"].pop("publishAt")
        ledger.put("youtube", "video", video["id"], video)
        ledger.record(
            platform="youtube",
            kind="video_published",
            external_id=video["id"],
            at=at,
            request=due["request"],
            **_shown(video),
        )


def remove(call: Call, video: Document) -> None:
    call.ledger.remove("youtube", "video", video["id"])
    call.ledger.remove("youtube", "due", video["id"])
    call.record("video_deleted", video["id"], title=video["snippet"]["title"])


def _kind(video: Document, before: Document | None) -> str:
    is_hidden = video["status"]["privacyStatus"] == "private"
    if before is not None and is_hidden == (before["status"]["privacyStatus"] == "private"):
        return "video_updated"
    if is_hidden:
        return "video_scheduled" if "publishAt" in video["status"] else "video_hidden"
    return "video_published"


def _shown(video: Document) -> dict[str, str]:
    return {
        "title": video["snippet"]["title"],
        "text": video["snippet"].get("description", ""),
        "url": video["url"],
    }

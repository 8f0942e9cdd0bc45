"""The moment a status is shown to readers: when it was posted, or when its time came."""

from datetime import datetime

from pipeline.sandbox.ledger import Document, Ledger
from pipeline.sandbox.mastodon.accounts import HANDLE


def publish(ledger: Ledger, said: Document, now: datetime, request: str) -> Document:
    """Show it to readers, in the name of the request that asked for it."""
    id_ = str(ledger.next_id("mastodon ids", at_least=int(now.timestamp() * 1000) << 16))
    status = {**said, "id": id_, "created_at": now.isoformat(timespec="milliseconds"), "edited_at": None}
    ledger.put("mastodon", "status", id_, status)
    ledger.record(
        platform="mastodon",
        kind="status_created",
        external_id=id_,
        at=now,
        request=request,
        text=said["status"],
        url=f"{said['base']}/@{HANDLE}/{id_}",
    )
    return status

"""The account's publications, newest first: where one is found whose answer was lost."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pipeline.platforms.base import Published
from pipeline.platforms.failures import garbled
from pipeline.platforms.http import as_list
from pipeline.platforms.instagram import caption
from pipeline.platforms.instagram.graph import Graph, id_of

_FIELDS: Final = "caption,timestamp,permalink"
_SKEW: Final = timedelta(minutes=2)
"""How far Instagram's clock may be behind ours."""
_PAGES: Final = 100
_PAGE: Final = 100


def find(graph: Graph, user_id: str, text: str, since: datetime) -> Published | None:
    """The newest publication of the account with this caption, since then. Raises: CallError."""
    for media in _latest(graph, user_id, since - _SKEW):
        if caption.is_same(media.get("caption", ""), text):
            return published(id_of(media), media)
    return None


def published(media_id: str, media: Mapping[str, Any]) -> Published:
    """The publication by its `permalink` and `timestamp`."""
    address = media.get("permalink")
    return Published(media_id, address if isinstance(address, str) else None, _moment(media) or datetime.now(UTC))


def _latest(graph: Graph, user_id: str, since: datetime) -> Iterator[dict[str, Any]]:
    """Raises: CallError."""
    query: dict[str, Any] = {"fields": _FIELDS, "limit": _PAGE}
    for _ in range(_PAGES):
        answer = graph.get(user_id, "media", **query)
        if "data" not in answer:
            raise garbled("Instagram does not show the account's publications")
        for media in as_list(answer["data"]):
            if (_moment(media) or since) < since:
                return
            yield media
        after = _next_page(answer)
        if after is None:
            return
        query["after"] = after


def _next_page(answer: Mapping[str, Any]) -> str | None:
    paging = answer.get("paging")
    if not isinstance(paging, dict) or not paging.get("next"):
        return None
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, dict) else None
    return str(after) if after else None


def _moment(media: Mapping[str, Any]) -> datetime | None:
    try:
        return datetime.fromisoformat(str(media.get("timestamp"))).astimezone(UTC)
    except ValueError:
        return None

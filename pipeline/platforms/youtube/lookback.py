"""Finding a video of ours among the channel's uploads, where the session that made it is not there to be asked."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from pipeline.platforms.failures import garbled
from pipeline.platforms.http import as_object
from pipeline.platforms.youtube.api import LIST, VIDEOS, Api, items_of
from pipeline.platforms.youtube.video import Video, moment

_CHANNELS: Final = "youtube#channelListResponse"
_PLAYLIST: Final = "youtube#playlistItemListResponse"
_PAGE: Final = 50
_PAGES: Final = 40
_SKEW: Final = timedelta(minutes=10)
"""How far YouTube's clock may be behind ours."""


def find(api: Api, tag: str, since: datetime) -> str | None:
    """The newest upload with that tag, since then; the private ones too. Raises: CallError."""
    for ids in _uploads(api, since - _SKEW):
        for resource in api.items(VIDEOS, LIST, part="snippet", id=",".join(ids)):
            video = Video.of(resource)
            if tag in video.tags:
                return video.id
    return None


def _uploads(api: Api, since: datetime) -> Iterator[list[str]]:
    """The ids of the channel's uploads, newest first, a page at a time. Raises: CallError."""
    query = {"part": "snippet,contentDetails", "playlistId": _playlist(api), "maxResults": str(_PAGE)}
    for _ in range(_PAGES):
        answer = api.ask("GET", "/youtube/v3/playlistItems", params=query)
        items = items_of(answer, _PLAYLIST)
        added = [moment(as_object(item.get("snippet")).get("publishedAt")) for item in items]
        young = [item for item, at in zip(items, added, strict=True) if at is None or at >= since]
        ids = [str(as_object(item.get("contentDetails")).get("videoId")) for item in young]
        if ids:
            yield ids
        token = answer.get("nextPageToken")
        if not token or len(young) < len(items):
            return
        query["pageToken"] = str(token)


def _playlist(api: Api) -> str:
    """The channel's uploads are a playlist of it. Raises: CallError."""
    channels = api.items("/youtube/v3/channels", _CHANNELS, part="contentDetails", mine="true")
    if not channels:
        raise garbled("the token belongs to no channel")
    details = as_object(channels[0].get("contentDetails"))
    playlist = as_object(details.get("relatedPlaylists")).get("uploads")
    if not isinstance(playlist, str) or not playlist:
        raise garbled("the channel tells of no list of its uploads")
    return playlist

"""Media upload v2: a file in segments, processed where it moves, described where it is a picture.

An upload has no effect until a post carries it. Its id is recorded with the time until which X keeps the file. One of
several segments that breaks off goes on with the segment of which nobody knows, which X takes twice
(https://docs.x.com/x-api/media/quickstart/media-upload-chunked); any other is made again.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from pipeline.platforms.base import Account, Journal, PlatformError, Rejected, Unknown
from pipeline.platforms.failures import CallError
from pipeline.platforms.http import as_object
from pipeline.platforms.media.facts import Media, MediaError
from pipeline.platforms.media.rules import JPEG, MP4, PNG, WEBP, MediaRule, rule_for
from pipeline.platforms.media.source import LocalMedia
from pipeline.platforms.x.api import Api, id_of
from pipeline.text.fitting import fit
from pipeline.vocabulary import ErrorKind, MediaKind

_log = logging.getLogger(__name__)

_MB: Final = 1024 * 1024
_GIF: Final = "image/gif"
TAKES: Final = (
    MediaRule(MediaKind.VIDEO, (MP4, "video/quicktime"), max_bytes=512 * _MB, aspect=(1 / 3, 3), seconds=(0.5, 140)),
    MediaRule(MediaKind.IMAGE, (_GIF,), max_bytes=15 * _MB),
    MediaRule(MediaKind.IMAGE, (JPEG, PNG, WEBP), max_bytes=5 * _MB, most=4),
)
ALT_TEXT_LIMIT: Final = 1000
_SEGMENT: Final = 4 * _MB
"""X takes 5 MB; with less, the form around a segment can't matter."""
_MARGIN: Final = timedelta(minutes=10)
"""A file that X keeps no longer than this is uploaded again."""
_UNTOLD_LIFE: Final = timedelta(hours=12)
"""X kept uploads for a day when they were first described."""
_PAUSE: Final = 5.0
"""Seconds between questions, where X does not say when to ask again."""
_WORKING: Final = ("pending", "in_progress")


class Uploads:
    """The media of one account's posts."""

    def __init__(self, api: Api, account: Account) -> None:
        self._api = api
        self._account = account

    def ready(self, media: Sequence[Media], journal: Journal) -> list[str]:
        """The ids under which a post can carry the files, those that an earlier attempt uploaded among them.

        Raises:
            CallError: not all can be had; `pending` where X still works on one.
            MediaError: a file is not to be had, or not as X takes it.
        """
        return [self._uploaded(f"media-{number}", each, journal) for number, each in enumerate(media, start=1)]

    def pending(self, media: Sequence[Media], journal: Journal) -> PlatformError | None:
        """That X still works on what an earlier attempt uploaded, where it does. Raises: CallError."""
        for number, each in enumerate(media, start=1):
            known = _kept(journal.handles.get(f"media-{number}"))
            if known and _moves(each) and (info := self._processing(known)).get("state") in _WORKING:
                return _pending(info)
        return None

    def _uploaded(self, step: str, media: Media, journal: Journal) -> str:
        id_ = _kept(journal.handles.get(step))
        if id_ is None:
            rule = rule_for(media, TAKES)
            if rule is None:
                raise MediaError(f"X takes no {media.kind}.")
            with self._account.media.open(media, rule) as file:
                # What was converted may come out otherwise the next time: only the approved bytes are gone on with.
                approved = (file.size, file.mime_type) == (media.size, media.mime_type)
                upload = self._upload(file, f"{step}-upload" if approved and file.size > _SEGMENT else None, journal)
            if media.kind is MediaKind.IMAGE and media.alt_text:
                self._describe(upload.id, media.alt_text)
            journal.record(step, upload.handle)
            id_ = upload.id
        if _moves(media):
            self._await(id_)
        return id_

    def _upload(self, file: LocalMedia, step: str | None, journal: Journal) -> "_Upload":
        """The whole file, from where an earlier attempt left off where that is known. Raises: CallError."""
        begun = _Upload.begun(journal.handles.get(step or ""))
        if begun is not None:
            try:
                return self._sent(begun, file, step, journal)
            except CallError as failure:
                if not isinstance(failure.outcome, Rejected):
                    raise
                # X has forgotten it, or has it whole already and we were not told: it is begun anew.
        asked = {"media_type": file.mime_type, "media_category": _category(file), "total_bytes": file.size}
        answer = as_object(self._api.ask("POST", "/2/media/upload/initialize", json=asked).get("data"))
        return self._sent(_Upload(id_of(answer), _expiry(answer)), file, step, journal)

    def _sent(self, upload: "_Upload", file: LocalMedia, step: str | None, journal: Journal) -> "_Upload":
        """Raises: CallError."""
        route = f"/2/media/upload/{quote(upload.id, safe='')}"
        for index in range(upload.segments, -(-file.size // _SEGMENT)):
            start = index * _SEGMENT
            stop = min(start + _SEGMENT, file.size)
            form = {"media": ("segment", b"".join(file.chunks(start, stop)), "application/octet-stream")}
            self._api.call("POST", f"{route}/append", data={"segment_index": str(index)}, files=form)
            if step:
                journal.record(step, replace(upload, segments=index + 1).handle)
            _log.info("%d of %d bytes of the file are on X", stop, file.size)
        answer = as_object(self._api.ask("POST", f"{route}/finalize").get("data"))
        return _Upload(id_of(answer), _expiry(answer))

    def _describe(self, id_: str, words: str) -> None:
        """Raises: CallError."""
        asked = {"id": id_, "metadata": {"alt_text": {"text": fit(words, ALT_TEXT_LIMIT)}}}
        self._api.ask("POST", "/2/media/metadata", json=asked)

    def _await(self, id_: str) -> None:
        """Raises: CallError: it is not ready yet, or will never be."""
        deadline = time.monotonic() + self._account.patience_seconds
        while (info := self._processing(id_)).get("state") in _WORKING:
            told = info.get("check_after_secs")
            pause = float(told) if isinstance(told, int) else _PAUSE
            if time.monotonic() + pause > deadline:
                raise CallError(Unknown(_pending(info)))
            time.sleep(pause)
        if info.get("state") == "failed":
            why = as_object(info.get("error") or {}).get("message") or "it does not say why"
            raise CallError(Rejected(PlatformError(ErrorKind.VALIDATION, f"X can't use the file: {why}")))

    def _processing(self, id_: str) -> dict[str, Any]:
        """How far X is with a file; empty where there is nothing to be done. Raises: CallError."""
        query = {"command": "STATUS", "media_id": id_}
        data = as_object(self._api.ask("GET", "/2/media/upload", params=query).get("data"))
        return as_object(data.get("processing_info") or {})


@dataclass(frozen=True, slots=True)
class _Upload:
    """A file on X, until when X keeps it, and how many of its segments are there."""

    id: str
    until: datetime
    segments: int = 0

    @property
    def handle(self) -> str:
        return f"{self.id} {self.until.isoformat(timespec='seconds')} {self.segments}"

    @classmethod
    def begun(cls, handle: str | None) -> "_Upload | None":
        """None where there is none, or X is about to forget it."""
        if not handle:
            return None
        id_, until, segments = handle.split(" ")
        found = cls(id_, datetime.fromisoformat(until), int(segments))
        return found if found.until - _MARGIN > datetime.now(UTC) else None


def _kept(handle: str | None) -> str | None:
    """The id of an upload that X still keeps."""
    upload = _Upload.begun(handle)
    return None if upload is None else upload.id


def _expiry(answer: dict[str, Any]) -> datetime:
    told = answer.get("expires_after_secs")
    return datetime.now(UTC) + (timedelta(seconds=told) if isinstance(told, int) else _UNTOLD_LIFE)


def _moves(media: Media) -> bool:
    return media.kind is MediaKind.VIDEO or media.mime_type == _GIF


def _category(file: LocalMedia) -> str:
    if file.kind is MediaKind.VIDEO:
        return "tweet_video"
    return "tweet_gif" if file.mime_type == _GIF else "tweet_image"


def _pending(info: dict[str, Any]) -> PlatformError:
    progress = info.get("progress_percent")
    far = f", at {progress} %" if isinstance(progress, int) else ""
    return PlatformError(ErrorKind.PENDING, f"X is still working on the file{far}")

"""Files on their way to LinkedIn: made known, sent, and waited for until a post can have them.

What is uploaded and not posted is seen by nobody. The URN of a file is recorded as soon as LinkedIn tells it; where the
bytes did not arrive whole, the file is uploaded anew: the addresses to send them to are secrets and are kept nowhere.

https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/images-api and …/videos-api
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from pipeline.platforms.base import Account, Journal, PlatformError, Rejected
from pipeline.platforms.failures import CallError, garbled
from pipeline.platforms.http import as_list, as_object
from pipeline.platforms.linkedin.api import FORBIDDEN, NOT_FOUND, Api, in_url
from pipeline.platforms.media.facts import Media
from pipeline.platforms.media.rules import JPEG, MP4, PNG, MediaRule
from pipeline.platforms.media.source import LocalMedia
from pipeline.platforms.waiting import until
from pipeline.vocabulary import ErrorKind, MediaKind

_MB: Final = 1024 * 1024
VIDEO: Final = MediaRule(MediaKind.VIDEO, (MP4,), 500 * _MB, seconds=(3, 30 * 60))
IMAGES: Final = MediaRule(MediaKind.IMAGE, (JPEG, PNG, "image/gif"), 5 * _MB, most=20, width=(1, 4000))
"""LinkedIn counts pixels: fewer than 36,152,320, which this width keeps to up to 9:4 upright."""
_RULES: Final = {rule.kind: rule for rule in (VIDEO, IMAGES)}

_AVAILABLE: Final = "AVAILABLE"
_PROCESSING: Final = "PROCESSING"
_FAILED: Final = "PROCESSING_FAILED"
_POLL_SECONDS: Final = 2.0


class Uploads:
    def __init__(self, account: Account, api: Api) -> None:
        self._account = account
        self._api = api
        self._pause = float(account.publish_config.get("poll_seconds") or _POLL_SECONDS)

    def sent(self, media: Sequence[Media], journal: Journal) -> list[str]:
        """The URNs of the files, in order; what an earlier attempt sent is not sent again.

        Raises:
            CallError: the calls have no effect that anybody sees.
            MediaError: a file is not to be had.
        """
        return [self._sent(step, each, journal) for step, each in zip(_steps(media), media, strict=True)]

    def are_ready(self, urns: Sequence[str]) -> bool:
        """Waits, as long as the account is patient, until LinkedIn has worked on them all.

        Raises:
            CallError: it could not be asked, or can make nothing of one of them.
        """
        left, patience = list(urns), self._account.patience_seconds
        if any(map(_is_video, left)):  # none is ready at once, and calls are counted by the day
            time.sleep(min(self._pause, patience))

        def ask() -> bool | None:
            while left and self._is_ready(left[0]):
                left.pop(0)
            return None if left else True

        return until(ask, seconds=patience, pause=self._pause) is not None

    def are_processed_still(self, media: Sequence[Media], handles: Mapping[str, str]) -> bool:
        """Raises: CallError."""
        return any(self._state(handles[step]) == _PROCESSING for step in _steps(media) if step in handles)

    def _sent(self, step: str, media: Media, journal: Journal) -> str:
        known = journal.handles.get(step)
        if known is not None and self._has_arrived(known, journal.handles.get(_arrived(step)) == known):
            return known
        with self._account.media.open(media, _RULES[media.kind]) as file:
            upload = self._video if media.kind is MediaKind.VIDEO else self._image
            urn = upload(file, step, journal)
        journal.record(_arrived(step), urn)
        return urn

    def _has_arrived(self, urn: str, as_we_know: bool) -> bool:
        """LinkedIn's word, where it gives one. Raises: CallError."""
        state = self._state(urn)
        return as_we_know if state is None else state in (_AVAILABLE, _PROCESSING)

    def _image(self, file: LocalMedia, step: str, journal: Journal) -> str:
        value = self._initialize("images", {"owner": self._api.author})
        urn = _text(value, "image")
        journal.record(step, urn)
        self._api.put(value.get("uploadUrl"), file, 0, file.size, signed=False)
        return urn

    def _video(self, file: LocalMedia, step: str, journal: Journal) -> str:
        asked = {
            "owner": self._api.author,
            "fileSizeBytes": file.size,
            "uploadCaptions": False,
            "uploadThumbnail": False,
        }
        value = self._initialize("videos", asked)
        urn = _text(value, "video")
        journal.record(step, urn)
        instructions = as_list(value.get("uploadInstructions"))
        parts = [self._part(file, each) for each in instructions]
        finished = {"video": urn, "uploadToken": str(value.get("uploadToken") or ""), "uploadedPartIds": parts}
        self._api.rest("POST", "videos", query={"action": "finalizeUpload"}, json={"finalizeUploadRequest": finished})
        return urn

    def _part(self, file: LocalMedia, instruction: Mapping[str, Any]) -> str:
        """What LinkedIn calls the part that it asked for, once it has it."""
        first, last = instruction.get("firstByte", 0), instruction.get("lastByte", file.size - 1)
        if not isinstance(first, int) or not isinstance(last, int) or not 0 <= first <= last < file.size:
            raise garbled("LinkedIn asked for a part that the video does not have")
        answer = self._api.put(instruction.get("uploadUrl"), file, first, last + 1, signed=True)
        etag = str(answer.headers.get("etag", "")).strip('"')
        if not etag:
            raise garbled("LinkedIn did not name the part it was sent", answer.status)
        return etag

    def _initialize(self, kind: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        answer = self._api.rest(
            "POST", kind, query={"action": "initializeUpload"}, json={"initializeUploadRequest": asked}
        )
        return as_object(as_object(answer.json()).get("value"))

    def _is_ready(self, urn: str) -> bool:
        """Where LinkedIn does not tell, it is for the post to show."""
        state = self._state(urn)
        if state == _FAILED:
            message = "LinkedIn can make nothing of the file"
            raise CallError(Rejected(PlatformError(ErrorKind.VALIDATION, message, code=state)))
        return state in (_AVAILABLE, None)

    def _state(self, urn: str) -> str | None:
        """None where the token may not ask: a member's may write images and not read them."""
        kind = "videos" if _is_video(urn) else "images"
        try:
            return str(as_object(self._api.rest("GET", f"{kind}/{in_url(urn)}").json()).get("status"))
        except CallError as failure:
            if failure.error.http_status == FORBIDDEN:
                return None
            if failure.error.http_status == NOT_FOUND:
                return "GONE"
            raise


def _steps(media: Sequence[Media]) -> Iterable[str]:
    return [f"{each.kind}-{number}" for number, each in enumerate(media, start=1)]


def _is_video(urn: str) -> bool:
    return urn.startswith("urn:li:video:")


def _arrived(step: str) -> str:
    return f"{step}-arrived"


def _text(value: Mapping[str, Any], name: str) -> str:
    """Raises: CallError."""
    text = value.get(name)
    if not isinstance(text, str) or not text:
        raise garbled(f"the answer has no {name}")
    return text

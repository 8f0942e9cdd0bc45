"""Resumable uploads: a session takes a video's file in chunks, and tells after any failure how much of it arrived.

https://developers.google.com/youtube/v3/guides/using_resumable_upload_protocol. The video exists once the last byte is
accepted; before that nothing has an effect. A session's address lets whoever has it go on with the upload.
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pipeline.platforms.base import NotSent, PlatformError
from pipeline.platforms.failures import CallError, garbled
from pipeline.platforms.http import Answer, as_object
from pipeline.platforms.media.facts import Media
from pipeline.platforms.media.source import LocalMedia
from pipeline.platforms.youtube.api import UPLOAD, Api
from pipeline.platforms.youtube.refusals import gone
from pipeline.vocabulary import ErrorKind

_log = logging.getLogger(__name__)

CHUNK_UNIT: Final = 256 * 1024
"""Every chunk but the last is a multiple of this."""
_INCOMPLETE: Final = 308
_RECEIVED: Final = re.compile(r"bytes=0-(\d{1,15})")


def begin(api: Api, video: Mapping[str, Any], film: Media, *, notify: bool) -> str:
    """Open a session for a video of these properties; its address.

    Raises:
        CallError: there is none, and nothing was sent.
    """
    try:
        answer = api.call(
            "POST",
            api.address(UPLOAD),
            params={
                "uploadType": "resumable",
                "part": ",".join(video),
                "notifySubscribers": "true" if notify else "false",
            },
            headers={"X-Upload-Content-Length": str(film.size), "X-Upload-Content-Type": film.mime_type},
            json=dict(video),
        )
        address: str = answer.headers.get("location", "")
        if not api.trusts(address):
            raise garbled("YouTube opened no upload session at an address of its own", answer.status)
    except CallError as failure:
        raise CallError(failure.without_effect(), failure.payload) from None
    return address


@dataclass(frozen=True, slots=True)
class Session:
    """An upload of `size` bytes; `chunk` is how many are sent at a time."""

    api: Api
    address: str
    size: int
    chunk: int

    def state(self) -> str | int | None:
        """The id of the video that it became; else how many bytes it has; None where there is no such session now.

        Raises:
            CallError: it could not be asked.
        """
        if not self.api.trusts(self.address):  # it was opened with other settings
            return None
        try:
            answer = self.api.call(
                "PUT",
                self.address,
                headers={"Content-Range": f"bytes */{self.size}"},
                content=b"",
                statuses=(_INCOMPLETE,),
            )
        except CallError as failure:
            if gone(failure):
                return None
            raise
        return self._received(answer) if answer.status == _INCOMPLETE else _id_of(answer)

    def send(self, file: LocalMedia, start: int) -> str:
        """Send the file from `start` on; the id of the video that it becomes.

        Raises:
            CallError: its outcome says whether there may be a video all the same.
        """
        while start < self.size:
            state = self._put(file, start, min(start + self.chunk, self.size))
            if isinstance(state, str):
                return state
            if state <= start:
                problem = "YouTube takes no more of the film just now"
                raise CallError(NotSent(PlatformError(ErrorKind.UNAVAILABLE, problem)))
            _log.info("%d of %d bytes of the film are on YouTube", state, self.size)
            start = state
        raise garbled("YouTube has the whole film and tells of no video")

    def _put(self, file: LocalMedia, start: int, stop: int) -> str | int:
        """Send a chunk; the id of the video that it completes, or how many bytes have arrived. Raises: CallError."""
        try:
            answer = self.api.call(
                "PUT",
                self.address,
                headers={"Content-Range": f"bytes {start}-{stop - 1}/{self.size}", "Content-Type": file.mime_type},
                content=file.chunks(start, stop),
                size=stop - start,
                statuses=(_INCOMPLETE,),
            )
            return self._received(answer) if answer.status == _INCOMPLETE else _id_of(answer)
        except CallError as failure:
            if gone(failure):
                lost = PlatformError(ErrorKind.UNAVAILABLE, "the upload session is gone", failure.error.code)
                raise CallError(NotSent(lost)) from None
            if stop < self.size:  # of half a film YouTube makes no video, whatever it answered
                raise CallError(failure.without_effect(), failure.payload) from None
            raise

    def _received(self, answer: Answer) -> int:
        """Raises: CallError: it has more than there is."""
        told = _RECEIVED.fullmatch(answer.headers.get("range", "").replace(" ", ""))
        received = int(told[1]) + 1 if told else 0
        if received > self.size:
            raise garbled("YouTube says that it has more of the file than there is", answer.status)
        return received


def _id_of(answer: Answer) -> str:
    """Raises: CallError."""
    id_ = as_object(answer.json()).get("id")
    if not isinstance(id_, str) or not id_:
        raise garbled("YouTube's answer has no id", answer.status)
    return id_

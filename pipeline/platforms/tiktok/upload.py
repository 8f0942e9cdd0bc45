"""Sends a video to TikTok, a range of its bytes at a time; the last of them publishes it.

https://developers.tiktok.com/doc/content-posting-api-media-transfer-guide
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from pipeline.platforms.base import NotSent, PlatformError, Unknown
from pipeline.platforms.failures import CallError, garbled, presentable
from pipeline.platforms.http import Wire
from pipeline.platforms.media.source import LocalMedia
from pipeline.vocabulary import ErrorKind

USUAL_PART: Final = 32_000_000
LEAST_PART: Final = 5 * 1024 * 1024
MOST_PART: Final = 64_000_000
"""In bytes. TikTok names 5 and 64 MB and leaves open which: these are within both."""
_REPEATS: Final = 2
_MORE: Final = 206
_ALL: Final = 201
_OTHER_RANGE: Final = 416
_CLOSED: Final = (403, 404, _OTHER_RANGE)
"""The address has expired, there is no such upload, or other bytes are due: none was taken."""


@dataclass(frozen=True, slots=True)
class Cut:
    """How a video of `size` bytes is cut into `count` parts of `part` bytes; what is left over is the last one's."""

    size: int
    part: int
    count: int

    @classmethod
    def of(cls, size: int, wanted: int = USUAL_PART) -> "Cut":
        part = min(size, max(LEAST_PART, min(wanted, MOST_PART)))
        return cls(size, part, size // part)

    def ranges(self) -> Iterator[tuple[int, int]]:
        """Where each part begins and where it stops, in order."""
        for number in range(self.count - 1):
            yield number * self.part, (number + 1) * self.part
        yield (self.count - 1) * self.part, self.size

    def source_info(self) -> dict[str, Any]:
        return {
            "source": "FILE_UPLOAD",
            "video_size": self.size,
            "chunk_size": self.part,
            "total_chunk_count": self.count,
        }


def send(wire: Wire, address: str, video: LocalMedia, cut: Cut, before_last: Callable[[], None]) -> None:
    """Upload a video; `before_last` is called when all but the part that publishes it has arrived.

    Raises:
        CallError: it broke off. Only where its outcome is Unknown may TikTok have the whole.
    """
    *earlier, last = cut.ranges()
    for part in earlier:
        _send_earlier(wire, address, video, part)
    before_last()
    status = _put(wire, address, video, last)
    if status in _CLOSED:
        raise _closed(status)
    if status != _ALL:
        raise garbled("TikTok does not say that it has the whole video", status)


def _send_earlier(wire: Wire, address: str, video: LocalMedia, part: tuple[int, int]) -> None:
    """One of the parts that publish nothing: after a lost answer it is sent again, and refused if it had arrived."""
    for repeat in range(_REPEATS + 1):
        try:
            status = _put(wire, address, video, part)
        except CallError as failure:
            if repeat < _REPEATS and isinstance(failure.outcome, Unknown):
                continue
            raise CallError(failure.without_effect()) from None
        if status == _MORE or (status == _OTHER_RANGE and repeat):
            return
        raise _closed(status)


def _put(wire: Wire, address: str, video: LocalMedia, part: tuple[int, int]) -> int:
    """The status of the answer, which has no body."""
    start, stop = part
    headers = {"Content-Type": video.mime_type, "Content-Range": f"bytes {start}-{stop - 1}/{video.size}"}
    try:
        content = video.chunks(start, stop)
        answer = wire.call("PUT", address, headers=headers, content=content, size=stop - start, statuses=_CLOSED)
    except CallError as failure:
        hidden = [value for _, value in parse_qsl(urlsplit(address).query)]
        raise CallError(presentable(failure.outcome, hidden)) from None
    except OSError as error:
        raise garbled(f"the file could not be read any further: {error.strerror}") from None
    return answer.status


def _closed(status: int) -> CallError:
    message = f"HTTP {status}: the upload had to be broken off, and begins anew"
    return CallError(NotSent(PlatformError(ErrorKind.UNAVAILABLE, message, http_status=status)))

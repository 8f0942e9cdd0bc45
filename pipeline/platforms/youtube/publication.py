"""One film's way to YouTube, from where an earlier attempt left it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from pipeline.platforms.base import Account, Journal, PlatformError, Rejected
from pipeline.platforms.content import Content
from pipeline.platforms.failures import CallError, media_failure
from pipeline.platforms.media.facts import Media, MediaError
from pipeline.platforms.media.rules import MP4, MediaRule
from pipeline.platforms.media.source import LocalMedia
from pipeline.platforms.youtube.api import Api
from pipeline.platforms.youtube.lookback import find
from pipeline.platforms.youtube.text import mark
from pipeline.platforms.youtube.upload import CHUNK_UNIT, Session, begin
from pipeline.vocabulary import ErrorKind, MediaKind

VIDEO_STEP: Final = "video"
_SESSION_STEP: Final = "session"
_CHUNK_BYTES: Final = 16 * 1024 * 1024

FILM: Final = MediaRule(MediaKind.VIDEO, (MP4, "video/quicktime"), max_bytes=256 * 1024**3)
"""Whatever counts as a film here is sent as it is: an upload that goes on later must find the same bytes."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An upload that has got so many bytes."""

    session: Session
    received: int


class Publication:
    """Its handles: `session`, the upload's address, recorded before the first byte, and `video`, the id it became."""

    def __init__(self, api: Api, account: Account, content: Content, journal: Journal) -> None:
        chunk = int(account.publish_config.get("chunk_bytes") or _CHUNK_BYTES)
        self._chunk = max(1, chunk // CHUNK_UNIT) * CHUNK_UNIT
        self._api = api
        self._account = account
        self._content = content
        self._journal = journal

    def look_up(self) -> str | Unfinished | None:
        """The id of its video, or how far the upload is; None where there is neither.

        Raises:
            CallError: YouTube could not be asked.
        """
        handles = self._journal.handles
        if VIDEO_STEP in handles:
            return handles[VIDEO_STEP]
        address, film = handles.get(_SESSION_STEP), self._film
        if address and film:
            session = self._session(address, film)
            state = session.state()
            if state is not None:
                return state if isinstance(state, str) else Unfinished(session, state)
        return find(self._api, mark(self._content.distribution_id), self._journal.started_at)

    def upload(self, video: Mapping[str, Any], *, notify: bool) -> str:
        """Make it a video of these properties, where it is none yet; its id.

        Raises:
            CallError: its outcome is the publication's.
        """
        film = self._film
        if film is None:
            raise CallError(Rejected(PlatformError(ErrorKind.VALIDATION, "there is no film to publish")))
        try:
            known = self.look_up() if self._journal.handles else None
        except CallError as failure:
            raise CallError(failure.without_effect(), failure.payload) from None
        if not isinstance(known, str):
            with self._opened(film) as file:  # first: a session that is opened in vain counts as one of the day's
                known = known or self._begun(video, film, notify=notify)
                known = known.session.send(file, known.received)
        if VIDEO_STEP not in self._journal.handles:
            self._journal.record(VIDEO_STEP, known)
        return known

    def _begun(self, video: Mapping[str, Any], film: Media, *, notify: bool) -> Unfinished:
        """Raises: CallError."""
        address = begin(self._api, video, film, notify=notify)
        self._journal.record(_SESSION_STEP, address)
        return Unfinished(self._session(address, film), 0)

    def _session(self, address: str, film: Media) -> Session:
        return Session(self._api, address, film.size, self._chunk)

    @contextmanager
    def _opened(self, film: Media) -> Iterator[LocalMedia]:
        """Raises: CallError: it is not to be had, or can't be read to its end."""
        try:
            with self._account.media.open(film, FILM) as file:
                yield file
        except MediaError as error:
            raise CallError(media_failure(error)) from None
        except OSError as error:
            unreadable = MediaError(f"The film can't be read: {error.strerror}.", permanent=False)
            raise CallError(media_failure(unreadable)) from None

    @property
    def _film(self) -> Media | None:
        return next((each for each in self._content.media if each.kind is MediaKind.VIDEO), None)

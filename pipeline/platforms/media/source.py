"""The bytes of a post's media, brought to this machine and made to fit: what adapters upload from."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from pipeline.platforms.fetch import FetchError, RefusedError, download
from pipeline.platforms.media import ffmpeg, images
from pipeline.platforms.media.examine import examine
from pipeline.platforms.media.facts import Facts, Media, MediaError
from pipeline.platforms.media.rules import MediaRule, misfits
from pipeline.vocabulary import MediaKind

_PIECE: Final = 64 * 1024
_PATIENCE_SECONDS: Final = 30.0
_SLOWEST_DOWNLOAD: Final = 128 * 1024
"""Bytes a second: what a file may take on top of that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalMedia(Facts):
    """A file as it is sent, which may be another than was approved where that had to be converted."""

    path: Path

    def chunks(self, start: int, stop: int, piece: int = _PIECE) -> Iterator[bytes]:
        """The bytes from `start` up to `stop`, at most `piece` at a time."""
        with self.path.open("rb") as file:
            file.seek(start)
            left = stop - start
            while left > 0 and (found := file.read(min(piece, left))):
                left -= len(found)
                yield found


class MediaSource:
    """Media by their addresses: public ones, and those on the `private_origins` (see `fetch.origin_of`)."""

    def __init__(self, private_origins: Callable[[], Collection[str]] = tuple) -> None:
        """`private_origins` is called for each file that is opened."""
        self._private_origins = private_origins

    @contextmanager
    def open(self, media: Media, rule: MediaRule) -> Iterator[LocalMedia]:
        """The file, as the rule takes it, for as long as the context lasts.

        Raises:
            MediaError: it can't be had, is not what was approved, or can't be made to fit.
        """
        with TemporaryDirectory(prefix="pressroom-media-") as made:
            folder = Path(made)
            try:
                path = self._downloaded(media, folder / "original")
                fit = _fitted(path, rule, folder)
            except OSError as error:
                raise MediaError(f"The file could not be kept here: {error.strerror}.", permanent=False) from None
            yield fit

    def _downloaded(self, media: Media, path: Path) -> Path:
        seconds = _PATIENCE_SECONDS + media.size / _SLOWEST_DOWNLOAD
        try:
            with path.open("wb") as file:
                found = download(
                    media.url,
                    file,
                    private_origins=self._private_origins(),
                    max_bytes=media.size,
                    timeout_seconds=seconds,
                )
        except FetchError as error:
            raise MediaError(str(error), permanent=isinstance(error, RefusedError)) from None
        if found.sha256 != media.sha256:
            raise MediaError(f"The file at {media.url} is not the one that was approved. Review the post again.")
        return path


def _fitted(path: Path, rule: MediaRule, folder: Path) -> LocalMedia:
    """Raises: MediaError: what is wrong with it that could not be mended."""
    facts = examine(path)
    if facts.kind is not rule.kind:
        raise MediaError(f"The file is {facts.mime_type}, no {rule.kind}.")
    fit = path
    if facts.kind is MediaKind.IMAGE:
        fit = images.fitted(path, facts.mime_type, rule, folder)
    elif facts.kind is MediaKind.VIDEO:
        fit = ffmpeg.fitted(path, facts, rule, folder)
    if fit != path:
        facts = examine(fit)
    if wrong := misfits(facts, rule):
        raise MediaError(" ".join(wrong))
    return LocalMedia(**{each.name: getattr(facts, each.name) for each in fields(facts)}, path=fit)

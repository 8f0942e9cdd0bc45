"""What may be said of an episode, the files it has, and what they are called in the storage. Pure."""

import hashlib
import re
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import urlsplit

from pipeline.platforms.adaptation import needed
from pipeline.platforms.content import Content, Problem
from pipeline.platforms.media import rules
from pipeline.platforms.media.facts import Media
from pipeline.platforms.media.rules import JPEG, PNG, MediaRule
from pipeline.platforms.offer import Capabilities
from pipeline.platforms.podcast.feed import Episode
from pipeline.platforms.podcast.notes import size
from pipeline.platforms.podcast.show import MOST_BYTES, MOST_CHARACTERS, Show
from pipeline.text.rendering import clean, one_line
from pipeline.vocabulary import MediaKind

_MOST_AUDIO: Final = 5 * 1024**3
"""What S3 takes in one request."""
_MOST_COVER: Final = 10 * 1024**2
AUDIO: Final = MediaRule(MediaKind.AUDIO, ("audio/mpeg", "audio/mp4"), _MOST_AUDIO)
COVER: Final = MediaRule(MediaKind.IMAGE, (JPEG, PNG), _MOST_COVER, aspect=(1, 1), width=(1400, 3000))
_SUFFIXES: Final = {"audio/mpeg": ".mp3", "audio/mp4": ".m4a", JPEG: ".jpg", PNG: ".png"}
_ENCLOSED_AS: Final = {"audio/mp4": "audio/m4a"}
"""PSP-1's names, where they are not the registered ones."""
_TRANSCRIPTS: Final = {
    ".vtt": "text/vtt",
    ".srt": "application/x-subrip",
    ".json": "application/json",
    ".html": "text/html",
    ".txt": "text/plain",
}
_OURS: Final = re.compile(r"[A-Za-z0-9_-]+")


def folder(guid: str) -> str:
    """Where an episode's files are, and no other's: a guid that somebody chose by hand may be no name for a folder."""
    return f"episodes/{guid if _OURS.fullmatch(guid) else hashlib.sha256(guid.encode()).hexdigest()}"


def file_name(guid: str, media: Media) -> str:
    """Of the file's bytes, so that what apps have kept under a name never changes."""
    return f"{folder(guid)}/{media.sha256[:16]}{_SUFFIXES.get(media.mime_type, '')}"


def files(content: Content) -> dict[MediaRule, Media]:
    """The sound, and the picture where there is one."""
    found = {rules.rule_for(each, (AUDIO, COVER)): each for each in reversed(content.media)}
    return {rule: media for rule, media in found.items() if rule is not None}


def compose(guid: str, content: Content, show: Show, sizes: dict[MediaRule, int]) -> Episode:
    """The episode of content without problems; `sizes` are those of its files as they are stored, in bytes."""
    audio, cover = (files(content).get(rule) for rule in (AUDIO, COVER))
    assert audio is not None
    extra = content.platform_specific
    transcript = str(extra.get("transcript_url") or "")
    return Episode(
        guid=guid,
        title=one_line(content.title or ""),
        notes=clean(content.body),
        link=content.link_url and clean(content.link_url),
        audio_url=show.url(file_name(guid, audio)),
        audio_bytes=sizes[AUDIO],
        audio_type=_ENCLOSED_AS.get(audio.mime_type, audio.mime_type),
        duration_seconds=audio.duration_seconds,
        explicit=extra.get("explicit", show.explicit),
        picture_url=None if cover is None else show.url(file_name(guid, cover)),
        transcript=None if (mime_type := _transcript_type(transcript)) is None else (transcript, mime_type),
        season=extra.get("season"),
        number=extra.get("episode"),
    )


def problems(content: Content, capabilities: Capabilities) -> list[Problem]:
    found = []
    title, extra = one_line(content.title or ""), content.platform_specific
    if not title:
        found.append(Problem("title", "An episode needs a title."))
    if len(title) > MOST_CHARACTERS:
        found.append(Problem("title", f"The title has {len(title)} characters; {MOST_CHARACTERS} are allowed."))
    if not content.body.strip():
        found.append(Problem("body", "The episode has no notes."))
    if size(content.body) > MOST_BYTES:
        found.append(Problem("body", f"The notes have {size(content.body):,} bytes; {MOST_BYTES:,} are allowed."))
    if extra.get("transcript_url") and not _transcript_type(extra["transcript_url"]):
        kinds = ", ".join(_TRANSCRIPTS)
        found.append(Problem("platform_specific.transcript_url", f"Must be a web address that ends in one of {kinds}."))
    if not isinstance(extra.get("explicit", False), bool):
        found.append(Problem("platform_specific.explicit", "Must be true or false."))
    found += [
        Problem(f"platform_specific.{name}", "Must be a whole number from 1.")
        for name in ("season", "episode")
        if extra.get(name) is not None and not _counts(extra[name])
    ]
    return [*found, *needed(content.media, capabilities), *rules.problems(content.media, capabilities.takes)]


def _transcript_type(url: Any) -> str | None:
    try:
        parts = urlsplit(clean(url))
    except (TypeError, ValueError):
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or clean(url) != url:
        return None
    return _TRANSCRIPTS.get(PurePosixPath(parts.path).suffix.lower())


def _counts(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0

"""The files of a status: what a server takes, uploading them, and waiting until it has worked on them.

A file that no status shows is seen by nobody, so all of this is without effect; a server drops it after a day.
"""

import itertools
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from mimetypes import guess_extension
from typing import Any, Final

from pipeline.platforms.base import Account, Journal, PlatformError, Unknown
from pipeline.platforms.failures import CallError
from pipeline.platforms.http import as_object
from pipeline.platforms.mastodon import text
from pipeline.platforms.mastodon.server import NOT_FOUND, Server, id_of
from pipeline.platforms.media import rules
from pipeline.platforms.media.facts import Media
from pipeline.platforms.media.rules import MediaRule
from pipeline.platforms.media.source import LocalMedia
from pipeline.platforms.waiting import until
from pipeline.text.fitting import fit
from pipeline.vocabulary import ErrorKind, MediaKind

PENDING: Final = PlatformError(ErrorKind.PENDING, "Mastodon still works on a file of the post")
_STEP: Final = "media "
_STILL_WORKING: Final = (202, 206)
_PAUSE_SECONDS: Final = 1.0
_MB: Final = 1024 * 1024
_AUDIO_TYPES: Final = ("audio/mpeg", "audio/mp4")
TAKES: Final = (
    MediaRule(MediaKind.IMAGE, (rules.JPEG, rules.PNG, rules.WEBP, "image/gif"), 16 * _MB, most=4),
    MediaRule(MediaKind.VIDEO, (rules.MP4, "video/quicktime"), 99 * _MB),
    MediaRule(MediaKind.AUDIO, _AUDIO_TYPES, 99 * _MB),
)
"""What Mastodon takes as it comes; a server may have been set to less or more."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one server takes; the lengths are in characters as it counts them."""

    characters: int = text.MAX_CHARACTERS
    characters_a_link: int = text.CHARACTERS_A_LINK
    description: int = 1500
    takes: tuple[MediaRule, ...] = TAKES

    @classmethod
    def told_by(cls, instance: Mapping[str, Any]) -> "Limits":
        """From what a server says of itself; what it does not say is as Mastodon comes."""
        configuration = _part(instance, "configuration")
        statuses, media = _part(configuration, "statuses"), _part(configuration, "media_attachments")
        most = _count(statuses, "max_media_attachments", TAKES[0].most)
        images, others = TAKES[0].max_bytes, TAKES[1].max_bytes
        known = cls()
        return cls(
            _count(statuses, "max_characters", known.characters),
            _count(statuses, "characters_reserved_per_url", known.characters_a_link),
            _count(media, "description_limit", known.description),
            (
                _narrowed(replace(TAKES[0], most=most), media, _count(media, "image_size_limit", images)),
                *(_narrowed(rule, media, _count(media, "video_size_limit", others)) for rule in TAKES[1:]),
            ),
        )

    def rule_for(self, kind: MediaKind) -> MediaRule:
        return next(rule for rule in self.takes if rule.kind is kind)


class Files:
    """The way of a publication's files to the server."""

    def __init__(self, server: Server, account: Account, limits: Limits, journal: Journal) -> None:
        self._server = server
        self._account = account
        self._limits = limits
        self._journal = journal

    def upload(self, media: Media, number: int) -> str:
        """The id of a publication's nth file, once it can be shown; what an earlier attempt has sent is used again.

        Raises:
            CallError: it was not taken; or an `Unknown` of the kind `PENDING`, the server works on it for longer than
                the account's patience.
            MediaError: it is not to be had.
        """
        step = f"{_STEP}{number}"
        id_ = self._journal.handles.get(step)
        state = None if id_ is None else _state(self._server, id_)
        if id_ is None or state is None:
            with self._account.media.open(media, self._limits.rule_for(media.kind)) as local:
                described = fit(media.alt_text, self._limits.description)
                answer = self._server.call("POST", "v2/media", **_form(local, described))
            id_, state = id_of(as_object(answer.json())), answer.status
            self._journal.record(step, id_)
        if state in _STILL_WORKING:
            self._wait_for(id_)
        return id_

    def _wait_for(self, id_: str) -> None:
        def ready() -> bool | None:
            return None if _state(self._server, id_) in _STILL_WORKING else True

        if until(ready, seconds=self._account.patience_seconds, pause=_PAUSE_SECONDS) is None:
            raise CallError(Unknown(PENDING))


def are_pending(server: Server, handles: Mapping[str, str]) -> bool:
    """Whether the server still works on a file that an attempt has uploaded. Raises: CallError."""
    files = [id_ for step, id_ in handles.items() if step.startswith(_STEP)]
    return any(_state(server, id_) in _STILL_WORKING for id_ in files)


def _state(server: Server, id_: str) -> int | None:
    """The status a file is answered with; None where it is not there, or a post has it. Raises: CallError."""
    try:
        return server.call("GET", f"v1/media/{id_}").status
    except CallError as failure:
        if failure.error.http_status == NOT_FOUND:
            return None
        raise


def _form(local: LocalMedia, description: str) -> dict[str, Any]:
    """The upload of a file as a call sends it, piece by piece (multipart/form-data, RFC 7578)."""
    boundary = secrets.token_hex(16)
    said = f'--{boundary}\r\nContent-Disposition: form-data; name="description"\r\n\r\n{description}\r\n'
    name = f"file{guess_extension(local.mime_type) or ''}"
    head = (said if description else "") + (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        f"Content-Type: {local.mime_type}\r\n\r\n"
    )
    before, after = head.encode(), f"\r\n--{boundary}--\r\n".encode()
    content: Iterable[bytes] = itertools.chain([before], local.chunks(0, local.size), [after])
    return {
        "headers": {"Content-Type": f"multipart/form-data; boundary={boundary}"},
        "content": content,
        "size": len(before) + local.size + len(after),
    }


def _narrowed(rule: MediaRule, media: Mapping[str, Any], max_bytes: int) -> MediaRule:
    told = media.get("supported_mime_types")
    taken = tuple(each for each in rule.mime_types if each in told) if isinstance(told, list) else rule.mime_types
    return replace(rule, mime_types=taken, max_bytes=max_bytes)


def _part(whole: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = whole.get(name)
    return found if isinstance(found, dict) else {}


def _count(part: Mapping[str, Any], name: str, default: int) -> int:
    found = part.get(name)
    return found if isinstance(found, int) and found > 0 else default

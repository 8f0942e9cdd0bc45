"""The site's media library: a post's files in it, and how the post shows them.

A file is named by pieces of the distribution's id and of its checksum, and WordPress makes its slug of the name. So
one whose answer was lost is found again, and an update uploads only what it brings new.
"""

import html
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from pipeline.platforms.base import Account, PlatformError, Rejected
from pipeline.platforms.content import Content
from pipeline.platforms.failures import CallError, garbled
from pipeline.platforms.http import as_list, as_object
from pipeline.platforms.media.facts import Media
from pipeline.platforms.media.rules import JPEG, MP4, PNG, WEBP, MediaRule, rule_for
from pipeline.platforms.wordpress.site import MAY_NOT, Site, whole
from pipeline.vocabulary import ErrorKind, MediaKind

MAX_BYTES: Final = 8 * 1024 * 1024
"""What PHP takes as it is delivered (`post_max_size`)."""
_MOST: Final = 20
"""WordPress counts no files; a post with more is not what this line writes."""
_SUFFIXES: Final = {
    JPEG: "jpg",
    PNG: "png",
    "image/gif": "gif",
    WEBP: "webp",
    MP4: "mp4",
    "video/quicktime": "mov",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
}


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file in the library."""

    id: int
    url: str
    kind: MediaKind
    alt_text: str

    def figure(self) -> str:
        """The markup of the block editor, without the comments that only its menus need."""
        url, words = html.escape(self.url), html.escape(self.alt_text).replace("[", "&#91;")
        match self.kind:
            case MediaKind.IMAGE:  # by the class WordPress knows the picture, and offers its smaller sizes
                shown = f'<img src="{url}" alt="{words}" class="wp-image-{self.id}" />'
            case MediaKind.VIDEO | MediaKind.AUDIO:
                label = f' aria-label="{words}"' if words else ""
                shown = f'<{self.kind} controls src="{url}"{label}></{self.kind}>'
        return f'<figure class="wp-block-{self.kind}">{shown}</figure>'


def takes(max_bytes: int) -> tuple[MediaRule, ...]:
    """The types that every site takes, in files that this one's server lets through."""
    types = {kind: tuple(each for each in _SUFFIXES if each.startswith(f"{kind}/")) for kind in MediaKind}
    return tuple(MediaRule(kind, types[kind], max_bytes, _MOST) for kind in MediaKind)


class Library:
    """The library of the account's site; `rules` say what is uploaded and in which form."""

    def __init__(self, site: Site, account: Account, rules: Sequence[MediaRule]) -> None:
        self._site = site
        self._media = account.media
        self._rules = rules

    def attachments(self, content: Content) -> list[Attachment]:
        """The content's files, in its order; those that aren't there yet are uploaded, each with its alt text.

        Raises:
            CallError: the site did not take one; nothing that readers see has changed.
            MediaError: one of them can't be had.
        """
        if not content.media:
            return []
        names = [
            f"pressroom-{content.distribution_id.replace('-', '')[:12]}-{each.sha256[:8]}" for each in content.media
        ]
        there = self._there(names)
        found = []
        for name, media in zip(names, content.media, strict=True):
            there[name] = there.get(name) or self._uploaded(name, media)
            found.append(self._described(there[name], media))
        return found

    def _there(self, names: Sequence[str]) -> dict[str, dict[str, Any]]:
        query = {"slug": ",".join(names), "per_page": 100, "_fields": "id,slug,alt_text,source_url"}
        return {str(item.get("slug")): item for item in as_list(self._site.ask("GET", "media", params=query))}

    def _uploaded(self, name: str, media: Media) -> dict[str, Any]:
        rule = rule_for(media, self._rules)
        if rule is None:
            message = f"WordPress takes no {media.kind}"
            raise CallError(Rejected(PlatformError(ErrorKind.VALIDATION, message)))
        with self._media.open(media, rule) as local:
            file_name = f"{name}.{_SUFFIXES[local.mime_type]}"
            headers = {
                "Content-Type": local.mime_type,
                "Content-Disposition": f'attachment; filename="{file_name}"',
            }
            body = local.chunks(0, local.size)
            try:
                return as_object(self._site.ask("POST", "media", headers=headers, content=body, size=local.size))
            except CallError as failure:
                raise _refused(failure) from None

    def _described(self, item: dict[str, Any], media: Media) -> Attachment:
        id_, url = whole(item, "id"), item.get("source_url")
        if not isinstance(url, str):
            raise garbled("the answer has no source_url")
        if media.alt_text and item.get("alt_text") != media.alt_text:
            item |= as_object(self._site.ask("POST", f"media/{id_}", json={"alt_text": media.alt_text}))
        return Attachment(id_, url, media.kind, media.alt_text)


def _refused(failure: CallError) -> CallError:
    """The same, where WordPress says no to the file, which it does by a 500, or to the user."""
    error = failure.error
    if error.code == "rest_upload_sideload_error":
        return CallError(Rejected(replace(error, kind=ErrorKind.VALIDATION)), failure.payload)
    return CallError(failure.as_unauthorised(), failure.payload) if error.code in MAY_NOT else failure
